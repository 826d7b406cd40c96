#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Draws docs/figures/validation_KIND.svg and renews the tables of docs/validation.md between its two marks. Run by `make validation`.
#     validation.sh LLMSIM TOP MEASUREMENTS
set -eu
llmsim=$1 top=$2 measurements=$3
begin='<!-- begin: written by make validation -->' end='<!-- end: written by make validation -->'
page=$top/docs/validation.md
for mark in "$begin" "$end"; do
    grep -qxF "$mark" "$page" || { echo "validation.sh: $page has no line '$mark'" >&2; exit 1; }
done
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$top/docs/figures"
cd "$measurements"
for kind in gemm attention elementwise moe collective endtoend training training_memory; do
    test -f "$kind.csv" || continue
    by=device,source
    test "$kind" != collective || by=source
    "$llmsim" validate "$kind.csv" --by "$by" --plot "$scratch/$kind.svg" >"$scratch/report"
    printf '\n### %s\n`llmsim validate %s.csv --by %s`\n\n![%s](figures/validation_%s.svg)\n\n```\n' "$kind" "$kind" "$by" "$kind" "$kind"
    sed '/^$/,$d' "$scratch/report"
    printf '```\n'
done >"$scratch/tables"
for picture in "$scratch"/*.svg; do
    cp "$picture" "$top/docs/figures/validation_$(basename "$picture")"
done
awk -v begin="$begin" -v end="$end" -v tables="$scratch/tables" '
    $0 == end { inside = 0 }
    !inside { print }
    $0 == begin { inside = 1; while ((getline line < tables) > 0) print line }' "$page" >"$scratch/page"
cp "$scratch/page" "$page"
