// Observes the machine besides its network: a state directory, the kernel's next-hop objects, the clock, and the
// controllers.
// Invariant: read-only; it sends a controller nothing but a TLS handshake.
import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../../proto/errors.js';
import { readCertificate } from '../../proto/pki/chain.js';
import type { Space } from '../daemon/space.js';
import type { TcpEndpoint } from '../join/call.js';
import { serverChain } from '../join/server-chain.js';

/** ControllerSeen is the period in which a controller's certificate is valid, in ms since 1970, or why it did not answer. */
export type ControllerSeen = { readonly endpoint: TcpEndpoint } & (
  | { readonly notBeforeMs: number; readonly notAfterMs: number }
  | { readonly problem: string }
);

/** StateSeen is the state directory, or its nearest parent that exists. */
export type StateSeen = {
  readonly stateDir: string;
  /** Why it can't be written; undefined: it can. */
  readonly problem: string | undefined;
  readonly space: Space | undefined;
};

/** lookAtState observes a state directory, which may not exist yet. */
export async function lookAtState(stateDir: string): Promise<StateSeen> {
  const folder = await nearest(stateDir);
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error(`${folder} is not a directory`);
    await access(folder, constants.W_OK | constants.X_OK);
    return { stateDir, problem: undefined, space: await statfs(folder) };
  } catch (error) {
    return { stateDir, problem: messageOf(error), space: undefined };
  }
}

async function nearest(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const exists = await stat(at).then(
      () => true,
      () => false,
    );
    if (exists || at === dirname(at)) return at;
  }
}

// One that hangs costs a warning, and a host that joins waits for it.
const handshakeMs = 10_000;

/** lookAtControllers asks all controllers at once; it takes 10 s if one does not answer, 20 s at most. */
export function lookAtControllers(
  endpoints: readonly TcpEndpoint[],
  signal: AbortSignal,
): Promise<readonly ControllerSeen[]> {
  return Promise.all(
    endpoints.map(async (endpoint): Promise<ControllerSeen> => {
      try {
        const [own = ''] = await serverChain(endpoint, signal, handshakeMs);
        const { notBeforeMs, notAfterMs } = readCertificate(own);
        return { endpoint, notBeforeMs, notAfterMs };
      } catch (error) {
        signal.throwIfAborted();
        return { endpoint, problem: messageOf(error) };
      }
    }),
  );
}
