# SPDX-License-Identifier: Apache-2.0
# cli/: the llmsim command; one file a subcommand. The rooms are linked in, so that the file in the build folder is
# the program itself and starts quickly.
bin_PROGRAMS += llmsim
llmsim_SOURCES = \
	cli/cmd_arch.c \
	cli/cmd_calibrate.c \
	cli/cmd_cost.c \
	cli/cmd_datapath.c \
	cli/cmd_db.c \
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
	cli/cmd_sram.c \
	cli/cmd_sweep.c \
	cli/cmd_sweep_plan.c \
	cli/cmd_trace.c \
	cli/cmd_train.c \
	cli/cmd_validate.c \
	cli/commands.c \
	cli/commands.h \
	cli/completion.c \
	cli/examples.c \
	cli/fleet_unit.c \
	cli/fleet_unit.h \
	cli/help.c \
	cli/interrupt.c \
	cli/interrupt.h \
	cli/job.c \
	cli/job_trace.c \
	cli/job.h \
	cli/main.c \
	cli/manual.c \
	cli/manual.h \
	cli/options.c \
	cli/options.h \
	cli/rank_rows.c \
	cli/rank_rows.h \
	cli/report.h \
	cli/report_figure.c \
	cli/report_html.c \
	cli/report_replay.c \
	cli/report_source.c \
	cli/report_source.h \
	cli/report_table.c \
	cli/run_timeline.c \
	cli/run_timeline.h \
	cli/stored_run.c \
	cli/stored_run.h \
	cli/sweep_plan.c \
	cli/sweep_plan.h \
	cli/sweep_queue.c \
	cli/terminal.c \
	cli/terminal.h \
	cli/trace_info.c \
	cli/trace_info.h \
	cli/trace_stored.c
llmsim_LDADD = libllmsim_results.la libllmsim_model.la $(results_libs) $(model_libs)
llmsim_LDFLAGS = $(SANITIZE_LDFLAGS)

# Manual pages and completion, written by the program itself from its option tables.
all-local: cli/manual.stamp
CLEANFILES += cli/manual.stamp
cli/manual.stamp: llmsim$(EXEEXT)
	@$(SHELL) $(top_srcdir)/cli/manual.sh ./llmsim$(EXEEXT) cli/manual && touch $@
clean-local:
	rm -rf cli/manual
install-data-local: cli/manual.stamp
	$(MKDIR_P) '$(DESTDIR)$(man1dir)' '$(DESTDIR)$(bashcompletiondir)' '$(DESTDIR)$(zshcompletiondir)'
	$(INSTALL_DATA) cli/manual/*.1 '$(DESTDIR)$(man1dir)'
	$(INSTALL_DATA) cli/manual/llmsim '$(DESTDIR)$(bashcompletiondir)'
	$(INSTALL_DATA) cli/manual/_llmsim '$(DESTDIR)$(zshcompletiondir)'
uninstall-local:
	rm -f '$(DESTDIR)$(man1dir)'/llmsim.1 '$(DESTDIR)$(man1dir)'/llmsim-*.1
	rm -f '$(DESTDIR)$(bashcompletiondir)/llmsim' '$(DESTDIR)$(zshcompletiondir)/_llmsim'
man1dir = $(mandir)/man1
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
EXTRA_DIST += cli/manual.sh
