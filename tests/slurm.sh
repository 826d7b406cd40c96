#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A sweep on a real Slurm: controller and nodes of a private configuration on this machine. Tasks of an array are cancelled and killed, the
# sweep is submitted again, and the merged result equals that of a run without a queue, byte for byte.
# Needs root (munge's key belongs to its own user) and the packages slurmctld slurmd slurm-client munge slurm-wlm-basic-plugins.
top=${TOP_SRCDIR:-.} build=${TOP_BUILDDIR:-build} PATH=${TOP_BUILDDIR:-build}:$PATH LLMSIM_DATA=$top
PATH=$PATH:/usr/sbin
export PATH LLMSIM_DATA
unset LLMSIM_DB
skip() { echo "1..0 # SKIP $1"; exit 0; }
for tool in slurmctld slurmd munged sbatch squeue scancel scontrol sinfo runuser; do
    command -v $tool >/dev/null || skip "no $tool: packages slurmctld slurmd slurm-client munge slurm-wlm-basic-plugins"
done
test "$(id -u)" -eq 0 || skip 'root starts the daemons'
id munge >/dev/null 2>&1 || skip 'no user munge'
! grep -q fsanitize "$build/Makefile" 2>/dev/null || skip 'sanitized: daemons and many short runs are too slow'

here=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-slurm.XXXXXX") || exit 99
chmod 755 "$here"
number=0 failed=0
check() { # NAME COMMAND...
    number=$((number + 1)); name=$1; shift
    if "$@" >"$here/out" 2>&1; then echo "ok $number - $name"; else echo "not ok $number - $name"; failed=1; sed 's/^/# /' "$here/out"; fi
}
# until_true SECONDS COMMAND...
until_true() {
    tries=$(($1 * 5)); shift
    until "$@"; do
        tries=$((tries - 1))
        test $tries -gt 0 || { echo "waited in vain for: $*"; squeue 2>&1; sinfo -N 2>&1; tail -n 20 "$here"/log/*.log 2>/dev/null; return 1; }
        sleep 0.2
    done
}
gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null; }
# Jobs first, then the daemons by the pids that they wrote down; what does not go is killed.
clean_up() {
    test ! -f "$here/slurm.conf" || scancel -u root >/dev/null 2>&1
    for pid in $(cat "$here"/run/*.pid "$here"/munge/*.pid 2>/dev/null); do kill "$pid" 2>/dev/null; done
    for pid in $(cat "$here"/run/*.pid "$here"/munge/*.pid 2>/dev/null); do
        until_true 5 gone "$pid" >/dev/null 2>&1 || kill -KILL "$pid" 2>/dev/null
    done
    # what a task started stands in its environment
    for environ in $(grep -ls "SLURM_CONF=$here/" /proc/[0-9]*/environ 2>/dev/null); do
        pid=${environ#/proc/}; pid=${pid%/environ}
        test "$pid" = $$ || case $(cat "/proc/$pid/comm" 2>/dev/null) in slurm* | llmsim) kill -KILL "$pid" 2>/dev/null ;; esac
    done
    cd / && rm -rf "$here"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cd "$here" || exit 99

host=$(hostname -s) port=$((20000 + $$ % 20000))
mkdir -p state log run munge spool.n1 spool.n2 spool.n3 shards
dd if=/dev/urandom of=munge/key bs=1024 count=1 2>/dev/null
chmod 600 munge/key
chown -R munge munge
cat >slurm.conf <<END
ClusterName=llmsim
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
AuthInfo=socket=$here/munge/socket,cred_expire=5
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$here/state
SlurmctldPidFile=$here/run/slurmctld.pid
SlurmdPidFile=$here/run/slurmd.%n.pid
SlurmdSpoolDir=$here/spool.%n
SlurmctldLogFile=$here/log/slurmctld.log
SlurmdLogFile=$here/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,sched_min_interval=0
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
KillWait=2
MinJobAge=3600
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=4 RealMemory=8000 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=4 RealMemory=8000 State=UNKNOWN
NodeName=n3 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 3)) CPUs=4 RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
SLURM_CONF=$here/slurm.conf TMPDIR=$here
export SLURM_CONF TMPDIR

cat >sweep.yaml <<'END'
name: queued
trace: llama2-70b-layer-decode
axes:
  arch: [A100-80GB, H100]
  recipe.w: [fp16, int8, int4g128]
  recipe.kv: [fp16, int8]
  layout.tp: { from: 1, to: 8 }
END

