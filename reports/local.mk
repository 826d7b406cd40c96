# SPDX-License-Identifier: Apache-2.0
# reports/: tables, JSON
libllmsim_results_la_SOURCES += \
	reports/array_report.c \
	reports/array_report.h \
	reports/cost_report.c \
	reports/cost_report.h \
	reports/fpga_report.c \
	reports/fpga_report.h \
	reports/diff_json.c \
	reports/diff_report.h \
	reports/design_fields.c \
	reports/design_fields.h \
	reports/diff_text.c \
	reports/explain_json.c \
	reports/explain_report.h \
	reports/explain_text.c \
	reports/calibrate_report.c \
	reports/calibrate_report.h \
	reports/fleet_report.c \
	reports/fleet_report.h \
	reports/fold.c \
	reports/fold.h \
	reports/figure.c \
	reports/figure.h \
	reports/figure_area.c \
	reports/figure_breakdown.c \
	reports/figure_heatmap.c \
	reports/figure_kinds.c \
	reports/figure_kinds.h \
	reports/figure_line.c \
	reports/figure_memory.c \
	reports/figure_pareto.c \
	reports/figure_pipeline.c \
	reports/figure_roofline.c \
	reports/figure_speedup.c \
	reports/figure_tornado.c \
	reports/figure_units.c \
	reports/gnuplot.c \
	reports/gnuplot.h \
	reports/html_report.c \
	reports/html_report.h \
	$(html_page) \
	reports/probe_report.c \
	reports/probe_report.h \
	reports/range.c \
	reports/range.h \
	reports/rank_report.c \
	reports/rank_report.h \
	reports/run_json.c \
	reports/run_read.c \
	reports/run_report.h \
	reports/run_text.c \
	reports/scoreboard_report.c \
	reports/scoreboard_report.h \
	reports/table.h \
	reports/table_formats.c \
	reports/text.c \
	reports/text.h \
	reports/text_table.c \
	reports/text_table.h \
	reports/timeline.c \
	reports/timeline.h \
	reports/trace_events.c \
	reports/trace_events.h \
	reports/training_report.c \
	reports/training_report.h \
	reports/validate_plot.c \
	reports/validate_plot.h \
	reports/validate_report.c \
	reports/validate_report.h

# The page of `llmsim report --html`: its parts, made into lists of lines at build.
html_page = reports/html/embed.awk reports/html/page.css reports/html/page.html reports/html/page.js
nodist_libllmsim_results_la_SOURCES = html_page.h
BUILT_SOURCES += html_page.h
CLEANFILES += html_page.h
reports/html_report.lo: html_page.h
html_page.h: $(html_page)
	$(AM_V_GEN)cd $(srcdir) && LC_ALL=C $(AWK) -f $(html_page) >$(abs_builddir)/$@.tmp && mv $(abs_builddir)/$@.tmp $(abs_builddir)/$@
