# SPDX-License-Identifier: Apache-2.0
# sim/hw/: SystemC models (C++17). libllmsim_hw is the code; llmsim_cycle is the module made of it, which the
# command loads when a cycle run begins (libsystemc alone costs 4 to 5 ms at start). It takes a copy of the C rooms
# below it along and shows nothing but its entry point, llmsim_cycle_*.
EXTRA_DIST += sim/hw/module.map

if CYCLE
noinst_LTLIBRARIES += libllmsim_hw.la
libllmsim_hw_la_SOURCES = \
	sim/hw/module.cpp
libllmsim_hw_la_LIBADD = $(SYSTEMC_LIBS)

pkglib_LTLIBRARIES += llmsim_cycle.la
llmsim_cycle_la_SOURCES =
nodist_EXTRA_llmsim_cycle_la_SOURCES = sim/hw/force_cxx.cpp
llmsim_cycle_la_LIBADD = libllmsim_hw.la libllmsim_model.la $(model_libs)
llmsim_cycle_la_LDFLAGS = -module -avoid-version -shared -Wl,--version-script=$(top_srcdir)/sim/hw/module.map
EXTRA_llmsim_cycle_la_DEPENDENCIES = sim/hw/module.map
endif
