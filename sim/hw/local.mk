# SPDX-License-Identifier: Apache-2.0
# sim/hw/: SystemC models (C++17). libllmsim_hw is the code; llmsim_cycle is the module made of it, which the
# command loads when a cycle run begins (libsystemc alone costs 4 to 5 ms at start). It takes a copy of the C rooms
# below it along and shows nothing but its entry point, llmsim_cycle_*.
EXTRA_DIST += sim/hw/module.map

if CYCLE
noinst_LTLIBRARIES += libllmsim_hw.la
libllmsim_hw_la_SOURCES = \
	sim/hw/attention_program.cpp \
	sim/hw/chip.cpp \
	sim/hw/chip.h \
	sim/hw/chip_params.cpp \
	sim/hw/chip_params.h \
	sim/hw/clock_domain.h \
	sim/hw/cycle.cpp \
	sim/hw/cycle.h \
	sim/hw/dispatcher.cpp \
	sim/hw/dispatcher.h \
	sim/hw/dram_address.cpp \
	sim/hw/dram_address.h \
	sim/hw/dram_channel.cpp \
	sim/hw/dram_channel.h \
	sim/hw/dram_device.cpp \
	sim/hw/dram_device.h \
	sim/hw/dram_module.cpp \
	sim/hw/dram_module.h \
	sim/hw/dram_params.cpp \
	sim/hw/dram_params.h \
	sim/hw/dram_pattern.cpp \
	sim/hw/dram_pattern.h \
	sim/hw/extrapolate.cpp \
	sim/hw/extrapolate.h \
	sim/hw/gemm_program.cpp \
	sim/hw/l2_module.cpp \
	sim/hw/l2_module.h \
	sim/hw/mac_array.h \
	sim/hw/memory_if.h \
	sim/hw/module.cpp \
	sim/hw/probe.cpp \
	sim/hw/program.h \
	sim/hw/programs.h \
	sim/hw/server.h \
	sim/hw/simulate.cpp \
	sim/hw/simulate.h \
	sim/hw/sm.cpp \
	sim/hw/sm.h \
	sim/hw/stream_program.cpp \
	sim/hw/tag_store.cpp \
	sim/hw/tag_store.h \
	sim/hw/units.cpp \
	sim/hw/units.h
libllmsim_hw_la_LIBADD = $(SYSTEMC_LIBS)

pkglib_LTLIBRARIES += llmsim_cycle.la
llmsim_cycle_la_SOURCES =
nodist_EXTRA_llmsim_cycle_la_SOURCES = sim/hw/force_cxx.cpp
llmsim_cycle_la_LIBADD = libllmsim_hw.la libllmsim_model.la $(model_libs)
llmsim_cycle_la_LDFLAGS = -module -avoid-version -shared -Wl,--version-script=$(top_srcdir)/sim/hw/module.map
EXTRA_llmsim_cycle_la_DEPENDENCIES = sim/hw/module.map
endif
