#!/bin/sh
# Cancels a task with curl, then shows its state. --retry waits as long as Retry-After says.
#
#   GATEWAY_API_KEY=dlcgw_… examples/curl.sh <task id>
set -eu
gateway=${GATEWAY_URL:-http://127.0.0.1:9000}
task=$1

# curl reads the key from stdin: every user of the machine can see its arguments.
ask() {
  printf 'header = "X-API-Key: %s"\n' "$GATEWAY_API_KEY" | curl --config - --silent --show-error --retry 4 "$@"
  echo
}

ask --request DELETE --header 'Prefer: wait=3' "$gateway/tasks/$task"
ask "$gateway/tasks/$task"
