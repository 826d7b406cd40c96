# SPDX-License-Identifier: Apache-2.0
# workloads/: traces, model families, the generator
libllmsim_model_la_SOURCES += \
	workloads/families.c \
	workloads/generate.c \
	workloads/generate.h \
	workloads/llm.h \
	workloads/llm_config.c \
	workloads/llm_ops.c \
	workloads/llm_weights.c \
	workloads/model_library.c \
	workloads/model_library.h \
	workloads/op_math.c \
	workloads/op_math.h \
	workloads/op_table.c \
	workloads/op_table.h \
	workloads/request_bins.c \
	workloads/request_bins.h \
	workloads/requests.c \
	workloads/roles.c \
	workloads/roles.h \
	workloads/trace.h \
	workloads/trace_check.c \
	workloads/trace_check.h \
	workloads/trace_hash.c \
	workloads/trace_hash.h \
	workloads/trace_line.c \
	workloads/trace_line.h \
	workloads/trace_read.c \
	workloads/trace_stats.c \
	workloads/trace_stats.h \
	workloads/trace_write.c

shipped_traces = \
	workloads/bitnet-3b-decode.trace \
	workloads/bitnet-3b-prefill.trace \
	workloads/llama-3b-decode.trace \
	workloads/llama-3b-prefill.trace \
	workloads/bitnet3b_decode.trace \
	workloads/bitnet3b_prefill.trace \
	workloads/bloom-176b-layer-decode.trace \
	workloads/bloom-176b-layer-prefill.trace \
	workloads/llama2-70b-layer-decode.trace \
	workloads/llama2-70b-layer-prefill.trace \
	workloads/llama3-8b.trace \
	workloads/llama70b.trace \
	workloads/mixtral-8x7b.trace \
	workloads/opt-175b-layer-decode.trace \
	workloads/opt-175b-layer-prefill.trace
workload_models = \
	workloads/models/aquila-7b.yaml \
	workloads/models/bitnet-b1.58-2b-4t.yaml \
	workloads/models/bitnet-b1.58-3b.yaml \
	workloads/models/bloom-176b.yaml \
	workloads/models/bloom-7b1.yaml \
	workloads/models/codellama-34b.yaml \
	workloads/models/decilm-7b.yaml \
	workloads/models/deepseek-r1-distill-qwen-32b.yaml \
	workloads/models/deepseek-v2-lite.yaml \
	workloads/models/deepseek-v2.yaml \
	workloads/models/deepseek-v3.yaml \
	workloads/models/falcon-180b.yaml \
	workloads/models/falcon-40b.yaml \
	workloads/models/gemma-2-27b.yaml \
	workloads/models/gemma-2-2b.yaml \
	workloads/models/gemma-2-9b.yaml \
	workloads/models/gemma-7b.yaml \
	workloads/models/gpt-j-6b.yaml \
	workloads/models/gpt-neox-20b.yaml \
	workloads/models/gpt-oss-120b.yaml \
	workloads/models/gpt-oss-20b.yaml \
	workloads/models/gpt2-large.yaml \
	workloads/models/gpt3-13b.yaml \
	workloads/models/gpt3-175b.yaml \
	workloads/models/gpt3-2.7b.yaml \
	workloads/models/gpt3-6.7b.yaml \
	workloads/models/gpt3-large-760m.yaml \
	workloads/models/gpt3-medium-350m.yaml \
	workloads/models/gpt3-small-125m.yaml \
	workloads/models/gpt3-xl-1.3b.yaml \
	workloads/models/internlm-20b.yaml \
	workloads/models/kimi-k2.yaml \
	workloads/models/llama-13b.yaml \
	workloads/models/llama-2-13b.yaml \
	workloads/models/llama-2-70b.yaml \
	workloads/models/llama-2-7b.yaml \
	workloads/models/llama-3-70b.yaml \
	workloads/models/llama-3-8b.yaml \
	workloads/models/llama-3.1-405b.yaml \
	workloads/models/llama-3.1-70b.yaml \
	workloads/models/llama-3.1-8b.yaml \
	workloads/models/llama-3.2-1b.yaml \
	workloads/models/llama-3.2-3b.yaml \
	workloads/models/llama-30b.yaml \
	workloads/models/llama-65b.yaml \
	workloads/models/llama-7b.yaml \
	workloads/models/megatron-gpt-1.7b.yaml \
	workloads/models/megatron-gpt-1008b.yaml \
	workloads/models/megatron-gpt-145.6b.yaml \
	workloads/models/megatron-gpt-18.4b.yaml \
	workloads/models/megatron-gpt-3.6b.yaml \
	workloads/models/megatron-gpt-310.1b.yaml \
	workloads/models/megatron-gpt-39.1b.yaml \
	workloads/models/megatron-gpt-529.6b.yaml \
	workloads/models/megatron-gpt-7.5b.yaml \
	workloads/models/megatron-gpt-76.1b.yaml \
	workloads/models/megatron-seqpar-175b.yaml \
	workloads/models/megatron-seqpar-1t.yaml \
	workloads/models/megatron-seqpar-22b.yaml \
	workloads/models/megatron-seqpar-530b.yaml \
	workloads/models/minicpm-2b.yaml \
	workloads/models/mistral-7b.yaml \
	workloads/models/mixtral-8x22b.yaml \
	workloads/models/mixtral-8x7b.yaml \
	workloads/models/mpt-125m.yaml \
	workloads/models/mpt-13b.yaml \
	workloads/models/mpt-1b.yaml \
	workloads/models/mpt-30b.yaml \
	workloads/models/mpt-350m.yaml \
	workloads/models/mpt-3b.yaml \
	workloads/models/mpt-70b.yaml \
	workloads/models/mpt-760m.yaml \
	workloads/models/mpt-7b.yaml \
	workloads/models/nemo-gpt3-20b.yaml \
	workloads/models/nemo-gpt3-5b.yaml \
	workloads/models/nemotron-22b.yaml \
	workloads/models/nemotron-3-nano-30b-a3b.yaml \
	workloads/models/nemotron-4-15b.yaml \
	workloads/models/nemotron-4-340b.yaml \
	workloads/models/nemotron-8b.yaml \
	workloads/models/opt-1.3b.yaml \
	workloads/models/opt-13b.yaml \
	workloads/models/opt-175b.yaml \
	workloads/models/opt-30b.yaml \
	workloads/models/opt-6.7b.yaml \
	workloads/models/opt-66b.yaml \
	workloads/models/phi-2.yaml \
	workloads/models/qwen-72b.yaml \
	workloads/models/qwen1.5-7b.yaml \
	workloads/models/qwen2-72b.yaml \
	workloads/models/qwen2-7b.yaml \
	workloads/models/qwen2.5-32b.yaml \
	workloads/models/qwen2.5-72b.yaml \
	workloads/models/qwen2.5-7b-instruct.yaml \
	workloads/models/qwen3-235b-a22b.yaml \
	workloads/models/qwen3-30b-a3b.yaml \
	workloads/models/qwen3-32b.yaml \
	workloads/models/qwen3-8b.yaml \
	workloads/models/tinyllama-1.1b.yaml \
	workloads/models/yi-34b.yaml

nobase_dist_pkgdata_DATA += $(shipped_traces) $(workload_models)
EXTRA_DIST += workloads/requests/README.md workloads/requests/azure2023_conv_16.csv workloads/traces.sh

# Makes the shipped traces again from the model descriptions.
.PHONY: traces
traces: llmsim$(EXEEXT)
	$(srcdir)/workloads/traces.sh ./llmsim$(EXEEXT) $(srcdir) $(srcdir)/workloads
