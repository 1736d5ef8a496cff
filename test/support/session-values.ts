// Controllers over one store in memory, for tests of sessions.
import type { ExecutionContext } from 'ava';
import type { RawStream } from '../../controller/session/node-stream.js';
import { Presence } from '../../controller/session/presence.js';
import { Sessions } from '../../controller/session/sessions.js';
import { keys } from '../../controller/store/keys.js';
import { decode } from '../../controller/store/record-codec.js';
import type { Listing } from '../../controller/store/store.js';
import type { NodeStatus } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { Core, silent } from './controller.js';
import { MemoryCluster, MemoryStore } from './memory-store.js';
import { address, newDefaultPool } from './pools.js';
import { patientMs, until } from './until.js';

export const once = { operationId: '', dryRun: false };

/** Stream records how it ended. */
export class Stream {
  ended: string | undefined;
  alive = true;

  readonly raw: RawStream = {
    write: (_chunk: Buffer, ...rest: unknown[]) => {
      const done = rest.find((argument) => typeof argument === 'function');
      setImmediate(() => done?.());
      return true;
    },
    emit: (_event: string, error: { readonly details?: string }) => {
      this.ended ??= error.details ?? '';
      return true;
    },
    end: () => {
      this.ended ??= 'end';
    },
  } as unknown as RawStream;
}

/** SlowStore counts full listings, and delays or fails them on request. */
export class SlowStore extends MemoryStore {
  lists = 0;
  #gate: Promise<void> | undefined;

  hold(): { readonly release: () => void; readonly fail: () => void } {
    let release: () => void = () => undefined;
    let fail: () => void = () => undefined;
    this.#gate = new Promise((resolve, reject) => {
      release = () => {
        this.#gate = undefined;
        resolve();
      };
      fail = () => {
        this.#gate = undefined;
        reject(new XnetError('Unavailable', 'the store does not answer'));
      };
    });
    return { release, fail };
  }

  override async list(): Promise<Listing> {
    this.lists += 1;
    await this.#gate;
    return super.list();
  }
}

export const status: NodeStatus = {
  routes: { desired: 0, installed: 0, conflicting: 0, unreachable: 0 },
  conditions: [],
  daemonVersion: '0',
  kernelVersion: '6.1',
  dockerVersion: '28.0',
  hostNetworks: [],
  silentPeers: [],
  leases: [],
  containers: [],
  containerCount: 0,
};

export type Controller = {
  readonly store: SlowStore;
  readonly core: Core;
  readonly sessions: Sessions;
  readonly presence: Presence;
};

export async function start(t: ExecutionContext, cluster: MemoryCluster, id: string): Promise<Controller> {
  const store = new SlowStore(cluster);
  const core = await Core.start(store).ready();
  const { feed } = core;
  // As a controller's: its writes wait in the queue.
  const presence = new Presence({ store: core.context.store, feed, log: silent }, id, {
    version: '0',
    startedMs: 0,
    addresses: [],
    joinAddresses: [],
    registration: '',
  });
  const sessions = new Sessions({ store, feed, presence, log: silent });
  const stop = new AbortController();
  const running = presence.run(stop.signal);
  t.teardown(async () => {
    sessions.end();
    stop.abort();
    await running;
    await core.stop();
  });
  return { store, core, sessions, presence };
}

export async function rig(t: ExecutionContext) {
  const cluster = new MemoryCluster();
  const a = await start(t, cluster, 'ctl-a');
  const b = await start(t, cluster, 'ctl-b');
  await a.core.pools.create(once, newDefaultPool);
  const { subject: nodeId } = await a.core.nodes.add(once, {
    name: 'web-1',
    address: address('192.168.83.1'),
    labels: {},
  });
  await b.core.feed.reached(cluster.revision, patientMs);
  const open = async (at: Controller, fingerprint: string, kind: 'nothing' | 'fresh' = 'nothing', serial = '1a') => {
    const stream = new Stream();
    const arrival = {
      nodeId,
      nodeName: 'web-1',
      fingerprint,
      serial,
      address: '',
      start: kind === 'fresh' ? { kind, held: [] } : { kind },
      alive: async () => stream.alive,
    };
    const opening = at.sessions.open(arrival, stream.raw);
    return { stream, opening };
  };
  const held = () => {
    const decoded = decode('session', cluster.get(keys.session(nodeId))?.value ?? '');
    return 'record' in decoded ? `${decoded.record.fingerprint} at ${decoded.record.controller}` : 'nobody';
  };
  const heldBy = (expected: string) => until(`the session is of ${expected}`, async () => held() === expected);
  return { cluster, a, b, nodeId, open, held, heldBy };
}
