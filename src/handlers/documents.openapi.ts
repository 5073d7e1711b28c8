import * as z from 'zod/mini';

import { PROBLEM_TEXTS } from '../lib/problems.openapi.ts';
import { PROBLEMS, titleOf } from '../lib/problems.ts';
import { toProblemPage } from './documents.ts';
import {
  named,
  problemCode,
  problemStatus,
  problemTitle,
  problemType,
  schemaRef,
  sentence,
  text,
  type OperationWords,
} from '../lib/words.openapi.ts';

const apiDocument = named(
  z.looseObject({
    openapi: z.literal('3.1.1'),
    info: z.looseObject({}),
    paths: z.looseObject({}),
  }),
  'ApiDocument',
  'An OpenAPI document, such as this one.',
);

const openApi: OperationWords = {
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

const problemJson = named(
  z.strictObject({
    type: problemType,
    code: problemCode,
    title: problemTitle,
    status: problemStatus,
    retryable: z.boolean(),
    meaning: sentence,
    advice: z.optional(sentence),
    snippet: z.optional(text(/^.+$/, 500)),
    operator: z.optional(sentence),
  }),
  'ProblemPage',
  'What a code means, what to do about it, and where the operator looks.',
);
const problemHtml = named(
  text(/^<!doctype html>/, 8192),
  'ProblemHtml',
  'The same as a page for people.',
);

const { status, retryable } = PROBLEMS['task-busy'];
const title = titleOf('task-busy');
const example = {
  code: 'task-busy',
  title,
  status,
  retryable,
  ...PROBLEM_TEXTS['task-busy'],
} as const;

const problemPage: OperationWords = {
  route: 'GET /problems/{code}',
  operationId: 'getProblem',
  tag: 'Service',
  summary: 'Look up what a problem means',
  description:
    "Where a problem's `type` leads to: what it means, what to do about it, and where the operator looks.",
  parameters: [
    {
      name: 'code',
      in: 'path',
      required: true,
      description: 'The code of a problem.',
      schema: schemaRef('ProblemCode'),
      example: 'task-busy',
    },
  ],
  successes: {
    200: {
      description:
        'JSON, or a page if `Accept` prefers HTML; in Chinese if `Accept-Language` does.',
      content: {
        'application/json': {
          schema: problemJson,
          examples: {
            problemPage: { summary: 'JSON', value: { type: '/problems/task-busy', ...example } },
          },
        },
        'text/html': {
          schema: problemHtml,
          examples: { problemHtml: { summary: 'A page', value: toProblemPage(example) } },
        },
      },
    },
  },
  problems: ['route-not-found'],
  negotiates: true,
};

export const words = [openApi, problemPage];
