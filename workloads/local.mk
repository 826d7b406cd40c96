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
	workloads/trace_write.c
