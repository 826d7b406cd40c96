/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A software stack: which kernels exist, how a library picks among them, how they are launched. Applied unchanged to real
 * and imagined chips, or a comparison would be biased. docs/stacks.md
 */
#ifndef LLMSIM_ARCH_STACK_H
#define LLMSIM_ARCH_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/yaml.h"

enum { STACK_TILES_MAX = 256, STACK_SPLITS_MAX = 16, STACK_ATTENTION_MAX = 32,
       STACK_PROTOCOLS_MAX = 16, STACK_MOE_TILES_MAX = 32, STACK_TUNED_MAX = 64, STACK_CORRECTIONS_MAX = 24, STACK_STREAMS_MAX = 32 };

/** One GEMM kernel of the catalogue. Sizes in elements of the output tile; k in bytes of the wider operand, since libraries tile by bytes. */
struct gemm_kernel {
    const char *name;          /* key in the catalogue */
    const char *instruction;   /* needs a unit with this: "mma.sync", "wgmma", "tcgen05", "mfma", "systolic", "lut" */
    int64_t tile_m, tile_n, tile_k_bytes;
    int64_t warp_m, warp_n;    /* warp tile (mma.sync); warps = (tile_m/warp_m)(tile_n/warp_n) x slice_k */
    int64_t stages;            /* depth of the shared-memory pipeline */
    int64_t cluster_m, cluster_n; /* thread-block cluster (multicast); 1 1 = none */
    bool persistent;           /* grid = SMs, epilogue overlaps the next tile's main loop */
    bool warp_specialised;     /* producer warps move, consumer warps multiply */
    bool stream_k;
    const char *operands;      /* formats it is written for: "int8", "fp8" (both operands), "widened" (weights converted in the main loop),
                                * "block_scaled" (partial sums scaled in the main loop); "any" or NULL: all that have no kernels of their own */
    int64_t split_k_max;       /* its own limit on the stack's factors; 0 = none */
    int64_t weight_bits;       /* width of B's elements that it is written for; 0 = any */
    int64_t rows_min, rows_max; /* rows of A that it is offered for; rows_max 0 = all */
    int64_t step_loads;        /* memory round trips of a step, one after the other and before its work; 0: loads run ahead by `stages` */
    double absent_rows_per_cycle; /* rows of edge tiles beyond the matrix that the copies of all SMs together fill in a cycle; 0: as good as free */
    double regroup_cycles;     /* grouped: before the first load of a tile of another expert, its pointers are read and its copy descriptors rewritten */
    const char *pick;          /* how one of its class is picked: "timed" when the engine was built (profile_rows_max), "fill": fewest waves, then the fullest
                                * last wave, then the fewest columns; NULL: by the stack's rule */
    int64_t align_elements;    /* rows of operands whose length is no multiple of this are loaded element by element; 0 = no matter */
    double unaligned_efficiency; /* further share of its speed that is left then */
    double efficiency;         /* main loop's speed against the model's: compilers schedule loads and products less tightly than hand-written
                                * kernels; 1 unless said otherwise */
    double gap_s;              /* the engine's own time on the device around its launch (a plugin outside the graph) */
};

