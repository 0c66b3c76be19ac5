#!/bin/sh
# One run of the monitors for cron, or anything else that starts a command: build, tell, look, act.
#
#   monitoring.sh daily    all models
#   monitoring.sh hourly   the monitors that are tagged hourly, what they read, and all results
#   monitoring.sh tell     builds nothing: digests, reminders, what could not be delivered before
#
# Ends with 0 where everything ran, incidents or none; 1 where something failed; 2 where it was called wrongly; 75 where
# another run was not over in time.
set -u

case ${1:-} in
daily) select='' ;;
hourly) select='--select +tag:hourly package:driftline' ;;
tell) ;;
*)
    echo 'usage: monitoring.sh daily|hourly|tell' >&2
    exit 2
    ;;
esac

# cron hands on next to no environment. This file, which its owner alone may read, has lines NAME=value: PATH with dbt and
# driftline, DBT_PROJECT_DIR, and the passwords that profiles.yml and driftline.yml ask for.
environment=${MONITORING_ENV:-/etc/monitoring.env}
if [ -r "$environment" ]; then
    set -a
    . "$environment"
    set +a
fi
cd "${DBT_PROJECT_DIR:?must be the folder of dbt_project.yml}" || exit 2

# One at a time, whichever of the three. The lock is on the folder and ends with this process, however that ends.
exec 9<.
if [ "$1" = tell ]; then
    # A run that is at it tells what there is when it has built.
    flock -n 9 || exit 0
    driftline alert
    exit
fi
if ! flock -w "${MONITORING_WAIT:-900}" 9; then
    echo 'monitoring.sh: another run was not over in time' >&2
    exit 75
fi

failed=0
# Of a build that could not even begin, dbt retry would take what an earlier one has left here, and call it a success.
rm -f target/run_results.json
# shellcheck disable=SC2086  # several words, or none
dbt build $select || { sleep "${MONITORING_PAUSE:-60}"; dbt retry; } || {
    failed=1
    # What fails twice holds up no other monitor.
    dbt build --select package:driftline
}

driftline alert || failed=1

driftline check --severity critical
case $? in
0) # Quiet, and judged. What may only happen then:
    if [ $failed = 0 ] && [ -x ./publish.sh ]; then ./publish.sh || failed=1; fi
    ;;
1) ;; # Open incidents: driftline alert has told them, and started what they start.
*) failed=1 ;; # Nothing can be said, so this is no all-clear.
esac
exit $failed
