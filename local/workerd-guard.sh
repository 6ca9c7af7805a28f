#!/bin/sh
# Stands in for the workerd binary: records its pid, and lets it live no longer than the worker host that starts it,
# so that an orphan never keeps the port or the SQLite files. `exec` keeps pid and file descriptors.
echo $$ >"$VIGIE_WORKERD_PID_FILE"
if command -v setpriv >/dev/null 2>&1 && setpriv --pdeathsig KILL true 2>/dev/null; then
  exec setpriv --pdeathsig KILL "$VIGIE_WORKERD" "$@"
fi
# Without setpriv (macOS): a watcher asks every half second. Node never reuses its pid within that time.
host=$PPID
workerd=$$
(
  while kill -0 "$host" 2>/dev/null && kill -0 "$workerd" 2>/dev/null; do sleep 0.5; done
  kill -9 "$workerd" 2>/dev/null
) </dev/null >/dev/null 2>&1 3>&- &
exec "$VIGIE_WORKERD" "$@"
