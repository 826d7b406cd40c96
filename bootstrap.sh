#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a fresh checkout on Debian 12 to a result. Installs the packages that are missing, builds in build/, then
#     ./bootstrap.sh run      runs the main job and shows its report (further arguments go to `llmsim run`)
#     ./bootstrap.sh check    runs the tests
#     ./bootstrap.sh build    only builds
# Each step is taken only when it is needed. Nothing outside the checkout is touched but apt packages.
set -eu

packages='autoconf automake fonts-liberation gcc g++ gnuplot-nox libc6-dev libcunit1-dev libglpk-dev libgsl-dev libsqlite3-dev libsystemc-dev libtool
    libxxhash-dev libyaml-dev libzstd-dev make pkg-config zlib1g-dev'

usage() {
    sed -n '3,7s/^# \{0,1\}//p' "$0"
}

fail() {
    echo "bootstrap.sh: $*" >&2
    exit 1
}

# as_root COMMAND...
as_root() {
    if test "$(id -u)" -eq 0; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "not root and no sudo; run as root: $*"
    fi
}

install_missing() {
    command -v dpkg-query >/dev/null || fail "dpkg-query not found: this script knows Debian 12; elsewhere install $packages and run ./configure"
    missing=
    for package in $packages; do
        case " $installed " in
            *" $package "*) ;;
            *) missing="$missing $package" ;;
        esac
    done
    test -n "$missing" || return 0
    echo "installing:$missing" >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >&2 </dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing >&2 </dev/null
}

# What make cannot do for itself: the first configure. Later changes of configure.ac and Makefile.am are make's business.
configure_tree() {
    if test ! -f configure || test ! -f Makefile.in; then
        autoreconf -i >&2
    fi
    if test ! -f build/Makefile; then
        mkdir -p build
        (cd build && ../configure -q) >&2
    fi
}

build_tree() {
    jobs=$(nproc 2>/dev/null || echo 1)
    make -s -C build -j"$jobs" >&2
}

case ${1-} in
    run | check | build) task=$1; shift ;;
    -h | --help) usage; exit 0 ;;
    '') usage >&2; exit 2 ;;
    *) echo "bootstrap.sh: unknown task '$1', expected run, check or build" >&2; exit 2 ;;
esac

top=$(cd "$(dirname "$0")" && pwd)
cd "$top"
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages 2>/dev/null | sed -n 's/^installed //p' | tr '\n' ' ') || true
install_missing
configure_tree
build_tree
case $task in
    run) exec build/llmsim run arch/lut_tc.yaml workloads/llama70b.trace --db build/llmsim.db "$@" ;;
    check) exec make -s -C build -j"$(nproc 2>/dev/null || echo 1)" check ;;
esac
