# SPDX-License-Identifier: Apache-2.0
# sim/: mapping, timing, replay
libllmsim_model_la_SOURCES += \
	sim/analytic.c \
	sim/attention_mapping.c \
	sim/attention_model.h \
	sim/attention_time.c \
	sim/clock.c \
	sim/clock.h \
	sim/collective.c \
	sim/collective.h \
	sim/convert.c \
	sim/fidelity.c \
	sim/gemm_model.c \
	sim/gemm_model.h \
	sim/gemm_time.c \
	sim/kernel.c \
	sim/kernel.h \
	sim/l2_reuse.c \
	sim/l2_reuse.h \
	sim/launch.c \
	sim/launch.h \
	sim/layout.c \
	sim/layout.h \
	sim/lower.c \
	sim/lower.h \
	sim/lower_gemm.c \
	sim/lower_internal.h \
	sim/lower_prepare.c \
	sim/lower_stream.c \
	sim/lut.h \
	sim/mapping.c \
	sim/mapping.h \
	sim/recipe.c \
	sim/recipe.h \
	sim/roofline.c \
	sim/run.h \
	sim/stream_model.h \
	sim/stream_time.c \
	sim/timing.h \
	sim/unit.h \
	sim/unit_lut_mpgemm.c \
	sim/unit_tensor_core.c \
	sim/unit_vector.c \
	sim/units.c \
	sim/units.h
