# SPDX-License-Identifier: Apache-2.0
# costmodel/rtl/: Verilog of datapath units
libllmsim_model_la_SOURCES += \
	costmodel/rtl/columns.c \
	costmodel/rtl/columns.h \
	costmodel/rtl/float_term.c \
	costmodel/rtl/float_term.h \
	costmodel/rtl/list.c \
	costmodel/rtl/list.h \
	costmodel/rtl/parts.c \
	costmodel/rtl/parts.h \
	costmodel/rtl/rtl.h \
	costmodel/rtl/spec.c \
	costmodel/rtl/stimulus.c \
	costmodel/rtl/stimulus.h \
	costmodel/rtl/unit_common.c \
	costmodel/rtl/unit_float.c \
	costmodel/rtl/unit_fused.c \
	costmodel/rtl/unit_int.c \
	costmodel/rtl/unit_lut.c \
	costmodel/rtl/unit_lut_table.c \
	costmodel/rtl/unit_minifloat.c \
	costmodel/rtl/unit_serial.c \
	costmodel/rtl/units.c \
	costmodel/rtl/units.h
