"""Cancels a task with an API key, and says what became of it: repeats after Retry-After, and asks for the state
where only that shows it. Needs Python's own library alone.

    GATEWAY_API_KEY=dlcgw_... python3 examples/cancel.py <task id>
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

GATEWAY_URL = os.environ.get("GATEWAY_URL", "http://127.0.0.1:9000")
MOST_ATTEMPTS = 5
FINAL = ("cancelled", "succeeded", "failed")


def ask(method, task_id):
    """Gives the body, and for how many seconds to wait: 0 where nothing will change."""
    request = urllib.request.Request(
        f"{GATEWAY_URL}/tasks/{urllib.parse.quote(task_id, safe='')}",
        method=method,
        headers={"X-API-Key": os.environ.get("GATEWAY_API_KEY", ""), "Prefer": "wait=3"},
    )
    try:
        try:
            response = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return json.load(response), int(response.headers.get("Retry-After", 0))
    except (OSError, ValueError):
        # The request may have arrived all the same.
        return {"code": "no-response", "retryable": True, "outcomeUnknown": True}, 2


def state_of(task_id):
    """Gives the state of the task, once it is final, or after some time."""
    for attempt in range(1, MOST_ATTEMPTS + 1):
        body, wait = ask("GET", task_id)
        is_last = attempt == MOST_ATTEMPTS
        if "state" in body and (wait == 0 or is_last):
            return body["state"]
        if "code" in body and (not body["retryable"] or is_last):
            return body["code"]
        time.sleep(wait)


def cancel(task_id):
    """Gives what became of the task: cancelled, another state, or the code of an error."""
    for attempt in range(1, MOST_ATTEMPTS + 1):
        body, wait = ask("DELETE", task_id)
        outcome, code = body.get("outcome"), body.get("code")
        if outcome in ("cancelled", "already_cancelled"):
            return "cancelled"
        if code == "task-already-finished" and "taskState" in body:
            return body["taskState"]
        # Cancelling twice does no harm, so an error is repeated even if nobody knows what it did.
        if body.get("retryable") and attempt < MOST_ATTEMPTS:
            time.sleep(wait)
        elif outcome or body.get("outcomeUnknown"):
            return state_of(task_id)
        else:
            return code


if __name__ == "__main__":
    became = cancel(sys.argv[1])
    print(became if became in FINAL else f"not known to have ended: {became}")
    sys.exit(became != "cancelled")
