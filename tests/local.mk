# SPDX-License-Identifier: Apache-2.0
# tests/: suites, golden files, fuzz targets
#
# A suite is one file tests/NAME.c on tests/harness.h: add its name to `suites`.
suites = \
	tests/base_arena \
	tests/base_quantity \
	tests/base_text

LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = top_srcdir='$(top_srcdir)'; export top_srcdir;

if HAVE_CUNIT
check_LTLIBRARIES += libtests.la
libtests_la_SOURCES = tests/harness.c tests/harness.h
libtests_la_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
LDADD = libtests.la libllmsim_results.la libllmsim_model.la $(results_libs) $(model_libs) $(CUNIT_LIBS)
check_PROGRAMS += $(suites)
TESTS += $(suites)
endif
