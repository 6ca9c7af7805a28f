#!/bin/sh
# Ends Postgres when the stack dies without a word: our stdin is a pipe that only the stack holds.
# $1: postmaster.pid, whose first line is the pid. A pid that is no postgres any more is left alone.
cat >/dev/null
pid=$(head -n 1 "$1" 2>/dev/null) || exit 0
command=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null || ps -o args= -p "$pid" 2>/dev/null)
case $command in *postgres*) kill -INT "$pid" ;; esac
