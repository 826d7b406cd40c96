# SPDX-License-Identifier: Apache-2.0
# sim/: mapping, timing, replay
libllmsim_model_la_SOURCES += \
	sim/account.c \
	sim/account.h \
	sim/analytic.c \
	sim/attention_mapping.c \
	sim/attention_model.h \
	sim/attention_time.c \
	sim/batch_rate.c \
	sim/batch_rate.h \
	sim/batch_run.c \
	sim/batch_run.h \
	sim/bounds.h \
	sim/clock.c \
	sim/clock.h \
	sim/dynamic_energy.c \
	sim/dynamic_energy.h \
	sim/collective.c \
	sim/collective.h \
	sim/convert.c \
	sim/cycle_load.c \
	sim/cycle_load.h \
	sim/datapath.c \
	sim/datapath.h \
	sim/engine.c \
	sim/engine.h \
	sim/explain.c \
	sim/explain.h \
	sim/explain_find.c \
	sim/explain_gap.c \
	sim/explain_sensitivity.c \
	sim/explain_shapes.c \
	sim/experts.c \
	sim/experts.h \
	sim/fabric.c \
	sim/fidelity.c \
	sim/footprint.c \
	sim/footprint.h \
	sim/fpga_budget.c \
	sim/fpga_budget.h \
	sim/fpga_datapath.c \
	sim/fpga_datapath.h \
	sim/fpga_synthesis.c \
	sim/fpga_synthesis.h \
	sim/gemm_model.c \
	sim/gemm_model.h \
	sim/gemm_search.c \
	sim/gemm_time.c \
	sim/grouped.c \
	sim/grouped.h \
	sim/ideal_runtime.c \
	sim/ideal_runtime.h \
	sim/kernel.c \
	sim/kernel.h \
	sim/l2_reuse.c \
	sim/l2_reuse.h \
	sim/launch.c \
	sim/launch.h \
	sim/layout.c \
	sim/layout.h \
	sim/lower.c \
	sim/lower.h \
	sim/lower_cache.c \
	sim/lower_gemm.c \
	sim/lower_internal.h \
	sim/lower_memo.c \
	sim/lower_memo.h \
	sim/lower_moe.c \
	sim/lower_prepare.c \
	sim/lower_stream.c \
	sim/lut.h \
	sim/mapping.c \
	sim/mapping.h \
	sim/memory.c \
	sim/memory.h \
	sim/probe.c \
	sim/probe.h \
	sim/observe.h \
	sim/recipe.c \
	sim/recipe.h \
	sim/replay.h \
	sim/replay_attention.c \
	sim/replay_launches.c \
	sim/replay_memo.c \
	sim/replay_rows.c sim/replay_sums.c \
	sim/replay_state.h \
	sim/replay_step.c \
	sim/replay_watch.c \
	sim/roofline.c \
	sim/run.c \
	sim/run.h \
	sim/run_diff.c \
	sim/run_diff.h \
	sim/run_key.c \
	sim/runner.c \
	sim/step_source.h \
	sim/stream_model.h \
	sim/stream_time.c \
	sim/timing.h \
	sim/training.c \
	sim/training.h \
	sim/training_internal.h \
	sim/training_memory.c \
	sim/training_passes.c \
	sim/training_schedule.c \
	sim/training_schedule.h \
	sim/unit.h \
	sim/unit_fpga_minifloat.c \
	sim/unit_lut_mpgemm.c \
	sim/unit_tensor_core.c \
	sim/unit_vector.c \
	sim/units.c \
	sim/units.h \
	sim/warmth.c \
	sim/warmth.h

# The synthesis table of FPGA cells, made into a macro at build.
fpga_tables = sim/fpga_tables.awk arch/technology/fpga_synthesis.csv
nodist_libllmsim_model_la_SOURCES += fpga_tables.h
BUILT_SOURCES += fpga_tables.h
CLEANFILES += fpga_tables.h
sim/fpga_synthesis.lo: fpga_tables.h
EXTRA_DIST += sim/fpga_tables.awk
fpga_tables.h: $(fpga_tables)
	$(AM_V_GEN)cd $(srcdir) && LC_ALL=C $(AWK) -f $(fpga_tables) >$(abs_builddir)/$@.tmp && mv $(abs_builddir)/$@.tmp $(abs_builddir)/$@
