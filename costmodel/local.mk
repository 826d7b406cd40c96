# SPDX-License-Identifier: Apache-2.0
# costmodel/: energy, area, price
libllmsim_model_la_SOURCES += \
	costmodel/array.c \
	costmodel/array.h \
	costmodel/die.c \
	costmodel/die.h \
	costmodel/energy.c \
	costmodel/energy.h \
	costmodel/fleet.c \
	costmodel/fleet.h \
	costmodel/fleet_glpk.h \
	costmodel/formulas.c \
	costmodel/manufacture.c \
	costmodel/manufacture.h \
	costmodel/netlist.c \
	costmodel/netlist.h \
	costmodel/quality.c \
	costmodel/quality.h \
	costmodel/pareto.c \
	costmodel/rank.c \
	costmodel/rank.h \
	costmodel/rank_metric.c \
	costmodel/rank_metric.h \
	costmodel/rank_value.h \
	costmodel/serving_cost.c \
	costmodel/serving_cost.h \
	costmodel/sram.c \
	costmodel/sram.h \
	costmodel/synthesis.c \
	costmodel/synthesis.h \
	costmodel/unit_energy.c \
	costmodel/unit_energy.h

# Published perplexities, installed below $(pkgdatadir)/costmodel.
nobase_dist_pkgdata_DATA += costmodel/tables/quality.csv
# Netlists on open libraries (docs/cost.md, "Synthesis table").
nobase_dist_pkgdata_DATA += costmodel/tables/synthesis_asic.csv costmodel/tables/synthesis_lookup.csv
# Compiled SRAM macros (docs/cost.md, "SRAM").
nobase_dist_pkgdata_DATA += costmodel/tables/sram_macros.csv
# What `make characterize` measured of our own units (docs/characterize.md).
nobase_dist_pkgdata_DATA += costmodel/tables/rtl_asic.csv costmodel/tables/rtl_fpga.csv

# The solver of fleets, loaded when one is planned.
pkglib_LTLIBRARIES += llmsim_fleet.la
llmsim_fleet_la_SOURCES = costmodel/fleet_glpk.c
llmsim_fleet_la_LIBADD = $(GLPK_LIBS)
llmsim_fleet_la_LDFLAGS = -module -avoid-version -shared -export-symbols-regex '^llmsim_fleet_glpk$$'
