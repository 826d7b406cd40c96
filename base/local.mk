# SPDX-License-Identifier: Apache-2.0
# base/: errors, arenas, units, hashing, text
libllmsim_model_la_SOURCES += \
	base/arena.c \
	base/arena.h \
	base/checked.h \
	base/clocale.h \
	base/csv.h \
	base/error.c \
	base/error.h \
	base/hash.h \
	base/json.h \
	base/nearest.c \
	base/nearest.h \
	base/num.c \
	base/num.h \
	base/progress.h \
	base/quantity.c \
	base/quantity.h \
	base/textfile.h \
	base/utf8.h \
	base/yaml.c \
	base/yaml.h \
	base/yaml_tree.c \
	base/version.c \
	base/version.h
