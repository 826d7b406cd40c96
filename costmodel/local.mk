# SPDX-License-Identifier: Apache-2.0
# costmodel/: energy, area, price
libllmsim_model_la_SOURCES += \
	costmodel/energy.c \
	costmodel/energy.h