idle() { test "$(sinfo -h -N -o %T 2>/dev/null | grep -c '^idle$')" -eq 3; }
started() {
    runuser -u munge -- munged --key-file="$here/munge/key" --socket="$here/munge/socket" --pid-file="$here/munge/munged.pid" \
        --log-file="$here/munge/log" --seed-file="$here/munge/seed" --num-threads=2 &&
        slurmctld -c && slurmd -N n1 && slurmd -N n2 && slurmd -N n3 && until_true 30 idle
}
submitted() { llmsim sweep submit sweep.yaml --queue slurm --tasks 24 --memory 100 --concurrent "$1" --folder "$here/shards" --db queued.db 2>said || { cat said; return 1; }; cat said
    array=$(sed -n 's/^array of .*: //p' said) merge=$(sed -n 's/^merge when .*: //p' said); test "$array" && test "$merge"; }
# Nothing starts before some tasks are held: they are there to be cancelled however fast the others are.
begun() {
    scontrol update PartitionName=main State=DOWN && submitted 3 && scontrol hold "${array}_[14-17]" && scontrol hold "${array}_[21-23]" &&
        scontrol update PartitionName=main State=UP
}
some_done() { test "$(ls shards/*.db 2>/dev/null | wc -l)" -ge 2; }
# The held tasks are cancelled; those that run lose their processes by kill -9, whatever they are at.
disturbed() {
    until_true 30 some_done || return 1
    scancel "${array}_[14-17]" && scancel "${array}_[21-23]" || return 1
    for environ in $(grep -ls "SLURM_ARRAY_JOB_ID=$array" /proc/[0-9]*/environ 2>/dev/null); do
        pid=${environ#/proc/}; pid=${pid%/environ}
        case $(cat "/proc/$pid/comm" 2>/dev/null) in llmsim | slurm_script) kill -KILL "$pid" 2>/dev/null && echo "killed $pid" ;; esac
    done
    return 0
}
ended() { test -z "$(squeue -h -j "$1" 2>/dev/null)"; }
all_ended() { until_true 60 ended "$array" && until_true 30 ended "$merge"; }
# After a merge of what there was the sweep is not whole: the cancelled tasks lack.
lacks_some() { test "$(ls shards/*.db | wc -l)" -lt 24 && llmsim sweep status sweep.yaml --db queued.db --folder shards --tasks 24; }
exported() { llmsim sweep export sweep.yaml --db "$1.db" >"$1.txt" && test "$(wc -l <"$1.txt")" -eq 96; }
whole() {
    test "$(ls shards/*.db | wc -l)" -eq 24 || { ls -a shards; tail -n 5 shards/*.log; return 1; }
    llmsim sweep submit sweep.yaml --queue slurm --tasks 24 --folder "$here/shards" --db queued.db | grep 'nothing to submit'
}
same() { exported serial && exported queued && cmp serial.txt queued.txt; }

# What docs/tutorial-sweep.md does on a cluster, between <!-- not run --> and <!-- run -->, prints what stands there, but for numbers of jobs and the queue's state.
page_section() { awk '/^<!-- not run/ { on = 1 } /^<!-- run -->/ { on = 0 } on && /^    \$ / { queue = /squeue/ } on && /^    / && !queue' "$top/docs/tutorial-sweep.md"; }
one_by_one() {
    page_section | sed -n 's/^    \$ //p' | while read -r line; do
        printf '    $ %s\n' "$line"
        sh -c "$line" </dev/null >answer 2>&1 || { cat answer; return 1; }
        sed '/^[0-9.e+]* rows\/s$/d; s/^/    /' answer
        for job in $(sed -n 's/^array of .*: //p; s/^merge when .*: //p' answer); do until_true 90 ended "$job"; done
    done
}
tutorial() {
    mkdir -p tutorial && cd tutorial && ln -s "$build" build && ln -s "$top/experiments" experiments &&
        build/llmsim sweep run experiments/serving_formats.yaml -j 2 --detail --db serving.db >/dev/null 2>&1 && one_by_one | sed 's/: [0-9]*$/: ID/' >got
    page_section | sed 's/: [0-9]*$/: ID/' | diff - got
}

echo 1..10
check 'a run without a queue' llmsim sweep run sweep.yaml --db serial.db
check 'controller and three nodes' started
test $failed -eq 0 || { tail -n 20 log/*.log munge/log 2>/dev/null | sed 's/^/# /'; exit 1; }
check 'an array of 24 tasks' begun
check 'tasks are cancelled and killed' disturbed
check 'the array and its merge end' all_ended
check 'what was cancelled lacks' lacks_some
check 'submitted again: what lacks is computed' eval 'submitted 0 && all_ended'
check 'every slice is there' whole
check 'the same bytes as without a queue' same
check 'the tutorial on a cluster' tutorial
