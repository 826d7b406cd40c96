# SPDX-License-Identifier: Apache-2.0
# sim/: mapping, timing, replay
libllmsim_model_la_SOURCES += \
	sim/kernel.h \
	sim/mapping.h \
	sim/recipe.h \
	sim/run.h \
	sim/timing.h \
	sim/unit.h
