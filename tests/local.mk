# SPDX-License-Identifier: Apache-2.0
# tests/: suites, golden files, fuzz targets
