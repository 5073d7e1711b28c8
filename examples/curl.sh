#!/bin/sh
# Cancels a task with curl, and shows what comes of it. --retry waits as long as Retry-After says.
#
#   GATEWAY_API_KEY=dlcgw_… examples/curl.sh <task id>
set -eu
gateway=${GATEWAY_URL:-http://127.0.0.1:9000}
task=$1

# The key is read from stdin: in the arguments, every user of the machine could see it.
ask() {
  printf 'header = "X-API-Key: %s"\n' "$GATEWAY_API_KEY" | curl --config - --silent --show-error --retry 4 "$@"
  echo
}

ask --request DELETE --header 'Prefer: wait=3' "$gateway/tasks/$task"
ask "$gateway/tasks/$task"
