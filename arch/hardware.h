/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The resolved hardware description: one accelerator (and how it is joined to others). Read-only after arch_load().
 *
 * Everything here is a fact of the hardware: datasheet, microbenchmark, or fitted (the YAML says which, per value, in a
 * `# source:` comment). Software (kernels, launch mode, collectives library) is in arch/stack.h. docs/arch_files.md.
 * Units: SI unless the name says otherwise; `_cycles` are cycles of the SM clock; `per_sm` of one SM (NVIDIA) or CU (AMD).
 */
#ifndef LLMSIM_ARCH_HARDWARE_H
#define LLMSIM_ARCH_HARDWARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/yaml.h"
#include "formats/format.h"

enum { ARCH_UNITS_MAX = 8, ARCH_RATES_MAX = 24, ARCH_ALIASES_MAX = 16, ARCH_ENERGY_OPS_MAX = 32 };

/** Dense multiply-adds of one SM in one clock, all its units of this kind together, for A and B in `format`, accumulating in `accumulator`. */
struct arch_rate {
    const struct format *format;
    const struct format *accumulator;
    double fma_per_cycle_sm;
};

/** A unit of an SM. `kind` names a unit type (sim/units.c), which reads what is special to it from `node`. */
struct arch_unit {
    const char *name;              /* "tensor", "lut", "vector" */
    const char *kind;              /* "tensor_core", "lut_mpgemm", "vector" */
    int64_t per_sm;                /* sub-cores */
    double throughput_x;           /* multiplies the stanza's rates; 1 unless it says otherwise. LUT: the X of entry "4X" */
    int64_t rates_count;
    struct arch_rate rates[ARCH_RATES_MAX]; /* throughput_x included; LUT: at reference_weight_bits */
    /* tensor_core */
    const char *instruction;       /* "mma.sync", "wgmma", "tcgen05", "mfma", "systolic" */
    int64_t inst_m, inst_n, inst_k_bytes; /* one instruction: m x n, k = inst_k_bytes / operand bytes */
    double latency_cycles;         /* issue to result */
    bool operands_from_shared;     /* wgmma, tcgen05: B (and A) straight from shared memory; else ldmatrix to registers */
    bool sparse_2_4;
    double issue_efficiency;       /* best sustained share of the issue rate (microbenchmark), 0 < x <= 1 */
    /* vector */
    double fma_fp32_per_cycle_sm;  /* lanes */
    double fma_fp16_per_cycle_sm;
    double int32_ops_per_cycle_sm;
    double sfu_per_cycle_sm;       /* exponentials, reciprocals */
    const struct yaml_node *node;  /* the resolved stanza: parameters of the unit type */
};

/** Does arch_load() itself read this key of a unit's stanza? (Others belong to the unit type: sim/unit.h, units_check.) */
bool arch_unit_key(const char *key);

/**
 * DRAM timings, in clocks of tCK, by their JEDEC names (DRAMsim3, Ramulator). arch/dram/ *.yaml: its keys are these names
 * ("tCK: 1 ns" carries a unit and gives tCK_s). A device's own data rate follows from its bandwidth, channels and bus_bits;
 * timings in nanoseconds are then held and clocks recomputed (sim/hw/dram_params.h).
 */
struct dram_timing {
    const char *standard;          /* "HBM2e" */
    double tCK_s;
    int64_t bus_bits;              /* of one (pseudo) channel */
    int64_t BL;                    /* beats of a burst */
    int64_t beats_per_clock;       /* 2: double data rate */
    int64_t bank_groups, banks_per_group, rows, columns; /* columns of bus_bits each */
    int64_t CL, CWL, tRCDRD, tRCDWR, tRP, tRAS, tRFC, tREFI, tRRD_S, tRRD_L, tWTR_S, tWTR_L, tFAW, tWR,
            tCCD_S, tCCD_L, tRTP_S, tRTP_L, tRTW;
    bool per_bank_refresh; int64_t tRFCpb;
    const char *mapping;           /* "rorabgbachco": most significant field first (sim/hw/dram_address.h) */
    int64_t ranks;                 /* ranks or stack ids that share a channel; default 1 */
    int64_t tRTRS;                 /* bus turn-around gap; default 1 */
    bool dual_command_bus;         /* row and column commands have a bus each (HBM); default false */
    int64_t interleave_bytes;      /* consecutive bytes in one channel when `mapping` names "cl"; else 0 */
    bool hash;                     /* channel and bank are permuted by the row, against power-of-two strides; default false */
};