/** One attention kernel. stack_attention() finds the one for an instruction and a phase. */
struct attention_kernel {
    const char *name;
    const char *instruction;   /* as of a gemm_kernel */
    const char *backend;       /* "flash2", "flash3", "unfused" */
    const char *phase;         /* "prefill", "decode", "any" */
    int64_t tile_q, tile_kv, warps;
    int64_t tile_q_min;        /* a tile of few rows is halved down to this; default 16, tile_q: never */
    int64_t tile_elements;     /* elements of a K (or V) tile: tile_kv = tile_elements / head_dim, a multiple of 16; 0: tile_kv as it stands */
    int64_t split_kv_max;      /* 1 = none */
    bool split_needs_packing;  /* the context is split only where packing acts */
    bool combine_in_kernel;    /* the last block of a sequence adds the parts up; else a second kernel does */
    int64_t combine_in_flight; /* parts whose loads are in flight at once while they are added up; default 1: one after the other */
    int64_t chain_loads;       /* dependent memory round trips of a block beside its main loop: lengths and block table, queries and first
                                * keys, first values, results; default 4 */
    int64_t chain_later;       /* persistent blocks that fetch the next tile's queries and keys while they work on this one: round trips left of those
                                * of later tiles, which start no block either; 0: blocks are launched, each with all of chain_loads */
    bool gqa_packing;          /* query heads of a KV group share a tile's rows */
    int64_t packing_max;       /* largest group that is packed; larger ones run a block a head. 0 = no limit */
    int64_t prepare_kernels;   /* small kernels launched before it: scheduler's metadata, sequence offsets */
    int64_t packed_kernels;    /* further small kernels where heads are packed */
    int64_t packed_copies;     /* copies of queries and results around it where heads of several sequences and groups are packed: their order changes */
    int64_t group_min, group_max; /* query heads of a KV head that it is written for; 0: no limit */
    bool compute_kv;           /* both products run in the KV cache's format where that is narrower and the chip can: queries are quantized too */
    bool windowed;             /* for models whose attention slides (a window), before the entry for all */
    bool kv_in_registers;      /* keys and values go from memory to registers, not through shared memory */
    double tile_loads;         /* dependent memory round trips of a block in each tile of keys; default 0.5: loads of the next tile are under way */
    int64_t scores_max;        /* scores of this many keys (or of the model's longest context, where that is less) lie in a block's shared memory, 4 bytes
                                * each, unless the context is split; 0: none do */
    int64_t split_blocks_max;  /* launches of more blocks than this are not split; 0: no limit */
    double convert_ops;        /* lane operations to widen or transpose one K or V element in the loop; default 1 */
    bool convert_first;        /* products wait for the widening or transposing, which else lies beside softmax */
    int64_t kv_bits;           /* for KV elements of this width only; 0: any that no other entry names */
    int64_t resident_max;      /* blocks an SM holds, where the kernel keeps more in shared memory than its tiles; 0: as shared memory and registers allow */
    int64_t resident_sums;     /* elements of output sums (rows in eights x v_head_dim) that the registers of an SM's blocks hold; 0: no limit of its own */
    int64_t rotary_elements;   /* of the queries, which it rotates itself: as many in one memory round trip, by few warps; 0: queries arrive rotated */
    int64_t split_tiles_min;   /* contexts of fewer tiles are not split; default 2 */
    bool split_prefill;        /* prompts are split too, where their blocks leave SMs idle */
    bool writes_kv;            /* rotary embedding and the write of the new keys are part of it */
    double matrix_share;       /* of the unit's rate that its instruction reaches (mma.sync on chips built for wgmma); default 1 */
    double warp_issue;         /* instructions a cycle that one warp of its softmax issues (dependent ones wait 4 cycles and more); default 0.5 */
    bool split_softmax;        /* softmax overlaps the other warp group's GEMM */
    double lane_ops;           /* products on vector lanes: instructions of a lane for one K or V element of one query head; 0: on the matrix unit */
    double warp_mma_cycles;    /* products by mma.sync of single warps, half of them QK^T and half PV, each of which waits for its last: SM cycles
                                * of an m16n8k16 (or as many bytes); 0: at the unit's rate */
    bool swapped;              /* keys take the rows of the unit's instruction and queries its columns, so few queries need not fill the rows */
    const char *split_rule;    /* "fill" (flash-attention), "history" or "balance" (TensorRT-LLM): docs/attention.md, 2; default "fill" */
    double fill_min;           /* with fewer blocks than this share of the SMs (sequences x KV heads x parts of fill_keys keys) `fallback` runs; 0: never */
    int64_t fill_keys;
    const char *fallback;      /* name of the entry that runs instead; NULL: none */
};

/** How a library writes one streaming operator; what each field does to its time: docs/streaming.md. */
struct stream_kernel {
    const char *name;          /* operator: "rmsnorm", "add" ... */
    int64_t load_bytes;        /* that a thread loads at once; 0: the kernel's own or the stack's */
    int64_t threads;           /* most threads of a block */
    bool flat;                 /* blocks cover the tensor whatever its rows; else a block a row */
    int64_t unroll;            /* loads of each stream that a thread has in flight */
    int64_t grid_sm, grid;     /* blocks at most, an SM or in all, which then stride over the tensor; 0: no limit */
    int64_t chain;             /* dependent loads before a block's first: position, index, offsets */
    bool row_operand;          /* the last pass reads a vector of the row's length (gain of a norm), from L2 */
    int64_t instructions;      /* of a thread around one load or store; 0: the stack's */
    int64_t launches;          /* kernels of the operator */
    int64_t warp_cols;         /* rows of up to so many columns: a warp each, in registers, four warps a block */
    int64_t launched;          /* elements of a row for each thread that is launched, where wide loads leave most of them idle; 0: all work */
    int64_t serial_rows;       /* up to so many rows a thread walks them one after the other (gather of few rows) */
    double atomic_cycles;      /* of L2, for each block's update of one common word */
    const char *instruction;   /* of the matrix unit for whose products the kernel was written; devices without it run the general one; NULL: any device */
};

/**
 * One protocol of a collective library under one algorithm. The `pick_` values are the library's own cost model, by which it chooses;
 * the others are what the choice takes. Rates are shares of the link's payload rate (link.bandwidth x link.efficiency).
 * sim/collective.h has the equations of both.
 */
