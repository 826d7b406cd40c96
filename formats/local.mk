# SPDX-License-Identifier: Apache-2.0
# formats/: number formats
libllmsim_model_la_SOURCES += \
	formats/format.c \
	formats/format.h \
	formats/quant.c
