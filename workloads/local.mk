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
	workloads/op_math.c \
	workloads/op_math.h \
	workloads/op_table.c \
	workloads/op_table.h \
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
	workloads/models/bitnet-b1.58-3b.yaml \
	workloads/models/bloom-176b.yaml \
	workloads/models/llama-2-70b.yaml \
	workloads/models/llama-3-8b.yaml \
	workloads/models/mixtral-8x7b.yaml \
	workloads/models/opt-175b.yaml

nobase_dist_pkgdata_DATA += $(shipped_traces) $(workload_models)
EXTRA_DIST += workloads/requests/README.md workloads/requests/azure2023_conv_16.csv workloads/traces.sh

# Makes the shipped traces again from the model descriptions.
.PHONY: traces
traces: llmsim$(EXEEXT)
	$(srcdir)/workloads/traces.sh ./llmsim$(EXEEXT) $(srcdir) $(srcdir)/workloads
