// Checks whether clients other than the controllers can use the store, by connecting to etcd without credentials.
// Invariant: it writes nothing, and the controller continues whatever etcd answers.
import { messageOf } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { type EtcdOptions, readsAnonymously } from './etcd-client.js';

/** exposureOf returns what is insecure about access to one etcd. Pure. */
export function exposureOf(endpoint: string, anonymous: boolean): readonly string[] {
  if (endpoint.startsWith('unix:')) return [];
  const found: string[] = [];
  if (anonymous) {
    found.push(
      `etcd at ${endpoint} is open: anyone who reaches it can read and change every lease; have it require client ` +
        'certificates (--client-cert-auth) or turn on its authentication (etcdctl auth enable)',
    );
  }
  if (!endpoint.startsWith('https:')) {
    found.push(
      `etcd at ${endpoint} is reached without TLS: anyone on the path can read and change the traffic; give it a ` +
        'certificate and use https:// with --etcd-ca',
    );
  }
  return found;
}

const againMs = 10 * 60_000;
const retryMs = 5_000;

/** EtcdExposure checks access to the store periodically. */
export class EtcdExposure {
  readonly #options: EtcdOptions;
  readonly #log: Logger;
  #warnings: readonly string[] = [];

  constructor(options: EtcdOptions, log: Logger) {
    this.#options = options;
    this.#log = log;
  }

  /** warnings returns the findings of the last check. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** run checks until `signal` aborts, and logs each new finding. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { warnings, complete } = await this.#look();
      for (const warning of warnings) if (!this.#warnings.includes(warning)) this.#log.warn({ part: 'etcd' }, warning);
      this.#warnings = warnings;
      await pause(complete ? againMs : retryMs, signal);
    }
  }

  async #look(): Promise<{ readonly warnings: readonly string[]; readonly complete: boolean }> {
    const { endpoints, tls } = this.#options;
    let complete = true;
    const found = await Promise.all(
      endpoints.map(async (endpoint) => {
        if (endpoint.startsWith('unix:')) return [];
        try {
          return exposureOf(endpoint, await readsAnonymously(endpoint, tls?.ca));
        } catch (error) {
          complete = false;
          this.#log.debug({ endpoint, reason: messageOf(error) }, 'etcd: its exposure is unknown');
          // Keep the last findings until a check succeeds.
          return this.#warnings.filter((warning) => warning.includes(` ${endpoint} `));
        }
      }),
    );
    return { warnings: found.flat(), complete };
  }
}
