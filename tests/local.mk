# SPDX-License-Identifier: Apache-2.0
# tests/: suites, golden files, fuzz targets
#
# A suite is one file tests/NAME.c on tests/harness.h: add its name to `suites`.
# No two tests may share a stem: their logs would be one file.
#     make check                              all; ends with "N passed, N failed, N skipped"
#     make check TESTS=tests/NAME             one
#     make check-cli REWRITE=1                writes what the command says now into tests/cli/*.case; review the diff
#     make readme                             writes the main job's report into README.md
#     make tutorials                          writes outputs and figures into docs/tutorial-*.md and docs/figures
suites = \
	tests/accounts \
	tests/api_run \
	tests/arch_devices \
	tests/arch_resolve \
	tests/base_arena \
	tests/base_files \
	tests/base_memory \
	tests/base_output \
	tests/base_quantity \
	tests/base_text \
	tests/base_yaml \
	tests/base_yaml_bad \
	tests/blocks \
	tests/codec \
	tests/collectives \
	tests/cost \
	tests/datapath_array \
	tests/dot \
	tests/exact_sums \
	tests/explain \
	tests/figure \
	tests/fleet \
	tests/formats \
	tests/fpga_datapath \
	tests/gemm_search \
	tests/gptq \
	tests/lowering \
	tests/lut_mpgemm \
	tests/lut_published \
	tests/probe \
	tests/quality \
	tests/quant_error \
	tests/rank \
	tests/run_diff \
	tests/scoreboard \
	tests/serving \
	tests/serving_stacks \
	tests/sram \
	tests/store_check \
	tests/store_query \
	tests/store_runs \
	tests/store_sweeps \
	tests/sweep_shared \
	tests/synthesis \
	tests/tensor_files \
	tests/ternary_code \
	tests/timing_measured \
	tests/timing_properties \
	tests/trace_generate \
	tests/training \
	tests/trace_read \
	tests/validate_calibrate \
	tests/validate_interval \
	tests/validate_rows

if HAVE_CUNIT
check_LTLIBRARIES += libtests.la
libtests_la_SOURCES = tests/harness.c tests/harness.h
libtests_la_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
LDADD = libtests.la libllmsim_results.la libllmsim_model.la $(results_libs) $(model_libs) $(CUNIT_LIBS)
check_PROGRAMS += $(suites)
TESTS += $(suites)
tests_api_run_SOURCES = tests/api_run.c api/llmsim.c api/llmsim.h
# a name of its own for the object that libllmsim has too
tests_api_run_CFLAGS = $(AM_CFLAGS)
# Allocations of the library go through the suite, which makes each fail in turn.
tests_base_memory_LDFLAGS = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup
endif

# Suites of sim/hw are C++: tests_NAME_SOURCES = tests/NAME.cpp, tests_NAME_LDADD = libllmsim_hw.la $(LDADD).
if CYCLE
suites += \
	tests/hw_cycle \
	tests/hw_dram \
	tests/hw_modules
tests_hw_cycle_SOURCES = tests/hw_cycle.cpp
tests_hw_cycle_LDADD = libllmsim_hw.la $(LDADD)
tests_hw_dram_SOURCES = tests/hw_dram.cpp
tests_hw_dram_LDADD = libllmsim_hw.la $(LDADD)
tests_hw_modules_SOURCES = tests/hw_modules.cpp
tests_hw_modules_LDADD = libllmsim_hw.la $(LDADD)
endif

# --- running --------------------------------------------------------------------------------------------------------
TESTS += $(scripts)
scripts = \
	tests/cli.sh \
	tests/manual.sh \
	tests/readme.sh \
	tests/report_figures.sh \
	tests/report_html.sh \
	tests/rooms.sh \
	tests/rtl_cosim.sh \
	tests/rtl_synth.sh \
	tests/slurm.sh \
	tests/studies.sh \
	tests/sweep_killed.sh \
	tests/timeline.sh \
	tests/traces.sh \
	tests/tutorials.sh \
	tests/widths.sh
EXTRA_DIST += $(scripts) tests/summary.sh tests/timeline.awk tests/cli tests/rtl

TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)
# Stack-use-after-return moves frames to the heap, which SystemC's coroutines do not survive (a false alarm).
AM_TESTS_ENVIRONMENT = \
	TOP_SRCDIR='$(abs_top_srcdir)'; TOP_BUILDDIR='$(abs_top_builddir)'; export TOP_SRCDIR TOP_BUILDDIR; \
	LLMSIM_SHARED="$${LLMSIM_SHARED-$(abs_top_srcdir)/../shared}"; export LLMSIM_SHARED; \
	LC_ALL=C; export LC_ALL; \
	ASAN_OPTIONS="$${ASAN_OPTIONS-detect_stack_use_after_return=0}"; export ASAN_OPTIONS; \
	UBSAN_OPTIONS="$${UBSAN_OPTIONS-print_stacktrace=1}"; export UBSAN_OPTIONS;

# In place of Automake's rule, which is the same but for the closing lines: they come whatever came out. The old results go
# first, so that a run that breaks off cannot be summed up from them.
check-TESTS: $(check_PROGRAMS) $(check_LTLIBRARIES)
	@rm -f $(TEST_LOGS) $(TEST_LOGS:.log=.trs) $(TEST_SUITE_LOG)
	@status=0; $(MAKE) $(AM_MAKEFLAGS) $(TEST_SUITE_LOG) || status=$$?; \
	$(SHELL) $(top_srcdir)/tests/summary.sh $(TEST_LOGS) || { test $$status -ne 0 || status=1; }; \
	exit $$status

.PHONY: check-cli readme tutorials
readme: all
	@$(AM_TESTS_ENVIRONMENT) REWRITE=1 $(SHELL) $(top_srcdir)/tests/readme.sh

tutorials: all
	@$(AM_TESTS_ENVIRONMENT) REWRITE=1 $(SHELL) $(top_srcdir)/tests/tutorials.sh

check-cli: all
	@$(AM_TESTS_ENVIRONMENT) REWRITE='$(REWRITE)' $(SHELL) $(top_srcdir)/tests/cli.sh

# --- installed --------------------------------------------------------------------------------------------------------
# After `make install`; `make distcheck` does both.
EXTRA_DIST += tests/installed/check.sh tests/installed/user.c
installcheck-local:
	$(SHELL) $(top_srcdir)/tests/installed/check.sh '$(DESTDIR)$(pkgconfigdir)' '$(DESTDIR)$(bindir)' $(top_srcdir)/tests/installed/user.c '$(CC)'
