# SPDX-License-Identifier: Apache-2.0
# reports/: tables, JSON
libllmsim_results_la_SOURCES += \
	reports/run_report.h
