# SPDX-License-Identifier: Apache-2.0
# sweep/: designs of a sweep file, which of them are looked at, and running them
libllmsim_results_la_SOURCES += \
	sweep/evaluate.c \
	sweep/evaluate.h \
	sweep/expression.c \
	sweep/expression.h \
	sweep/objective.c \
	sweep/objective.h \
	sweep/plan.c \
	sweep/plan.h \
	sweep/plan_internal.h \
	sweep/plan_read.c \
	sweep/plan_values.c \
	sweep/queue.c \
	sweep/queue.h \
	sweep/refine.c \
	sweep/sample_grid.c \
	sweep/sample_lhs.c \
	sweep/sample_nsga2.c \
	sweep/sample_random.c \
	sweep/sample_sobol.c \
	sweep/sampler.h \
	sweep/samplers.c \
	sweep/stage.h \
	sweep/stages.c \
	sweep/template.c \
	sweep/template.h \
	sweep/work.c \
	sweep/work.h
