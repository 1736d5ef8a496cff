// Hosts that join by the command, and what it prints.
import type { ExecutionContext } from 'ava';
import type { Ran } from './xctl.js';
import { Xnetd } from './xnetd.js';

/** Joined is what xnetd join prints as JSON. */
export type Joined = {
  changed: boolean;
  node: string;
  nodeId: string;
  cluster: string;
  subnet: string;
  controllers: string[];
};

/** callOptions are how long a call may take. */
export const callOptions = { timeoutMs: 60_000 };

/** hostOf makes a host, and closes it with the test. */
export function hostOf(t: ExecutionContext, options: ConstructorParameters<typeof Xnetd>[0] = {}): Xnetd {
  const host = new Xnetd(options);
  t.teardown(() => host.close());
  return host;
}

/** joinedOf is what a run that joined has printed. */
export function joinedOf(t: ExecutionContext, ran: Ran): Joined {
  t.is(ran.code, 0, ran.stderr);
  return JSON.parse(ran.stdout) as Joined;
}

/** tellsSecrets says whether a run has printed a token or a key. */
export function tellsSecrets({ stdout, stderr }: Ran, token: string): boolean {
  return [token.slice(-26), 'PRIVATE KEY'].some((secret) => stdout.includes(secret) || stderr.includes(secret));
}
