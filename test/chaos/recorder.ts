// Records every change of the store from its first revision on, while the run goes on.
// Invariant: no revision is missing: the watch resumes after the last one, and nothing beyond it is ever compacted.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import type { Change } from '../../controller/store/store.js';
import { pollUntil } from '../../deploy/lab/poll.js';
import { pause } from '../../proto/process/backoff.js';
import { changesIn, type StoredVersion } from '../support/etcd-history.js';
import { type Site, startLimitMs } from './site.js';

const prefix = '/xnet/v1/';

/** Recorder records the history of a site's etcd. */
export class Recorder {
  readonly #site: Site;
  readonly #versions = new Map<number, Change[]>();
  #last = 0;
  #child: ChildProcess | undefined;
  #stopped = false;
  readonly #running: Promise<void>;

  constructor(site: Site) {
    this.#site = site;
    this.#running = this.#run();
  }

  /** last returns the last revision that was recorded. */
  get last(): number {
    return this.#last;
  }

  /** history returns everything recorded so far, by revision. */
  get history(): readonly StoredVersion[] {
    return [...this.#versions].map(([revision, changes]) => ({ revision, changes }));
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const { stranger } = this.#site.lab;
      const watch = ['watch', '--prefix', prefix, '--rev', String(this.#last + 1), '-w', 'json'];
      const [program, ...args] = [...stranger.enter, ...this.#site.etcdctlCommand(...watch)] as const;
      const child = spawn(program, args, {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...stranger.environment(), ETCDCTL_API: '3' },
      });
      this.#child = child;
      for await (const line of createInterface({ input: child.stdout })) this.#read(line);
      if (!this.#stopped) await pause(500);
    }
  }

  #read(line: string): void {
    for (const [change, modRevision] of changesIn(line)) {
      this.#versions.set(modRevision, [...(this.#versions.get(modRevision) ?? []), change]);
      this.#last = modRevision;
    }
  }

  /** compact forgets the history up to the last recorded revision. */
  async compact(): Promise<void> {
    await this.#site.etcdctl('compact', String(this.#last));
  }

  /** catchUp waits until everything written before the call is recorded. */
  async catchUp(): Promise<void> {
    await this.#site.etcdctl('put', `${prefix}events/999999999999999-end`, '{}');
    const { header } = v.parse(
      v.object({ header: v.object({ revision: v.number() }) }),
      JSON.parse(await this.#site.etcdctl('get', prefix, '--prefix', '--limit', '1', '--keys-only', '-w', 'json')),
    );
    await pollUntil('the history is complete', async () => this.#last >= header.revision, {
      timeoutMs: startLimitMs,
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#child?.kill('SIGKILL');
    await this.#running;
  }
}
