import { probeSuccess, type OperationWords } from '../lib/words.openapi.ts';

export const words: OperationWords = {
  route: 'GET /healthz',
  operationId: 'getHealth',
  tag: 'Service',
  summary: 'Ask whether the process can serve',
  description: 'For probes: 200 as long as the process can serve. DLC is never asked.',
  successes: {
    200: probeSuccess('ok', 'Health', 'The process can serve'),
  },
};