struct collective_protocol {
    const char *name;          /* "ring_ll128": key in the stack */
    const char *algorithm;     /* "ring", "tree", "nvls", "all_to_all", "send" */
    double pick_base_s, pick_hop_s, pick_hop_pcie_s, pick_hop_net_s, pick_share;
    int64_t pick_corrections_count;
    double pick_corrections[STACK_CORRECTIONS_MAX]; /* on pick_share, by floor(log2(bytes / 64)); 1 beyond the list */
    double base_s;             /* start and end of the library's kernel beside a launch */
    double hop_s;              /* software part of one hop; the link's latency comes to it */
    double ramp_s;             /* all channels and threads at work instead of one: reached at ramp_bytes, in proportion below */
    int64_t ramp_bytes;
    double share;              /* of the link rate, payload over flags and polling */
    double net_share;          /* of the rate of a node's cards; 1 unless said otherwise */
    double copy_share;         /* rate of what a rank copies without sending, in units of the link rate; 0: nothing of the kind */
    double clock_hz;           /* SM clock at which base, hop and ramp were found: they are programs, and take as many cycles on others; 0: seconds */
    bool one_link;             /* its channels follow one ring, which has one link of each device where devices form a mesh */
    int64_t ranks_min;         /* fewer ranks: the library does not pick it; 0: any */
};

/** How a serving engine fills its batch. docs/endtoend.md, "Batching" */
struct stack_batching {
    int64_t sequences_max;     /* that decode together */
    int64_t tokens_max;        /* prompt tokens of one iteration */
    double memory_share;       /* of device memory that weights and KV cache may take together, or (of_free) of what weights leave that the cache takes */
    bool of_free;
    double runtime_bytes;      /* context, communication buffers, workspace: neither weights nor cache */
    int64_t block_tokens;      /* granularity of the cache */
    bool reserve;              /* a request is admitted when its whole length fits; else when its prompt fits, and the youngest is put back where the cache runs out */
    bool static_cache;         /* shapes are compiled: each decoding step works on the cache of the whole length */
    bool mixed;                /* prompts ride with decoding sequences in one iteration; else they have iterations of their own */
};

/** Shape for which a library ships kernels chosen by measurement. */
struct moe_tuned { int64_t experts, inner; }; /* of one device */

/** How the stack runs the experts of a mixture. docs/moe.md */
struct stack_moe {
    int64_t kernels_count;     /* grouped GEMM catalogue; 0: the GEMM catalogue */
    struct gemm_kernel kernels[STACK_MOE_TILES_MAX];
    const char *pick_rule;     /* "best", or "tokens": `small` up to as many tokens as experts on the device, `large` above, "best" for tuned shapes */
    const char *small, *large; /* names of kernels */
    int64_t tuned_count;
    struct moe_tuned tuned[STACK_TUNED_MAX];
    int64_t sort_launches;     /* kernels that sort token copies by expert */
    int64_t sort_launches_many, sort_many_tokens; /* the same for as many tokens and more; 0: no other way */
    int64_t sort_serial;       /* of these, kernels of one thread block */
    bool quantizes_separately; /* activations with scales found at run time: by a kernel of its own; else in the kernel before */
    bool copies_rows;          /* rows are copied in the experts' order; else the GEMM's loads gather them */
    bool all_rows;             /* activation and sum pass over all copies, also those of other devices' experts, for which products write zeros */
    int64_t chunk_tokens;      /* tokens worked on at once; 0: all */
};

/** What a training framework does. docs/training.md */
struct stack_training {
    bool dispatch_once_a_node;       /* a token goes over the network once to each node that has some of its experts (DeepEP, HybridEP) */
    int64_t dispatch_sms;            /* SMs that its kernels take while they run beside others */
    bool separate_gradients;         /* eager: gradients of biases are sums of their own, those of query, key and value are joined by a copy */
    int64_t exchange_sms;            /* SMs that the exchange of parameters and gradients takes while it runs beside others */
    bool recompute_stops_early;      /* a layer's last product and sum are not computed again: nothing needs them */
    double attention_share;          /* rate of the framework's flash attention over that of the catalogue's kernel (older ones, mma.sync on Hopper) */
    double attention_backward_share; /* rate of flash attention's backward pass over that of its forward pass */
    bool fused_cross_entropy;        /* loss and its gradient in one pass over 16-bit logits */
    double gradient_bytes;           /* of a parameter, while they are summed */
    double optimizer_bytes;          /* of a parameter: fp32 copy and two moments */
    double chip_spread;              /* standard deviation of the time that chips of one type take for the same work, over its mean */
    double reserved_share;           /* memory that the allocator holds beyond what is allocated */
};

enum launch_mode { LAUNCH_KERNEL_ONLY, LAUNCH_GRAPH, LAUNCH_EAGER };

