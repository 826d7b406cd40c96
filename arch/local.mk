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
	arch/devices/a100-40gb-pcie.yaml \
	arch/devices/a100-40gb-sxm.yaml \
	arch/devices/a100-80gb-pcie.yaml \
	arch/devices/a100-80gb-sxm.yaml \
	arch/devices/a10g.yaml \
	arch/devices/a40.yaml \
	arch/devices/b200-180gb-sxm.yaml \
	arch/devices/b300-288gb-sxm.yaml \
	arch/devices/gb200-186gb.yaml \
	arch/devices/gb300-288gb.yaml \
	arch/devices/gh200-144gb.yaml \
	arch/devices/gh200-96gb.yaml \
	arch/devices/h100-80gb-pcie.yaml \
	arch/devices/h100-80gb-sxm.yaml \
	arch/devices/h100-94gb-nvl.yaml \
	arch/devices/h20-96gb.yaml \
	arch/devices/h200-141gb-sxm.yaml \
	arch/devices/h800-80gb-sxm.yaml \
	arch/devices/l4.yaml \
	arch/devices/l40.yaml \
	arch/devices/l40s.yaml \
	arch/devices/mi210.yaml \
	arch/devices/mi250.yaml \
	arch/devices/mi250x.yaml \
	arch/devices/mi300x.yaml \
	arch/devices/rtx-3090.yaml \
	arch/devices/rtx-4090.yaml \
	arch/devices/rtx-a6000.yaml \
	arch/devices/rtx-pro-6000-bse.yaml \
	arch/devices/t4-16gb.yaml \
	arch/devices/v100-16gb-sxm2.yaml \
	arch/devices/v100-32gb-sxm2.yaml \
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
	arch/generations/ada.yaml \
	arch/generations/ampere_ga100.yaml \
	arch/generations/ampere_ga10x.yaml \
	arch/generations/blackwell_sm100.yaml \
	arch/generations/blackwell_sm120.yaml \
	arch/generations/cdna2.yaml \
	arch/generations/cdna3.yaml \
	arch/generations/hopper.yaml \
	arch/generations/turing.yaml \
	arch/generations/volta.yaml \
	arch/h100_lut_tc.yaml \
	arch/h100_lut_tc_8x.yaml \
	arch/lut_tc.yaml \
	arch/lut_tc_8x.yaml \
	arch/lut_tc_conventional.yaml \
	arch/stacks/eager.yaml \
	arch/stacks/kernel-only.yaml \
	arch/stacks/library.yaml \
	arch/stacks/unfused.yaml
