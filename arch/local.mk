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

# Descriptions, installed below $(pkgdatadir)/arch as they lie here.
nobase_dist_pkgdata_DATA = $(arch_descriptions)
arch_descriptions = \
	arch/devices/a100-80gb-sxm.yaml \
	arch/dram/ddr4-3200.yaml \
	arch/dram/ddr5-4800.yaml \
	arch/dram/gddr6.yaml \
	arch/dram/gddr6x.yaml \
	arch/dram/gddr7.yaml \
	arch/dram/hbm2-legacy-8gb.yaml \
	arch/dram/hbm2.yaml \
	arch/dram/hbm2e.yaml \
	arch/dram/hbm3.yaml \
	arch/dram/hbm3e.yaml \
	arch/dram/lpddr4-2400.yaml \
	arch/dram/lpddr5-6400.yaml \
	arch/generations/ampere_ga100.yaml \
	arch/lut_tc.yaml \
	arch/lut_tc_8x.yaml \
	arch/lut_tc_conventional.yaml \
	arch/stacks/library.yaml
