# SPDX-License-Identifier: Apache-2.0
# tests/fuzz/: a target is fuzz_NAME.c with libFuzzer's entry point, and its seeds in the folder NAME/.
# With --enable-fuzzing `make fuzz` builds them for libFuzzer (tests/fuzz/run.sh runs one); otherwise `make check` plays the seeds.
fuzz_targets = \
	tests/fuzz/fuzz_arch \
	tests/fuzz/fuzz_data \
	tests/fuzz/fuzz_filter \
	tests/fuzz/fuzz_model \
	tests/fuzz/fuzz_rows \
	tests/fuzz/fuzz_sweep \
	tests/fuzz/fuzz_synthesis \
	tests/fuzz/fuzz_tensor \
	tests/fuzz/fuzz_trace \
	tests/fuzz/fuzz_yaml
EXTRA_PROGRAMS += $(fuzz_targets)
fuzz_libs = libllmsim_results.la libllmsim_model.la $(results_libs) $(model_libs)
EXTRA_DIST += tests/fuzz/run.sh tests/fuzz/arch tests/fuzz/data tests/fuzz/filter tests/fuzz/model tests/fuzz/rows tests/fuzz/sweep tests/fuzz/synthesis tests/fuzz/tensor tests/fuzz/trace tests/fuzz/yaml

if FUZZING
fuzz_play =
else
fuzz_play = tests/fuzz/play.c
endif

tests_fuzz_fuzz_arch_SOURCES = tests/fuzz/fuzz_arch.c $(fuzz_play)
tests_fuzz_fuzz_arch_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_arch_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_data_SOURCES = tests/fuzz/fuzz_data.c tests/fuzz/bytes.h $(fuzz_play)
tests_fuzz_fuzz_data_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_data_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_filter_SOURCES = tests/fuzz/fuzz_filter.c tests/fuzz/bytes.h $(fuzz_play)
tests_fuzz_fuzz_filter_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_filter_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_model_SOURCES = tests/fuzz/fuzz_model.c tests/fuzz/bytes.h $(fuzz_play)
tests_fuzz_fuzz_model_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_model_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_rows_SOURCES = tests/fuzz/fuzz_rows.c tests/fuzz/bytes.h $(fuzz_play)
tests_fuzz_fuzz_rows_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_rows_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_sweep_SOURCES = tests/fuzz/fuzz_sweep.c tests/fuzz/bytes.h $(fuzz_play)
tests_fuzz_fuzz_sweep_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_sweep_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_synthesis_SOURCES = tests/fuzz/fuzz_synthesis.c tests/fuzz/bytes.h $(fuzz_play)
tests_fuzz_fuzz_synthesis_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_synthesis_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_tensor_SOURCES = tests/fuzz/fuzz_tensor.c tests/fuzz/bytes.h $(fuzz_play)
tests_fuzz_fuzz_tensor_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_tensor_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_trace_SOURCES = tests/fuzz/fuzz_trace.c $(fuzz_play)
tests_fuzz_fuzz_trace_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_trace_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_yaml_SOURCES = tests/fuzz/fuzz_yaml.c $(fuzz_play)
tests_fuzz_fuzz_yaml_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_yaml_LDFLAGS = $(FUZZ_LDFLAGS)

if FUZZING
else
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
endif

.PHONY: fuzz list-fuzz
fuzz: $(fuzz_targets)
list-fuzz:
	@echo $(fuzz_targets)
