# SPDX-License-Identifier: Apache-2.0
# bench/: benchmarks of llmsim itself
