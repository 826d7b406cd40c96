# SPDX-License-Identifier: Apache-2.0
# validate/: predictions held against measurements
libllmsim_results_la_SOURCES += \
	validate/bands.c \
	validate/bands.h \
	validate/engines.c \
	validate/engines.h \
	validate/calibrate.c \
	validate/calibrate_file.c \
	validate/calibrate_internal.h \
	validate/calibrate_rows.c \
	validate/calibrate.h \
	validate/evaluate.c \
	validate/evaluate.h \
	validate/explain_row.c \
	validate/explain_row.h \
	validate/harness.c \
	validate/harness_clocks.c \
	validate/harness.h \
	validate/interval.c \
	validate/interval.h \
	validate/run_interval.c \
	validate/run_interval.h \
	validate/kernels.c \
	validate/kind_attention.c \
	validate/kind_collective.c \
	validate/kind_elementwise.c \
	validate/kind_endtoend.c \
	validate/kind_gemm.c \
	validate/kind_moe.c \
	validate/kind_training.c \
	validate/kind_training_memory.c \
	validate/kinds.c \
	validate/kinds.h \
	validate/layer_sum.c \
	validate/layer_sum.h \
	validate/predict.c \
	validate/predict.h \
	validate/rows.c \
	validate/rows.h \
	validate/statistics.c \
	validate/folds.c \
	validate/folds.h \
	validate/scoreboard.c \
	validate/scoreboard.h \
	validate/scoreboard_file.c \
	validate/training_row.c \
	validate/training_row.h \
	validate/where.c \
	validate/where.h

# Harnesses, installed below $(pkgdatadir)/validate as they lie here.
nobase_dist_pkgdata_DATA += \
	validate/harness/aic-attention-sglang.yaml \
	validate/harness/aic-attention-trtllm.yaml \
	validate/harness/aic-attention-vllm.yaml \
	validate/harness/aic-custom-all-reduce.yaml \
	validate/harness/aic-gemm.yaml \
	validate/harness/aic-moe-sglang.yaml \
	validate/harness/aic-moe-trtllm.yaml \
	validate/harness/aic-moe-vllm.yaml \
	validate/harness/aic.yaml \
	validate/harness/default-kernels.yaml \
	validate/harness/default-serving.yaml \
	validate/harness/default-training.yaml \
	validate/harness/llmcompass-all-reduce.yaml \
	validate/harness/llm-inference-bench-deepspeed.yaml \
	validate/harness/llm-inference-bench-gaudi.yaml \
	validate/harness/llm-inference-bench-trtllm.yaml \
	validate/harness/llm-inference-bench-vllm.yaml \
	validate/harness/llmcompass-layer.yaml \
	validate/harness/calculon.yaml \
	validate/harness/llm-foundry.yaml \
	validate/harness/megatron-bridge-26.yaml \
	validate/harness/megatron-bridge.yaml \
	validate/harness/nemo.yaml \
	validate/harness/simumax.yaml \
	validate/harness/llmcompass.yaml \
	validate/harness/trtllm-docs-v0.5.yaml \
	validate/harness/trtllm-docs-v0.6.yaml \
	validate/harness/trtllm-docs-v1.0.yaml \
	validate/harness/trtllm-docs.yaml \
	validate/harness/llmsim-measure-collectives.yaml \
	validate/harness/llmsim-measure.yaml \
	validate/harness/vidur-network.yaml \
	validate/harness/vidur.yaml \
	validate/clocks.yaml \
	validate/residuals.yaml
