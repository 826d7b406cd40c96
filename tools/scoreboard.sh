#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes what comes out now into validate/scoreboard.yaml and docs/scoreboard.md. Run by `make scoreboard`; with REFIT=1 the folds are fitted anew first.
#     scoreboard.sh LLMSIM TOP MEASUREMENTS
set -eu
"$1" scoreboard "$2/validate/scoreboard.yaml" "$3" ${REFIT:+--refit} --write --markdown "$2/docs/scoreboard.md"
