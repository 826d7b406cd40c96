# SPDX-License-Identifier: Apache-2.0
# validate/: predictions held against measurements (libllmsim_results_la_SOURCES)
