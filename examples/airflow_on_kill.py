"""An Airflow operator that cancels its DLC tasks when it is killed: marked failed, cleared, timed out.
Without on_kill, the tasks go on and are billed. Copy it with cancel_many.py into the folder of your DAGs.

    class DlcSqlOperator(CancelOnKill, BaseOperator): ...

The worker holds an API key of the gateway, and no cloud key: GATEWAY_URL and GATEWAY_API_KEY.
A deferred task runs no on_kill: its trigger has to call cancel_tasks.
"""

import logging
import os

try:
    from airflow.sdk import BaseOperator  # Airflow 3
except ImportError:
    from airflow.models import BaseOperator

from cancel_many import Gateway

log = logging.getLogger(__name__)


def cancel_tasks(task_ids):
    """Asks the gateway to cancel the tasks. What cannot be cancelled is logged: a kill goes on all the same."""
    gateway = Gateway(os.environ["GATEWAY_URL"], os.environ["GATEWAY_API_KEY"])
    try:
        results = gateway.cancel_all(task_ids)
    except (OSError, RuntimeError) as error:
        log.error("DLC tasks %s may go on: %s", ", ".join(task_ids), error)
        return
    for task_id, result in results.items():
        level = logging.INFO if result["status"] < 300 else logging.WARNING
        log.log(level, "DLC task %s: %s", task_id, result.get("outcome", result.get("code")))


class CancelOnKill:
    """Put it before the operator. `execute` notes each task as soon as DLC gives its id."""

    def note_task(self, task_id):
        self.dlc_task_ids = [*getattr(self, "dlc_task_ids", []), task_id]

    def on_kill(self):
        task_ids = getattr(self, "dlc_task_ids", [])
        if task_ids:
            cancel_tasks(task_ids)
        super().on_kill()


class RunOnDlc(CancelOnKill, BaseOperator):
    """Submits with a callable of yours, which gives the id of a task, and waits with another."""

    def __init__(self, *, submit, wait, **kwargs):
        super().__init__(**kwargs)
        self.submit = submit
        self.wait = wait

    def execute(self, context):
        task_id = self.submit(context)
        self.note_task(task_id)
        return self.wait(task_id)
