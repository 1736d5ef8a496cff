// Shared parts of the tests of xctl with its own contexts.
import type { ExecutionContext } from 'ava';
import type { ControllerProcess } from './controller-process.js';
import { type Json, json, type Ran, type Xctl } from './xctl.js';

/** Shared holds what each test uses: a controller, and an operator. */
export type Shared = { controller: ControllerProcess; xctl: Xctl };

/** unix returns the socket of a controller in xctl's syntax. */
export const unix = ({ socket }: ControllerProcess) => `unix:${socket}`;
/** tcp returns the port of a controller in xctl's syntax. */
export const tcp = ({ port }: ControllerProcess) => `127.0.0.1:${port}`;

/** sayer returns a function that runs xctl and checks the result of each run. */
export function sayer(t: ExecutionContext, xctl: Xctl) {
  return async (args: string, expected: RegExp, code = 0): Promise<Ran> => {
    const ran = await xctl.run(...args.split(' '));
    t.is(ran.code, code, `${args}: ${ran.stderr}`);
    t.regex(code === 0 || code === 8 ? ran.stdout : ran.stderr, expected, args);
    return ran;
  };
}

/** initialised creates the first admin, as on a new cluster. */
export async function initialised({ controller, xctl }: Shared, ...more: readonly string[]): Promise<Json> {
  return json(await xctl.run('init', '--controller', unix(controller), '--name', 'alice', '-o', 'json', ...more));
}
