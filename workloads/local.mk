# SPDX-License-Identifier: Apache-2.0
# workloads/: traces, model descriptions, generator
libllmsim_model_la_SOURCES += \
	workloads/generate.h \
	workloads/trace.h
