# SPDX-License-Identifier: Apache-2.0
# formats/: number formats
libllmsim_model_la_SOURCES += \
	formats/codebook.c \
	formats/codec.c \
	formats/codec.h \
	formats/codec_fast.c \
	formats/dot.c \
	formats/dot.h \
	formats/dot_lut.c \
	formats/dot_wide.h \
	formats/encoder.c \
	formats/encoder.h \
	formats/format.c \
	formats/format.h \
	formats/gptq.c \
	formats/gptq.h \
	formats/quant.c \
	formats/quant.h \
	formats/quant_error.c \
	formats/quant_error.h \
	formats/quant_layout.c \
	formats/quant_parts.h \
	formats/quant_places.c \
	formats/quant_store.c \
	formats/quantize.c \
	formats/sample.c \
	formats/sample.h \
	formats/tensor_file.c \
	formats/tensor_file.h \
	formats/tensor_gguf.c \
	formats/tensor_internal.h \
	formats/tensor_npy.c \
	formats/tensor_parts.c \
	formats/tensor_safetensors.c \
	formats/tensor_types.c \
	formats/ternary_code.c \
	formats/ternary_code.h \
	$(format_tables)

# Values that are data, made into macros at build.
format_tables = formats/tables.awk formats/tables/codebooks.csv formats/tables/fused_dot.csv
nodist_libllmsim_model_la_SOURCES += format_tables.h
BUILT_SOURCES += format_tables.h
CLEANFILES += format_tables.h
formats/dot.lo formats/format.lo: format_tables.h
format_tables.h: $(format_tables)
	$(AM_V_GEN)cd $(srcdir) && LC_ALL=C $(AWK) -f $(format_tables) >$(abs_builddir)/$@.tmp && mv $(abs_builddir)/$@.tmp $(abs_builddir)/$@
