// What a test opens: it is closed when the test ends, and what is refused for a moment is tried again.
import type { ExecutionContext } from 'ava';

type Closing = { close(): unknown };

/** scope closes what a test opened when it ends, however it ends. */
export function scope(t: ExecutionContext): <T extends Closing>(opened: T) => T {
  return (opened) => {
    t.teardown(async () => {
      await opened.close();
    });
    return opened;
  };
}

/** endpointOf is the socket of a controller. */
export const endpointOf = (etcd: { readonly endpoint: string }) => ['--etcd-endpoints', etcd.endpoint];

export async function retry<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts === 40) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
