// Hosts that join with `xnetd join`, and its output.
import type { ExecutionContext } from 'ava';
import { patientMs } from './until.js';
import type { Ran } from './xctl.js';
import { Xnetd } from './xnetd.js';

/** Joined is the JSON output of xnetd join. */
export type Joined = {
  changed: boolean;
  node: string;
  nodeId: string;
  cluster: string;
  subnet: string;
  controllers: string[];
};

/** callOptions sets how long a call may take. */
export const callOptions = { timeoutMs: patientMs };

/** hostOf makes a host, which is closed with the test. */
export function hostOf(t: ExecutionContext, options: ConstructorParameters<typeof Xnetd>[0] = {}): Xnetd {
  const host = new Xnetd(options);
  t.teardown(() => host.close());
  return host;
}

/** joinedOf returns the output of a successful join. */
export function joinedOf(t: ExecutionContext, ran: Ran): Joined {
  t.is(ran.code, 0, ran.stderr);
  return JSON.parse(ran.stdout) as Joined;
}

/** tellsSecrets reports whether a run has printed a token or a key. */
export function tellsSecrets({ stdout, stderr }: Ran, token: string): boolean {
  return [token.slice(-26), 'PRIVATE KEY'].some((secret) => stdout.includes(secret) || stderr.includes(secret));
}
