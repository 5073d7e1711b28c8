"""Cancels a list of tasks with an API key: a hundred at once, and those again that could not be cancelled
for now, after Retry-After. Needs Python's own library alone.

    GATEWAY_API_KEY=dlcgw_... python3 examples/cancel_many.py <task id> ...
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

AT_ONCE = 100
MOST_ROUNDS = 20


class Gateway:
    def __init__(self, url, api_key):
        self.url = url
        self.api_key = api_key

    def cancel(self, task_ids):
        """Gives the results of up to 100 tasks, and the seconds after which to try again."""
        request = urllib.request.Request(
            f"{self.url}/tasks:cancel",
            method="POST",
            data=json.dumps({"taskIds": task_ids}).encode(),
            headers={"X-API-Key": self.api_key, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)["results"], int(response.headers.get("Retry-After", 0))
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            # Only the quota is of the whole request; what is owed for the batch before is waited for.
            if problem["retryable"]:
                return [], int(error.headers["Retry-After"])
            raise RuntimeError(f"{problem['code']}: {problem['detail']}") from None

    def cancel_all(self, task_ids):
        """Gives the last result of each task, by its id."""
        last, left = {}, list(dict.fromkeys(task_ids))
        for _ in range(MOST_ROUNDS):
            some, left = left[:AT_ONCE], left[AT_ONCE:]
            results, seconds = self.cancel(some)
            last.update({result["taskId"]: result for result in results})
            left += [task for task in some if last.get(task, {"retryable": True}).get("retryable")]
            if not left:
                break
            time.sleep(seconds)
        return last


if __name__ == "__main__":
    gateway = Gateway(
        os.environ.get("GATEWAY_URL", "http://127.0.0.1:9000"), os.environ["GATEWAY_API_KEY"]
    )
    results = gateway.cancel_all(sys.argv[1:])
    for task_id, result in results.items():
        print(task_id, result.get("outcome", result.get("code")))
    sys.exit(any(result["status"] >= 300 for result in results.values()))
