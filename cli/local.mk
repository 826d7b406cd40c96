# SPDX-License-Identifier: Apache-2.0
# cli/: the llmsim command; one file a subcommand. The rooms are linked in, so that the file in the build folder is
# the program itself and starts quickly.
bin_PROGRAMS += llmsim
llmsim_SOURCES = \
	cli/cmd_arch.c \
	cli/cmd_calibrate.c \
	cli/cmd_cost.c \
	cli/cmd_diff.c \
	cli/cmd_explain.c \
	cli/cmd_fleet.c \
	cli/cmd_fleet_runtime.c \
	cli/cmd_format.c \
	cli/cmd_format_coded.c \
	cli/cmd_format_error.c \
	cli/cmd_format_quality.c \
	cli/cmd_probe.c \
	cli/cmd_rank.c \
	cli/cmd_report.c \
	cli/cmd_rtl.c \
	cli/cmd_run.c \
	cli/cmd_scoreboard.c \
	cli/cmd_trace.c \
	cli/cmd_validate.c \
	cli/commands.c \
	cli/commands.h \
	cli/fleet_unit.c \
	cli/fleet_unit.h \
	cli/help.c \
	cli/interrupt.c \
	cli/interrupt.h \
	cli/job.c \
	cli/job.h \
	cli/main.c \
	cli/options.c \
	cli/options.h \
	cli/rank_rows.c \
	cli/rank_rows.h \
	cli/report.h \
	cli/report_figure.c \
	cli/report_source.c \
	cli/report_source.h \
	cli/report_table.c \
	cli/trace_info.c \
	cli/trace_info.h \
	cli/trace_stored.c
llmsim_LDADD = libllmsim_results.la libllmsim_model.la $(results_libs) $(model_libs)
llmsim_LDFLAGS = $(SANITIZE_LDFLAGS)
