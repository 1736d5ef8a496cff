// Closes what a test opens when the test ends, and retries what is refused temporarily.
import type { ExecutionContext } from 'ava';

type Closing = { close(): unknown };

/** scope returns a function that closes its argument when the test ends, in any case. */
export function scope(t: ExecutionContext): <T extends Closing>(opened: T) => T {
  return (opened) => {
    t.teardown(async () => {
      await opened.close();
    });
    return opened;
  };
}

/** endpointOf returns the flags that connect a controller to an etcd. */
export const endpointOf = (etcd: { readonly endpoint: string }) => ['--etcd-endpoints', etcd.endpoint];

export async function retry<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts === 400) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
