#!/usr/bin/env bash
# Starts Slurm with one node and two slots on this machine, from Debian packages, to test `--executor slurm`.
# Needs root; all daemons listen only on the loopback interface.
#
#   scripts/slurm/start.sh          install and start
#   scripts/slurm/start.sh stop     stop the daemons
#
# Exits with 77 if the packages cannot be installed.
set -euo pipefail

stop() {
    for daemon in slurmd slurmctld munged; do
        if [ -s "/run/seismic-slurm/$daemon.pid" ]; then
            kill "$(cat "/run/seismic-slurm/$daemon.pid")" 2>/dev/null || true
            rm -f "/run/seismic-slurm/$daemon.pid"
        fi
    done
}

if [ "${1:-}" = stop ]; then
    stop
    exit 0
fi
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 77; }

if ! command -v slurmctld >/dev/null || ! command -v sbatch >/dev/null || ! command -v munged >/dev/null; then
    # The packages must not start their services.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    apt-get update -q >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        slurmctld slurmd slurm-client munge >/dev/null 2>&1 || { echo "the packages cannot be installed" >&2; exit 77; }
fi

stop
host="$(hostname -s)"
grep -qE "^127\.0\.0\.1[[:space:]].*\b$host\b" /etc/hosts || echo "127.0.0.1 $host" >>/etc/hosts
mkdir -p /run/seismic-slurm /run/munge /etc/munge /var/log/munge /var/lib/munge /etc/slurm \
    /var/spool/slurmctld /var/spool/slurmd /var/log/slurm
chown munge: /run/munge /etc/munge /var/log/munge /var/lib/munge
chmod 755 /run/munge
if [ ! -s /etc/munge/munge.key ]; then
    head -c 1024 /dev/urandom >/etc/munge/munge.key
    chown munge: /etc/munge/munge.key
    chmod 400 /etc/munge/munge.key
fi
cat >/etc/slurm/slurm.conf <<CONF
ClusterName=ci
SlurmctldHost=$host(127.0.0.1)
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
AuthType=auth/munge
AuthInfo=cred_expire=5
StateSaveLocation=/var/spool/slurmctld
SlurmdSpoolDir=/var/spool/slurmd
SlurmctldPidFile=/run/seismic-slurm/slurmctld.pid
SlurmdPidFile=/run/seismic-slurm/slurmd.pid
SlurmctldLogFile=/var/log/slurm/slurmctld.log
SlurmdLogFile=/var/log/slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,sched_min_interval=200000,batch_sched_delay=0,bf_interval=5,requeue_delay=1
# Seconds instead of minutes where a check would wait.
CompleteWait=0
MinJobAge=300
KillWait=20
SlurmdTimeout=20
ReturnToService=2
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
runuser -u munge -- munged --force >/dev/null 2>&1
cp /run/munge/munged.pid /run/seismic-slurm/munged.pid 2>/dev/null || true
slurmctld
slurmd
for _ in $(seq 40); do
    if sinfo -h -o %T 2>/dev/null | grep -qE 'idle|mixed|allocated'; then
        exit 0
    fi
    sleep 0.5
done
echo "the node does not come up:" >&2
sinfo >&2 || true
tail -5 /var/log/slurm/*.log >&2 || true
exit 1
