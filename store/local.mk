# SPDX-License-Identifier: Apache-2.0
# store/: results in SQLite
libllmsim_results_la_SOURCES += \
	store/columns.c \
	store/columns.h \
	store/find.c \
	store/get.c \
	store/open.c \
	store/put.c \
	store/schema.c \
	store/schema.h \
	store/sql.c \
	store/sql.h \
	store/statement.c \
	store/statement.h \
	store/store.h
