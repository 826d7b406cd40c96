# SPDX-License-Identifier: Apache-2.0
# store/: results in SQLite
libllmsim_results_la_SOURCES += \
	store/store.h
