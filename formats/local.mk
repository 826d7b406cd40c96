# SPDX-License-Identifier: Apache-2.0
# formats/: number formats
libllmsim_model_la_SOURCES += \
	formats/codec.c \
	formats/codec.h \
	formats/codec_fast.c \
	formats/dot.c \
	formats/dot.h \
	formats/dot_lut.c \
	formats/dot_wide.h \
	formats/format.c \
	formats/format.h \
	formats/quant.c