struct stack {
    const char *name, *path, *summary;
    /* GEMM library */
    int64_t gemm_kernels_count;
    struct gemm_kernel gemm_kernels[STACK_TILES_MAX];
    int64_t split_k_count;
    int64_t split_k[STACK_SPLITS_MAX]; /* allowed split factors, 1 first */
    const char *pick_rule;        /* "waves" (heuristic cost model of a library), "best" */
    const char *gemm_without;     /* matrix instruction for which this build of the library has no GEMM kernels; NULL: none is missing */
    double pick_block_cycles;     /* rule "waves": what the library's cost model adds for each wave (prologue, epilogue) */
    double pick_split_s;          /* rule "waves": what it adds for a split-K reduction */
    int64_t profile_rows_max;     /* kernels picked "timed" are timed at powers of two of rows up to this, and run between them as the next greater says */
    bool split_k_separate;        /* reduction by a second kernel; else the last block of a tile reduces (semaphore) */
    int64_t swizzle;              /* thread-block rasterisation group, in blocks of 128 rows; 0 = the model picks */
    /* attention */
    int64_t attention_kernels_count;
    struct attention_kernel attention_kernels[STACK_ATTENTION_MAX]; /* by name */
    int64_t stream_kernels_count;
    struct stream_kernel stream_kernels[STACK_STREAMS_MAX]; /* by operator; others run as `stream.load` says, a block a row */
    int64_t stream_access_instructions; /* elementwise kernels: instructions of a thread around one load or store (address, predicate, conversion, loop) */
    int64_t stream_load_bytes;    /* elementwise kernels: bytes a thread loads at once (16 = vectorised, 2 = one 16-bit element) */
    struct stack_moe moe;
    /* fusion: an operator named here rides in its neighbour's kernel instead of being launched */
    bool fuse_residual_norm;      /* add + norm in one kernel */
    bool fuse_activation;         /* gated activation in the epilogue of gate_up */
    bool fuse_rope_kv_write;
    bool fuse_bias;
    const char *lut_precompute;   /* "split", "fused", "per_unit": where tables are built */
    const char *dequantize;       /* "main_loop" (overlapped, vector lanes), "separate" (kernel before the GEMM) */
    bool quantize_fused;          /* activation quantization (abs-max, scale) rides in the operator before */
    /* launch */
    enum launch_mode launch_mode;
    double host_launch_s;         /* CPU time of one launch (eager): binds when longer than the kernel */
    double graph_launch_s;        /* start of a graph */
    double node_gap_s;            /* what the runtime puts between two nodes of a graph beside the device's own gap: barriers that write caches back */
    double step_host_s;           /* scheduler, sampling, detokenisation of one engine step, not overlapped */
    double sequence_host_s;       /* what each sequence of the step adds to it: scheduling, block tables, sampling, detokenisation */
    double ranks_host_s;          /* what a step over several ranks adds: its inputs go to every rank's process, the slowest is waited for */
    bool dependent_launch;        /* programmatic dependent launch: prologue hidden */
    struct stack_batching batching;
    struct stack_training training;
    /* collectives */
    const char *all_reduce;       /* "nccl", "one_shot", "auto" */
    int64_t one_shot_max_bytes;
    double one_shot_share;        /* of the one-way link rate that reads of peers' memory reach: requests, headers, the reads' latency */
    int64_t two_shot_max_bytes;   /* two-shot (reduce own slice, gather) up to this; 0: the stack has none */
    double one_shot_flag_s;       /* store of a flag to one peer, messages of one_shot_flag_bytes and more (below, data carry it) */
    int64_t one_shot_flag_bytes;
    int64_t protocols_count;
    struct collective_protocol protocols[STACK_PROTOCOLS_MAX]; /* by name */
    const struct yaml_node *tree;
    struct hash128 hash;
};

/** Attention kernel for a matrix instruction ("mma.sync") and a phase ("prefill", "decode"); NULL when the stack has none. */
const struct attention_kernel *stack_attention(const struct stack *stack, const char *instruction, const char *phase);
/** The same for KV elements of `kv_bits` and `group` query heads of a KV head: the entry that names the width, else the one for any; 0: unknown. */
const struct attention_kernel *stack_attention_for(const struct stack *stack, const char *instruction, const char *phase, int64_t kv_bits, int64_t group);

/** The entry of that name; NULL when there is none. */
const struct attention_kernel *stack_attention_named(const struct stack *stack, const char *name);

/** The one written for models whose attention slides; NULL when the stack has none of its own for them. */
const struct attention_kernel *stack_attention_windowed(const struct stack *stack, const char *instruction, const char *phase);

/** How the stack writes operator `op`; NULL when it says nothing of it (or op is NULL). */
const struct stream_kernel *stack_stream(const struct stack *stack, const char *op);

#endif
