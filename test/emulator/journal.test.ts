import { expect, it } from '@jest/globals';
import { Journal, visibleHeaders, type JournalEntry } from '../../emulator/journal.ts';

function entry(taskId: string): JournalEntry {
  return {
    at: '2026-01-31T00:00:00.000Z',
    method: 'POST',
    action: 'CancelTask',
    region: null,
    taskIds: [taskId],
    headers: {},
    outcome: null,
  };
}

it('keeps the last 1000 requests, and counts all', () => {
  const journal = new Journal();
  for (let index = 0; index < 1002; index += 1) journal.add(entry(String(index)));
  const kept = journal.entries().map(({ taskIds }) => taskIds[0]);
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([1000, '2', '1001']);
  expect(journal.calls).toEqual({ CancelTask: 1002, DescribeTasks: 0 });
});

it('counts no action that it does not know', () => {
  const journal = new Journal();
  journal.add({ ...entry('a'), action: 'toString' });
  journal.add({ ...entry('a'), action: null });
  expect(journal.calls).toEqual({ CancelTask: 0, DescribeTasks: 0 });
});

it('shows headers in lower case, and no credentials', () => {
  const sent = ['X-TC-TraceId', 'Abc', 'Authorization', 'secret', 'X-TC-Token', 'secret'];
  expect(visibleHeaders(sent)).toEqual({ 'x-tc-traceid': 'Abc', 'x-tc-token': '(hidden)' });
});
