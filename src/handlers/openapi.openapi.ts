import * as z from 'zod/mini';

import { named, type OperationWords } from '../lib/words.openapi.ts';

const apiDocument = named(
  z.looseObject({
    openapi: z.literal('3.1.1'),
    info: z.looseObject({}),
    paths: z.looseObject({}),
  }),
  'ApiDocument',
  'An OpenAPI document, such as this one.',
);

export const words: OperationWords = {
  route: 'GET /openapi.json',
  operationId: 'getOpenApi',
  tag: 'Service',
  summary: 'Get this document',
  description: 'The OpenAPI document of the gateway.',
  successes: {
    200: {
      description: 'The document.',
      content: {
        'application/json': {
          schema: apiDocument,
          examples: {
            document: {
              summary: 'The beginning of this document',
              value: { openapi: '3.1.1', info: { title: 'dlc-task-gateway' }, paths: {} },
            },
          },
        },
      },
    },
  },
  problems: ['route-not-found'],
};
