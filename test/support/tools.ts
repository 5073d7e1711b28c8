import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { projectRoot } from './checkout.ts';

/** Checkers that live in `tools/` with a lock of their own; `npm run check` installs them first. */

export const TOOLS = path.join(projectRoot, 'tools', 'node_modules');

/** Loads a CommonJS module of a tool. What it gives is for the caller to say: there are no types. */
export const requireTool: (name: string) => unknown = createRequire(path.join(TOOLS, 'x.js'));

/** Calls a tool's function, and gives what it returns as an object's members. */
export function call(owner: object, method: string, ...args: unknown[]): Record<string, unknown> {
  const found: unknown = Reflect.get(owner, method);
  if (typeof found !== 'function') throw new Error(`${method} is no function`);
  return Object(Reflect.apply(found, owner, args));
}

/** The path of a command of `tools/`, where it is installed. */
export function toolPath(name: string): string | undefined {
  const file = path.join(TOOLS, '.bin', name);
  return existsSync(file) ? file : undefined;
}
