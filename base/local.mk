# SPDX-License-Identifier: Apache-2.0
# base/: errors, arenas, units, hashing, text
libllmsim_model_la_SOURCES += \
	base/arena.h \
	base/checked.h \
	base/csv.h \
	base/error.h \
	base/hash.h \
	base/json.h \
	base/nearest.h \
	base/num.h \
	base/progress.h \
	base/quantity.h \
	base/textfile.h \
	base/yaml.h \
	base/version.c \
	base/version.h