struct arch_clock {
    double boost_hz;     /* maximum */
    double peak_hz;      /* at which the datasheet's tensor peak comes out */
    double base_hz;      /* guaranteed; 0 unknown */
};

struct arch_power {
    double tdp_w;
    double idle_w;             /* clocks on, nothing running: leakage + clock tree + memory background */
    double voltage_exponent;   /* dynamic power ~ f^x in the range where voltage follows frequency (2 to 3) */
    double voltage_knee_hz;    /* below it the voltage stands still and power ~ f */
    double time_constant_s;    /* of the power controller */
    double real_operands;      /* dynamic energy of long runs on random or real operands over that which `energy` gives; 0: not known */
};

struct arch_sm {
    int64_t count;
    int64_t subcores;
    int64_t warp_threads, max_warps, max_blocks;
    int64_t cluster_blocks;          /* thread blocks that can form a cluster and receive one load together (multicast); 1 = none */
    int64_t register_bytes;          /* of one SM */
    int64_t max_registers_per_thread;
    double register_bytes_per_cycle; /* operands and results between register file and matrix units, one SM; 0: 16 B a vector lane (three reads, a write) */
    int64_t shared_bytes;            /* largest shared carve-out of an SM */
    int64_t shared_block_bytes;      /* largest for one thread block */
    int64_t shared_reserved_bytes;   /* taken by the system for each block */
    int64_t l1_shared_bytes;         /* L1 + shared */
    double shared_bytes_per_cycle;
    double shared_latency_cycles;
    double l1_bytes_per_cycle;
    double l1_latency_cycles;
    double l2_read_bytes_per_cycle;  /* what one SM can take from L2 */
    double max_bytes_in_flight;      /* outstanding load bytes of one SM (TMA, cp.async); Little's law */
    double barrier_cycles;           /* one step of a block's main loop beside its work: barrier, pointer bump, branch; docs/timing_parameters.md */
    double epilogue_bytes_per_cycle; /* results of a GEMM block on their way from accumulators through shared memory to L2, one SM; 0: as L2 takes them */
    double overlap_exponent;         /* p of the p-norm that joins busy resources of a step: >= 1; 1 = serial, large = perfect overlap */
    int64_t tensor_memory_bytes;     /* Blackwell datacenter; else 0 */
};

struct arch_l2 {
    int64_t bytes;
    int64_t partitions;              /* halves: data used by both sides take room in both */
    int64_t slices;
    int64_t line_bytes, sector_bytes;
    double bytes_per_cycle;          /* whole chip, measured read rate, SM clock */
    double write_bytes_per_cycle;
    double near_latency_cycles, far_latency_cycles;
    double hash_capacity_share;      /* share of `bytes` that a stream can use before misses set in (microbenchmark plateau) */
};

struct arch_llc { int64_t bytes; double bandwidth_bytes_per_s; double latency_s; }; /* memory-side cache; bytes 0: none */

struct arch_dram {
    const char *type;                /* "HBM2e" */
    int64_t bytes;                   /* usable capacity */
    double bandwidth_bytes_per_s;    /* datasheet peak */
    double read_efficiency;          /* streaming share of the peak that microbenchmarks reach on this generation; see DRAM model */
    double write_efficiency;
    double latency_cycles;           /* pointer chase, SM clock at boost, L2 miss included */
    double loaded_latency_cycles;    /* of a tile load while the memory system is busy: Little's law at the knee of the bytes-in-flight curve */
    double tiled_efficiency;         /* share of the streaming rate that is left when blocks read 64 to 128 byte pieces of many rows (GEMM tiles) */
    int64_t channels;                /* (pseudo) channels of dram_timing.bus_bits */
    struct dram_timing timing;
};

struct arch_link {
    const char *name;                /* "NVLink3" */
    const char *topology;            /* "switch", "mesh", "bridge", "pcie", "none" */
    double bytes_per_s;              /* one direction, all links of a device together, payload */
    double efficiency;               /* share reached by large messages (protocol) */
    double latency_s;                /* one hop, device memory to device memory, software left out */
    int64_t max_ranks;               /* in one domain */
    bool multicast;                  /* NVLS: in-switch reduction */
    double multicast_efficiency;     /* of the link's payload rate through the switch's reduction; 0: what the library has */
};

