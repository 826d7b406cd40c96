# SPDX-License-Identifier: Apache-2.0
# arch/: hardware and software stacks; the code that reads them
libllmsim_model_la_SOURCES += \
	arch/arch.h \
	arch/hardware.h \
	arch/stack.h
