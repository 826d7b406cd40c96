#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each room includes only rooms that stand above it (docs/architecture.md). One test a room, TAP.
# The rule: a room, then what it may include beside itself. sim/hw is a room of its own behind a C header.
rules='
base        :
formats     : base
arch        : base formats
workloads   : base formats arch
sim         : base formats arch workloads
sim/hw      : base formats arch workloads sim
costmodel   : base formats arch workloads sim
costmodel/rtl : base formats
validate    : base formats arch workloads sim costmodel
store       : base formats arch workloads sim costmodel validate
sweep       : base formats arch workloads sim costmodel validate store
reports     : base formats arch workloads sim costmodel validate store
api         : base formats arch workloads sim costmodel validate store sweep reports
cli         : base formats arch workloads sim costmodel costmodel/rtl validate store sweep reports api
'
# Doors: single headers that a room may include although their room stands below. C sees the SystemC models only through this one.
doors='
sim sim/hw/cycle.h
'
cd "${TOP_SRCDIR:-.}" || exit 99

# room_of PATH: the longest room that holds it
room_of() {
    case $1 in
        sim/hw/*) echo sim/hw ;;
        costmodel/rtl/*) echo costmodel/rtl ;;
        */*) echo "${1%%/*}" ;;
        *) echo top ;;
    esac
}

# violations ROOM ALLOWED: "file:line: includes x/y.h" for each include that the rule forbids. Quoted includes are
# rooted at the top of the tree; config.h and model_sources.h, which the build writes, are the only ones without a room.
violations() {
    find "$1" -name '*.[ch]' -o -name '*.cpp' -o -name '*.hpp' | sort | while read -r file; do
        test "$(room_of "$file")" = "$1" || continue
        sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/;t found
                b
                :found
                =;p' "$file" | while read -r line && read -r header; do
            target=$(room_of "$header")
            case " $1 $2 " in
                *" $target "*) test -f "$header" || echo "$file:$line: includes $header, which does not exist" ;;
                *) case "$1 $header" in "sim sim/hw/cycle.h") continue ;; esac # the C header behind which C++ stands
                   test "$header" = config.h || test "$header" = model_sources.h || test "$header" = format_tables.h || test "$header" = fpga_tables.h || test "$header" = html_page.h || echo "$file:$line: $1 includes $header, but may include only: ${2:-nothing above it}" ;;
            esac
        done
    done
}

# Systems that only some rooms may know: the header, then the rooms.
systems='
sqlite3.h : store
yaml.h    : base
systemc   : sim/hw
systemc.h : sim/hw
glpk.h    : costmodel
gsl/      : base formats sim costmodel validate sweep
'
strangers() {
    echo "$systems" | while read -r header colon rooms; do
        test -n "$header" || continue
        grep -rn --include='*.[ch]' --include='*.cpp' "#[[:space:]]*include[[:space:]]*<$header" base formats arch workloads \
            sim costmodel validate store sweep reports api cli 2>/dev/null | while IFS=: read -r file line rest; do
            case " $rooms " in
                *" $(room_of "$file") "*) ;;
                *) echo "$file:$line: includes <$header>, which only $rooms may know" ;;
            esac
        done
    done
}

number=0
report() { # NAME FOUND
    number=$((number + 1))
    if test -z "$2"; then echo "ok $number - $1"; else
        echo "not ok $number - $1"
        echo "$2" | sed 's/^/# /'
    fi
}

echo "1..$(($(echo "$rules" | grep -c ':') + 2))"
while read -r room colon allowed; do
    test -n "$room" || continue
    found=
    test ! -d "$room" || found=$(violations "$room" "$allowed")
    report "$room includes only rooms above it" "$found"
done <<EOF
$rules
EOF
report "libraries are known only to their rooms" "$(strangers)"

# A room that the rule does not name is a room that nothing checks.
unknown=
for makefile in */local.mk */*/local.mk; do
    room=${makefile%/local.mk}
    case $room in tests | tests/* | bench | tools/*) continue ;; esac
    echo "$rules" | grep -q "^$room  *:" || unknown="$unknown$room has no rule in tests/rooms.sh "
done
report "every room has a rule" "$unknown"
