# SPDX-License-Identifier: Apache-2.0
# bench/: benchmarks of llmsim itself
#     make bench DATE=2026-01-31      prints a table and appends to bench.csv (BENCH_CSV) in the build folder
EXTRA_PROGRAMS += bench/bench
bench_bench_SOURCES = bench/bench.c
bench_bench_LDADD =
EXTRA_DIST += bench/sweep_hardware.yaml bench/sweep_many.yaml bench/sweep_recipes.yaml
BENCH_CSV = bench.csv
DATE = undated

.PHONY: bench
bench: all bench/bench$(EXEEXT)
	@bench/bench$(EXEEXT) ./llmsim$(EXEEXT) '$(srcdir)' '$(DATE)' '$(BENCH_CSV)'
CLEANFILES += bench/bench$(EXEEXT)

# Array codecs of formats/, one core: docs/formats.md, 4
EXTRA_PROGRAMS += bench/bench_formats
bench_bench_formats_SOURCES = bench/bench_formats.c
bench_bench_formats_LDADD = libllmsim_model.la $(model_libs)
.PHONY: bench-formats
bench-formats: bench/bench_formats$(EXEEXT)
	@bench/bench_formats$(EXEEXT)
CLEANFILES += bench/bench_formats$(EXEEXT)

# Databases of made-up runs for figures at scale: docs/results.md, "At scale"
EXTRA_PROGRAMS += bench/bench_store
bench_bench_store_SOURCES = bench/bench_store.c
bench_bench_store_LDADD = libllmsim_results.la libllmsim_model.la $(results_libs) $(model_libs)
.PHONY: bench-store
bench-store: bench/bench_store$(EXEEXT)
CLEANFILES += bench/bench_store$(EXEEXT)
