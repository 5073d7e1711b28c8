import { faultKinds } from './faults.ts';

/** What `GET /_emulator` says. */
export function helpText(): string {
  return `An emulator of dlc.tencentcloudapi.com, version 2021-01-25: CancelTask and DescribeTasks at /.

GET    /_emulator/tasks     all tasks, the newest first
POST   /_emulator/tasks     {id, state, engine?, region?} or an array: 201. The state is a name
                            (initializing, running, succeeded, writing, queued, failed, cancelled) or
                            DLC's number. Without a region the task is there in every one. An id that
                            is there already starts anew.
GET    /_emulator/faults    the faults that still wait for requests
POST   /_emulator/faults    {action, kind, times?, taskId?, accept?, ...} or an array: 201
DELETE /_emulator/faults    forgets them: 204
GET    /_emulator/stats     {calls, busiestSecond, rateLimited, badSignatures, cancelled}
GET    /_emulator/requests  the last 1000 requests to the API
POST   /_emulator/reset     as new: 204

Kinds of faults: ${faultKinds.join(', ')}.
code {code, message?, detail?}  status {status}  delay {ms}  body {body, contentType?}
redirect {location}  refuse {ms?}
times: how many requests it meets, or "always"; 1 by default. taskId: only requests about that task.
accept: true: the cancellation takes effect first.
refuse closes the port itself, for every new connection, whatever its action or task, until so many
attempts to connect have failed (Linux counts them, for all programs), at the longest for ms: by default
5000, or 500 for a number of times where the system does not count. Connections that have spoken to the
control API stay open: DELETE /_emulator/faults on one of them ends it.
CancelTask's limit is 20 arrivals in any second per region; refused ones count too.
`;
}
