# SPDX-License-Identifier: Apache-2.0
# api/: the installed library and its header, <llmsim/llmsim.h>
llmsimincludedir = $(includedir)/llmsim
llmsiminclude_HEADERS = api/llmsim.h

libllmsim_la_SOURCES = api/llmsim.c
libllmsim_la_LIBADD = libllmsim_results.la libllmsim_model.la $(results_libs) $(model_libs)
libllmsim_la_LDFLAGS = -version-info 0:0:0 -export-symbols-regex '^llmsim_'
