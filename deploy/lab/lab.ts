// A whole fleet on one Linux machine: hosts with Docker on a LAN, a router with the world behind it, and a stranger.
// Invariant: a lab can be removed by its record alone, which is written first; see sweep.ts.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatPrefix, parsePrefix } from '../../proto/domain/address.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import type { LabEngine } from './engines.js';
import { holdMachine, type IptablesBackend } from './holder.js';
import { type DockerdOptions, LabHost } from './host.js';
import { makeImage } from './image.js';
import { Machine } from './machine.js';
import { writeMachineState } from './machine-state.js';
import { Namespace } from './namespace.js';
import { labMark, storesFolder } from './paths.js';
import { defaultLan, type LabPlan, lanLinks, namespacesOf, planLab } from './plan.js';
import { thisProcess } from './process-table.js';
import { bootId, createRecord, type LabRecord, replaceRecord } from './record.js';
import { checkRequirements } from './requirements.js';
import { SignalGuard } from './signal-guard.js';
import { removeLab, sweepLabs } from './sweep.js';

/** LabOptions configure a lab. */
export type LabOptions = {
  /** Number of hosts, which are called h1, h2, … */
  readonly hosts: number;
  /** Engine of their dockerds. Default: hosts without Docker. */
  readonly engine?: LabEngine;
  /** From /8 to /24; default 192.168.83.0/24, which has room for 238 hosts. */
  readonly lan?: string;
  /** Variant of `iptables` on every machine of the lab. Default nft. */
  readonly iptables?: IptablesBackend;
  /** Whether the lab stays when this process ends. Default: it is removed. */
  readonly keep?: boolean;
  /** Called with messages about the remains of earlier labs. Default: not called. */
  readonly log?: (line: string) => void;
};

// Limits work that mostly waits for other processes: more at once would only slow those down.
const atOnce = 8;

/** Lab is one lab that is up. Close it. */
export class Lab {
  /** Six hex digits, contained in the name of everything that belongs to the lab. */
  readonly id: string;
  readonly plan: LabPlan;
  readonly hosts: readonly LabHost[];
  /** The machine of the controllers, .250: a machine on the LAN, without Docker. */
  readonly control: Machine;
  /** The LAN's router, .254, with the world behind it (`beyond`) and no route to any pool. */
  readonly outside: Machine;
  /** A machine on the LAN, .66, that is not a node. */
  readonly stranger: Machine;
  readonly #record: LabRecord;
  readonly #guard: SignalGuard;
  #closing: Promise<void> | undefined;

  private constructor(plan: LabPlan, machines: ReadonlyMap<string, Machine>, record: LabRecord, guard: SignalGuard) {
    this.id = plan.id;
    this.plan = plan;
    this.hosts = [...machines.values()].filter((machine) => machine instanceof LabHost);
    this.control = only(machines, 'control');
    this.outside = only(machines, 'outside');
    this.stranger = only(machines, 'stranger');
    this.#record = record;
    this.#guard = guard;
  }

  /**
   * create creates a lab, after it has removed the remains of labs whose processes are gone.
   * @throws XnetError PermissionDenied unless root, FailedPrecondition when a program is missing, InvalidArgument,
   *   Cancelled
   */
  static async create(options: LabOptions, signal?: AbortSignal): Promise<Lab> {
    checkRequirements();
    const text = options.lan ?? defaultLan;
    const lan = parsePrefix(text);
    if (lan === undefined) {
      throw new XnetError('InvalidArgument', `not a network: ${text}`, { hint: `e.g. ${defaultLan}` });
    }
    const plan = planLab(randomBytes(3).toString('hex'), lan, options.hosts);
    const { removed, problems } = await sweepLabs();
    for (const id of removed) options.log?.(`removed the lab ${id}, whose owner had not`);
    for (const problem of problems) options.log?.(problem);
    const record: LabRecord = {
      version: 1,
      id: plan.id,
      owner: thisProcess(),
      bootId: bootId(),
      keep: false,
      createdAt: new Date().toISOString(),
      lan: formatPrefix(lan),
      engine: options.engine?.version ?? '',
      namespaces: [...namespacesOf(plan)],
      machines: [...plan.machines],
    };
    createRecord(record);
    const guard = new SignalGuard();
    try {
      const machines = await build(
        plan,
        options,
        AbortSignal.any([guard.signal, ...(signal === undefined ? [] : [signal])]),
      );
      const lab = new Lab(plan, machines, record, guard);
      guard.release(() => lab.close());
      if (options.keep === true) lab.keep();
      return lab;
    } catch (error) {
      // The next lab finds what can't be removed now: the record still exists then.
      await removeLab(record).catch((problem: unknown) => options.log?.(messageOf(problem)));
      guard.release(async () => undefined);
      if (!guard.signal.aborted) guard.dispose();
      throw error;
    }
  }