/** Hardware's part of starting work. The host's part is in the stack. */
struct arch_launch {
    double stream_gap_s;             /* end of a kernel to start of the next in one stream, both queued */
    double graph_gap_s;              /* the same between nodes of a graph */
    double block_launch_s;           /* first block's first instruction after the kernel starts: ramp */
    double drain_s;                  /* last block's end to the kernel's end: flush, membar */
    double block_cycles;             /* per thread block on one SM: dispatch, prologue of the program */
    double cold_program_s;           /* program and constants of a GEMM or attention kernel (tens of KiB) fetched after another kernel ran */
};

/** Energy of an operation on the chip, at its own node and nominal voltage. */
struct arch_energy_op { const char *name; double j; }; /* "fma_fp16", "fma_int8", "fma_fp32_vector", "sfu", "lut_lane_int8", "lut_lane_fp16" ... */

struct arch_energy {
    int64_t ops_count;
    struct arch_energy_op ops[ARCH_ENERGY_OPS_MAX];
    double register_j_per_byte, shared_j_per_byte, l1_j_per_byte, l2_j_per_byte, llc_j_per_byte, dram_j_per_byte,
           link_j_per_byte, instruction_j; /* instruction: one warp instruction's overhead */
    double zero_operand;                    /* energy of a multiply-add one operand of which is zero, over one of random operands; 0: 1 */
};

struct arch_area { double die_mm2; double process_nm; double transistors; };

/** Blocks of a field-programmable gate array. BRAM and URAM are whole blocks. */
struct fpga_blocks { double lut, ff, dsp, bram, uram; };

/**
 * Programmable fabric, where the chip is an FPGA (`fpga:`; budget.lut 0: it is none). The design's SM is the fabric: registers are the accumulator
 * banks, shared memory the operand buffers, L2 the global buffer; `*_in` says of which blocks each is made. docs/datapaths.md, 3
 */
struct arch_fpga {
    struct fpga_blocks budget;       /* of the device */
    struct fpga_blocks shell;        /* taken by what is there in every design: memory controllers, DMA, host link, control */
    double utilisation;              /* ceiling: share of each block that a design may take and still be placed, routed and closed */
    const char *synthesis;           /* rows of arch/technology/fpga_synthesis.csv that stand for this fabric: "lut6", "lut4" */
    const char *inferred;            /* what is carried over from another family, in words; NULL: nothing */
    int64_t bram_bits, bram_port_bits; /* of a block: capacity; bits that one port reads while another writes, a clock */
    int64_t uram_bits, uram_port_bits;
    int64_t dsp_a_bits, dsp_b_bits;  /* signed multiplier of a DSP */
    const char *registers_in, *shared_in, *l2_in; /* "lutram", "bram", "uram" */
    struct fpga_blocks lane, sfu;    /* of one fp32 lane and one special function a clock of the vector unit */
    double clock_hz[3];              /* low, likely, high: what large designs close at on this fabric, whatever their logic */
    double level_s[3];               /* best, likely, worst: one LUT and the routing to the next */
    double register_s;               /* clock to output and set-up of a pipeline stage */
};

struct hardware {
    const char *name, *path, *vendor, *generation, *process, *summary;
    int64_t aliases_count;
    const char *aliases[ARCH_ALIASES_MAX];
    const char *default_stack;       /* name in arch/stacks/ */
    const char *default_recipe;      /* recipe text, or NULL */
    struct arch_clock clock;
    struct arch_power power;
    struct arch_sm sm;
    struct arch_l2 l2;
    struct arch_llc llc;
    struct arch_dram dram;
    struct arch_link link;
    struct arch_link host_link;
    struct arch_launch launch;
    int64_t units_count;
    struct arch_unit units[ARCH_UNITS_MAX];
    struct arch_energy energy;
    struct arch_area area;
    struct arch_fpga fpga;
    const struct yaml_node *tree;    /* merged document, each value with its place and source: `arch show` */
    struct hash128 hash;             /* of all resolved values (not of comments, sources or paths) */
};

const struct arch_unit *hardware_unit(const struct hardware *hw, const char *kind);
/** Rate of a unit for a format pair's common compute format; 0 when it has none. accumulator NULL: the fastest that it has. */
double unit_fma_per_cycle_sm(const struct arch_unit *unit, const struct format *format, const struct format *accumulator);
/** Dense peak operations a second (2 per FMA) at clock.peak_hz. Equals the datasheet's to its digits (tested). */
double hardware_peak_ops_per_s(const struct hardware *hw, const struct arch_unit *unit, const struct format *format, const struct format *accumulator);
double energy_op_j(const struct arch_energy *e, const char *name); /* -1: not described */

#endif
