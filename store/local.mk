# SPDX-License-Identifier: Apache-2.0
# store/: results in SQLite
libllmsim_results_la_SOURCES += \
	store/ask.c \
	store/batch.c \
	store/batch.h \
	store/check.c \
	store/check.h \
	store/columns.c \
	store/columns.h \
	store/fields.c \
	store/fields.h \
	store/filter.c \
	store/filter.h \
	store/find.c \
	store/functions.c \
	store/functions.h \
	store/get.c \
	store/get.h \
	store/input.c \
	store/merge.c \
	store/open.c \
	store/put.c \
	store/query.c \
	store/query.h \
	store/schema.c \
	store/schema.h \
	store/settings.c \
	store/settings.h \
	store/sql.c \
	store/sql.h \
	store/statement.c \
	store/statement.h \
	store/store.h \
	store/views.c \
	store/writer.c \
	store/writer.h
