// Simulated hosts of a rollout over a store in memory: each obeys the permits that its assignment has, and reports.
import { RolloutExecutor } from '../../controller/rollout/executor.js';
import { RolloutRegistry } from '../../controller/rollout/rollouts.js';
import { nodeState } from '../../controller/session/node-state.js';
import { keys, parseKey } from '../../controller/store/keys.js';
import { decode, encode } from '../../controller/store/record-codec.js';
import type { StatusRecord, StepRecord } from '../../controller/store/records.js';
import { assignmentOf } from '../../controller/view/assignment.js';
import { prefixesEqual } from '../../proto/domain/address.js';
import type { Condition } from '../../proto/domain/network.js';
import type { Core } from './controller.js';
import type { MemoryCluster } from './memory-store.js';
import { newNode, newPool, once, rig } from './registry-values.js';

/** Temper is how a simulated host takes a permit: it moves, is rolled back, or dies while it restarts Docker. */
export type Temper = 'good' | 'rolls back' | 'rolls back once' | 'dies';

const routes = { desired: 0, installed: 0, conflicting: 0, unreachable: 0 };

/** report is the status record of a host that uses these leases. */
export function report(leases: StatusRecord['leases'], conditions: readonly Condition[] = []): string {
  const versions = { daemonVersion: 's', kernelVersion: '6', dockerVersion: '28' };
  const lists = { hostNetworks: [], silentPeers: [], containers: [], containerCount: 0 };
  return encode('status', { routes, conditions: [...conditions], ...versions, ...lists, leases, reportedMs: 0 });
}

/** RolloutFleet is a number of hosts in pool "a", a pool "b", and cores whose executors can be stopped and started. */
export class RolloutFleet {
  readonly cluster: MemoryCluster;
  readonly cores: readonly Core[];
  readonly core: Core;
  readonly rollouts: RolloutRegistry;
  /** Names of hosts that are connected, and whose Docker does not run. */
  readonly dockerDown = new Set<string>();
  readonly #close: () => Promise<void>;
  readonly #tempers = new Map<string, Temper>();
  readonly #tried = new Set<string>();
  readonly #running = new Map<Core, { readonly stop: AbortController; readonly ended: Promise<void> }>();
  #reports = 0;

  private constructor(cluster: MemoryCluster, cores: readonly Core[], core: Core, close: () => Promise<void>) {
    this.cluster = cluster;
    this.cores = cores;
    this.core = core;
    this.#close = close;
    this.rollouts = new RolloutRegistry(core.context);
  }

  /** start adds the hosts, each connected and using its lease, with the label zone: the remainder of its number by 2. */
  static async start(tempers: readonly Temper[], cores = 1): Promise<RolloutFleet> {
    const made = await rig(cores, '10.76.0.0/16');
    const fleet = new RolloutFleet(made.cluster, made.cores, made.core, made.close);
    await made.core.pools.create(once, newPool('10.77.0.0/16', 'b'));
    for (const [index, temper] of tempers.entries()) {
      const node = { ...newNode(`h-${index}`, index + 1), pool: 'default', labels: { zone: `z${index % 2}` } };
      const { subject } = await made.core.nodes.add(once, node);
      fleet.#tempers.set(subject, temper);
      await fleet.#connect(subject);
    }
    made.core.feed.onChange(({ nodes }) => {
      for (const id of nodes) void fleet.#obey(id);
    });
    return fleet;
  }

