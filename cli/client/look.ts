// Asks daemons about paths, through the controller that each is connected to.
// Invariant: no question is asked twice, except one that a controller refused because too many wait.
import { XnetError } from '../../proto/errors.js';
import type { LookAtNodeResponse__Output } from '../../proto/gen/xnet/v1/LookAtNodeResponse.js';
import { pause } from '../../proto/process/backoff.js';
import { formatEndpoint } from '../../proto/rpc/endpoint.js';
import type { Ask } from '../diagnosis/examine.js';
import type { AdminClient, Call } from './client.js';

const attempts = 20;
const betweenMs = 500;

/** askThrough returns what asks daemons. */
export function askThrough(client: Pick<AdminClient, 'read' | 'readAt' | 'answered'>): Ask {
  return async (node, question) => {
    const request = { node, question };
    const look: Call<typeof request, LookAtNodeResponse__Output> = (admin) => admin.lookAtNode.bind(admin);
    const { answered } = client;
    // At the controller that answered last: another one would ask the daemon again.
    const ask = () =>
      answered === undefined ? client.read(look, request) : client.readAt(formatEndpoint(answered), look, request);
    const { findings, controllers } = await patient(ask);
    if (findings !== null) return findings;
    let last = new XnetError('FailedPrecondition', `${node} is connected to a controller that has no address to call`);
    for (const endpoint of controllers) {
      try {
        const there = await patient(() => client.readAt(endpoint, look, request));
        if (there.findings !== null) return there.findings;
      } catch (error) {
        if (!(error instanceof XnetError)) throw error;
        // The node's daemon can't be asked: nothing is wrong with the other ends of paths.
        last = new XnetError(
          'FailedPrecondition',
          `it is connected to another controller, ${endpoint}: ${error.message}`,
        );
      }
    }
    throw last;
  };
}

async function patient<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof XnetError && error.code === 'DeadlineExceeded') {
        throw new XnetError('FailedPrecondition', 'its daemon did not answer in time');
      }
      const isFull = error instanceof XnetError && error.code === 'ResourceExhausted';
      if (!isFull || attempt === attempts) throw error;
      await pause(betweenMs);
    }
  }
}
