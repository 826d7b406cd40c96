# SPDX-License-Identifier: Apache-2.0
# arch/: hardware and software stacks; the code that reads them
libllmsim_model_la_SOURCES += \
	arch/arch.h \
	arch/dram_read.c \
	arch/fields.c \
	arch/fields.h \
	arch/hardware.c \
	arch/hardware.h \
	arch/hardware_read.c \
	arch/hardware_read.h \
	arch/library.c \
	arch/resolve.c \
	arch/resolve.h \
	arch/show.c \
	arch/stack.h \
	arch/stack_read.c \
	arch/unit_read.c
