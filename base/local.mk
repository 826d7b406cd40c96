# SPDX-License-Identifier: Apache-2.0
# base/: errors, arenas, units, hashing, text
libllmsim_model_la_SOURCES += \
	base/arena.c \
	base/arena.h \
	base/checked.h \
	base/clocale.h \
	base/csv.c \
	base/csv.h \
	base/error.c \
	base/error.h \
	base/glob.c \
	base/glob.h \
	base/hash.c \
	base/hash.h \
	base/json.c \
	base/json.h \
	base/nearest.c \
	base/nearest.h \
	base/num.c \
	base/num.h \
	base/outfile.c \
	base/pack.c \
	base/pack.h \
	base/path.c \
	base/path.h \
	base/plugin.c \
	base/plugin.h \
	base/progress.c \
	base/progress.h \
	base/relative_fit.c \
	base/relative_fit.h \
	base/quantity.c \
	base/quantity.h \
	base/textfile.c \
	base/textfile.h \
	base/utf8.h \
	base/yaml.c \
	base/yaml.h \
	base/yaml_input.c \
	base/yaml_input.h \
	base/yaml_tree.c \
	base/version.c \
	base/version.h

# Runs in a database are of the models that made them: their key holds a check sum of everything below validate/.
nodist_libllmsim_model_la_SOURCES = model_sources.h
BUILT_SOURCES += model_sources.h
CLEANFILES += model_sources.h
base/version.lo: model_sources.h
model_sources.h: $(libllmsim_model_la_SOURCES) $(libllmsim_hw_la_SOURCES)
	$(AM_V_GEN)cd $(srcdir) && cat $(libllmsim_model_la_SOURCES) $(libllmsim_hw_la_SOURCES) | cksum | \
		sed 's/\([0-9]*\).*/#define MODEL_SOURCES "\1"/' >$(abs_builddir)/$@.tmp && mv $(abs_builddir)/$@.tmp $(abs_builddir)/$@
