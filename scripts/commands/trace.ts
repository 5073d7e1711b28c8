import { command } from '../cli/command.ts';

export const trace = command('trace', {
  summary: 'Lists the files and functions of src that one cancellation executes.',
  details:
    "Runs DELETE /tasks/{taskId} through src/function.ts against an emulator in the same process: some to warm up, then one with V8's precise coverage.",
  examples: ['', '--functions'],
  exits: { failed: 'the cancellation was not accepted' },
})
  .option('--functions', 'lists the functions too')
  .action(async ({ functions = false }) => {
    const work = await import('../trace.ts');
    await work.trace({ functions });
  });
