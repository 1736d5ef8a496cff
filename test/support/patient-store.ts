// A store over etcd on a machine that may be too busy for its etcd to answer in time.
// Invariant: a call is repeated only if no member got it, for as long as a test may take.
import type { Commit, KeyRange, Liveness, Store } from '../../controller/store/store.js';
import { messageOf } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { patientMs } from './until.js';

async function patiently<T>(call: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + patientMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!/no member is healthy/.test(messageOf(error)) || performance.now() > deadline) throw error;
      await pause(50);
    }
  }
}

/** patient returns a store that waits for a healthy member. */
export function patient(store: Store): Store {
  return {
    watch: (signal: AbortSignal) => store.watch(signal),
    list: (signal?: AbortSignal) => patiently(() => store.list(signal)),
    position: () => patiently(() => store.position()),
    read: (key: string) => patiently(() => store.read(key)),
    scan: (prefix: string, within?: KeyRange) => patiently(() => store.scan(prefix, within)),
    commit: (commit: Commit) => patiently(() => store.commit(commit)),
    claim: (ttlSeconds: number): Promise<Liveness> => patiently(() => store.claim(ttlSeconds)),
    close: () => store.close(),
  };
}
