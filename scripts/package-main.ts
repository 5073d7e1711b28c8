#!/usr/bin/env node
import { createProgram } from './cli/program.ts';
import { run } from './cli/run.ts';

/** The command `dlc-task-gateway` of the package: bundled as `dist/cli.js`. */
void run(createProgram());