  /**
   * host returns the host of a name, "h1".
   * @throws XnetError NotFound
   */
  host(name: string): LabHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found === undefined) throw new XnetError('NotFound', `the lab has no host ${name}`);
    return found;
  }

  /** startDockerds starts the dockerds of all hosts. */
  async startDockerds(options: DockerdOptions = {}): Promise<void> {
    await inBatches(this.hosts, (host) => host.startDockerd(options));
  }

  /** routeStranger gives the stranger a route to a subnet through a host, such as a LAN host that knows the way has. */
  async routeStranger(subnet: string, host: LabHost): Promise<void> {
    await this.stranger.run(['ip', 'route', 'replace', subnet, 'via', host.address]);
  }

  /** keep lets the lab stay when this process ends. `npm run lab -- remove ID` removes it then. */
  keep(): void {
    replaceRecord({ ...this.#record, keep: true });
    this.#guard.dispose();
    for (const machine of [...this.hosts, this.control, this.outside, this.stranger]) {
      for (const process of machine.started) process.release();
    }
  }

  /**
   * close removes the lab and everything in it. It may be called repeatedly.
   * @throws XnetError FailedPrecondition with everything that could not be removed
   */
  close(): Promise<void> {
    this.#closing ??= removeLab(this.#record).finally(() => this.#guard.dispose());
    return this.#closing;
  }
}

async function build(plan: LabPlan, options: LabOptions, signal: AbortSignal): Promise<Map<string, Machine>> {
  const store = join(storesFolder, plan.id);
  mkdirSync(store, { recursive: true });
  writeFileSync(join(store, 'boot-id'), bootId());
  await makeImage(plan.id);
  Namespace.createAll(namespacesOf(plan), { [labMark]: plan.id });
  Namespace.named(plan.lanNamespace).ipBatch(lanLinks(plan));
  const machines = new Map<string, Machine>();
  await inBatches(plan.machines, async (machine) => {
    throwIfAborted(signal);
    const holder = await holdMachine(plan, machine, options.iptables ?? 'nft');
    const parts = { labId: plan.id, plan: machine, holder };
    const made = machine.role === 'host' ? new LabHost(parts, options.engine) : new Machine(parts);
    writeMachineState(made.folder, { holder: { ...holder }, enter: [...made.enter], env: made.environment() });
    machines.set(machine.name, made);
  });
  await only(machines, 'outside').serve(80);
  throwIfAborted(signal);
  return new Map(plan.machines.map(({ name }) => [name, only(machines, name)]));
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new XnetError('Cancelled', 'the lab was not finished');
}

function only(machines: ReadonlyMap<string, Machine>, name: string): Machine {
  const machine = machines.get(name);
  if (machine === undefined) throw new XnetError('Internal', `the lab has no machine ${name}`);
  return machine;
}

// Rejects only after all started work has ended, because the caller removes the lab next.
async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const problems: unknown[] = [];
  const worker = async () => {
    for (const item of left) {
      if (problems.length > 0) return;
      await work(item).catch((error: unknown) => problems.push(error));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (problems.length > 0) throw problems[0];
}