  async #put(values: Readonly<Record<string, string | undefined>>): Promise<void> {
    await this.core.context.store.commit({
      guards: [],
      operations: Object.entries(values).map(([key, value]) =>
        value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value },
      ),
    });
  }

  async #connect(id: string): Promise<void> {
    const session = encode('session', { controller: 'c', fingerprint: id, sinceMs: 0 });
    const [lease] = assignmentOf(this.core.feed.view, id)?.leases ?? [];
    if (lease === undefined) throw new Error('no lease');
    const leases = [{ subnet: lease.subnet, generation: lease.generation, inForce: true }];
    await this.#put({ [keys.session(id)]: session, [keys.status(id)]: report(leases) });
  }

  // How a host acts on its assignment. Each permit is obeyed once.
  async #obey(id: string): Promise<void> {
    const { view } = this.core.feed;
    const assignment = assignmentOf(view, id);
    const permit = assignment?.permit;
    const staying = assignment?.leases.filter(({ state }) => state !== 'ending') ?? [];
    const { conditions = [], leases: uses = [] } = view.statuses.get(id)?.record ?? {};
    // A failed change is not wanted any more.
    if (conditions.length > 0 && staying.length > 0 && staying.every(({ state }) => state === 'in force')) {
      return this.#put({ [keys.status(id)]: report(uses) });
    }
    // A bridge needs no permit.
    const bridges = staying.filter(({ mode, state }) => mode === 'bridge' && state === 'wanted');
    const isPermitted = permit !== undefined && permit.rollout !== '' && !this.#tried.has(`${id} ${permit.rollout}`);
    if (bridges.length > 0 && !isPermitted) {
      const made = bridges.map(({ subnet, generation }) => ({ subnet, generation, inForce: true }));
      return this.#put({ [keys.status(id)]: report([...uses, ...made], conditions) });
    }
    if (assignment === undefined || permit === undefined || permit.rollout === '' || !view.sessions.has(id)) return;
    if (this.#tried.has(`${id} ${permit.rollout}`)) return;
    this.#tried.add(`${id} ${permit.rollout}`);
    const temper = this.#tempers.get(id);
    if (temper === 'dies') {
      const absence = encode('absence', { sinceMs: 0, told: true });
      return this.#put({ [keys.session(id)]: undefined, [keys.absence(id)]: absence });
    }
    if (temper === 'good') {
      const leases = staying.map(({ subnet, generation }) => ({ subnet, generation, inForce: true }));
      return this.#put({ [keys.status(id)]: report(leases) });
    }
    if (temper === 'rolls back once') this.#tempers.set(id, 'good');
    this.#reports += 1;
    const failed = {
      type: 'Docker',
      ok: false,
      transient: false,
      reason: 'RolledBack',
      message: 'no',
      sinceMs: this.#reports,
    };
    await this.#put({ [keys.status(id)]: report(uses, [failed]) });
  }

  /** heal makes a host obey from now on, and connects it if it is down. */
  async heal(name: string): Promise<void> {
    const { view } = this.core.feed;
    const id = view.nodeOfName.get(name) ?? '';
    this.#tempers.set(id, 'good');
    const session = encode('session', { controller: 'c', fingerprint: id, sinceMs: 0 });
    if (view.absences.has(id)) await this.#put({ [keys.session(id)]: session, [keys.absence(id)]: undefined });
  }

  /** factsOf returns what the controller of a core knows besides its view. */
  factsOf(core: Core) {
    const { feed } = core;
    const failing = { type: 'Docker', ok: false, transient: true, reason: 'NotRunning', message: '', sinceMs: 1 };
    const statusOf = (id: string) => {
      const record = feed.view.statuses.get(id)?.record;
      const isDown = this.dockerDown.has(feed.view.nodes.get(id)?.record.name ?? '');
      return record === undefined || !isDown ? record : { ...record, conditions: [...record.conditions, failing] };
    };
    const stateOf = (id: string) => nodeState(feed.view.sessions.has(id) ? 1 : undefined, statusOf(id));
    return { statusOf, stateOf, isRouted: () => true };
  }

  /** execute starts the executor of a core. */
  execute(core: Core, controllerId: string): void {
    const stop = new AbortController();
    const facts = this.factsOf(core);
    const executor = new RolloutExecutor({
      context: core.context,
      controllerId,
      facts,
      onFacts: () => () => undefined,
    });
    this.#running.set(core, { stop, ended: executor.run(stop.signal) });
  }

  /** halt stops the executor of a core. */
  async halt(core: Core): Promise<void> {
    const running = this.#running.get(core);
    running?.stop.abort();
    await running?.ended;
  }

  /** until waits until a condition of the view holds. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const off = this.core.feed.onChange(() => {
        if (!holds()) return;
        off();
        resolve();
      });
    });
  }

  /** places returns the pool of each host's lease that is not ending: {"h-0": "b"}. */
  places(): Record<string, string> {
    const { view } = this.core.feed;
    return Object.fromEntries(
      [...view.nodeOfName].map(([name, id]) => {
        const staying = (assignmentOf(view, id)?.leases ?? []).filter(({ state }) => state !== 'ending');
        return [name, staying.map(({ pool }) => pool).join(' ')];
      }),
    );
  }

  /** used returns the pools of the leases that each host reports in force, and their modes: {"h-0": "b bip"}. */
  used(): Record<string, string> {
    const { view } = this.core.feed;
    const usedBy = (id: string) =>
      (assignmentOf(view, id)?.leases ?? []).filter(({ subnet, generation }) =>
        view.statuses
          .get(id)
          ?.record.leases.some(
            (use) => use.inForce && use.generation === generation && prefixesEqual(use.subnet, subnet),
          ),
      );
    return Object.fromEntries(
      [...view.nodeOfName].map(([name, id]) => [
        name,
        usedBy(id)
          .map(({ pool, mode }) => `${pool} ${mode}`)
          .join(', '),
      ]),
    );
  }

  /** mostAtOnce replays the history: the most hosts of one group that were down, or between permit and healthy. */
  mostAtOnce(groupOf: (step: StepRecord) => string = () => ''): { readonly most: number; readonly permits: number } {
    const parts = new Map<string, readonly StepRecord[]>();
    const permitted = new Set<string>();
    let most = 0;
    for (const { changes } of this.cluster.history) {
      for (const change of changes) {
        if (change.kind !== 'put' || parseKey(change.entry.key)?.kind !== 'steps') continue;
        const decoded = decode('steps', change.entry.value);
        if ('record' in decoded) parts.set(change.entry.key, decoded.record.steps);
      }
      const busy = [...parts.values()].flat().filter(({ state }) => state === 'permitted' || state === 'verifying');
      for (const { node, attempt, undo } of busy) permitted.add(`${node} ${attempt} ${undo}`);
      const counts = new Map<string, number>();
      for (const step of busy) counts.set(groupOf(step), (counts.get(groupOf(step)) ?? 0) + 1);
      most = Math.max(most, ...counts.values());
    }
    return { most, permits: permitted.size };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((core) => this.halt(core)));
    await this.#close();
  }
}
