# SPDX-License-Identifier: Apache-2.0
# tools/measure/: the measuring kit, small CUDA programs that write the CSV files that llmsim reads. docs/measure.md
#     make measure        builds measure/gemm, measure/memory, measure/attention and, where NCCL is, measure/collectives
measure_sources = \
	tools/measure/attention.cu \
	tools/measure/collectives.cu \
	tools/measure/gemm.cu \
	tools/measure/measure.cuh \
	tools/measure/memory.cu
EXTRA_DIST += $(measure_sources)

.PHONY: measure
if MEASURE
measure_programs = measure/attention measure/gemm measure/memory
NVCC_BUILD = @$(MKDIR_P) measure && echo '  NVCC     $@' && $(NVCC) -std=c++17 $(NVCCFLAGS) -o $@

measure: $(measure_programs)
	@$(MAKE) -s measure/collectives || echo 'measure: no NCCL, so no measure/collectives'

measure/attention: tools/measure/attention.cu tools/measure/measure.cuh
	$(NVCC_BUILD) $(srcdir)/tools/measure/attention.cu
measure/collectives: tools/measure/collectives.cu tools/measure/measure.cuh
	$(NVCC_BUILD) $(srcdir)/tools/measure/collectives.cu -lnccl
measure/gemm: tools/measure/gemm.cu tools/measure/measure.cuh
	$(NVCC_BUILD) $(srcdir)/tools/measure/gemm.cu -lcublasLt
measure/memory: tools/measure/memory.cu tools/measure/measure.cuh
	$(NVCC_BUILD) $(srcdir)/tools/measure/memory.cu
CLEANFILES += $(measure_programs) measure/collectives
else
measure:
	@echo 'measure: configure found no nvcc; install CUDA and configure again (NVCC=/path/to/nvcc)' >&2; exit 1
endif
