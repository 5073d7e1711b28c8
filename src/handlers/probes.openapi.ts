import { problemSchema } from '../lib/http/problem-response.openapi.ts';
import { problemResponse } from '../lib/http/response.ts';
import { notReady } from './probes.ts';
import { EXAMPLE, probeSuccess, type OperationWords } from '../lib/words.openapi.ts';

const { body } = problemResponse(notReady('cloud-credentials-rejected'), {
  requestId: EXAMPLE.requestId,
  typePrefix: '',
});

const health: OperationWords = {
  route: 'GET /healthz',
  operationId: 'getHealth',
  tag: 'Service',
  summary: 'Ask whether the process can serve',
  description: 'For probes: 200 as long as the process can serve. DLC is never asked.',
  successes: {
    200: probeSuccess('ok', 'Health', 'The process can serve'),
  },
};

const readiness: OperationWords = {
  route: 'GET /readyz',
  operationId: 'getReadiness',
  tag: 'Service',
  summary: 'Ask whether the gateway can cancel tasks',
  description:
    'For probes and deployments: whether there are cloud credentials, DLC accepts them, and Redis accepts the settings. DLC is asked at most once a minute.',
  successes: {
    200: probeSuccess('ready', 'Readiness', 'The gateway can cancel tasks'),
    503: {
      description: 'An operator has to mend something first: `fault` names its kind.',
      content: {
        'application/problem+json': {
          schema: problemSchema,
          examples: {
            notReady: { summary: 'DLC refuses its credentials', value: JSON.parse(body) },
          },
        },
      },
      headers: { 'Retry-After': 'always' },
    },
  },
};

export const words = [health, readiness];
