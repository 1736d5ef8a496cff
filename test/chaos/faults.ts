// Injects the faults of a plan, and ends them.
// Invariant: after the end of a fault everything that it broke is restored, except for state that xnet has to repair.
import { pollUntil } from '../../deploy/lab/poll.js';
import { pause } from '../../proto/process/backoff.js';
import type { ChaosHost } from './host.js';
import type { Journal } from './journal.js';
import { nextHopsOf, peersOf } from './kernel.js';
import type { Mesh } from './mesh.js';
import type { Fault } from './plan.js';
import type { Recorder } from './recorder.js';
import { peerPort, type Site, type SiteController, type SiteProcess } from './site.js';

// How long xnet may take to repair a deletion: its daemon may be dead or stopped by another fault meanwhile.
const repairLimitMs = 300_000;

/** FaultParts are what faults act on. */
export type FaultParts = {
  readonly site: Site;
  readonly hosts: readonly ChaosHost[];
  readonly mesh: Mesh;
  readonly recorder: Recorder;
  readonly journal: Journal;
};

type Mend = () => Promise<void>;
const nothing: Mend = async () => undefined;

// Nothing is broken any longer than xnet takes to repair it.
const momentary: ReadonlySet<Fault['break']> = new Set(['compaction', 'routes deleted', 'tables deleted']);
// Each look starts two programs.
const betweenLooksMs = 200;

/** Faults breaks and mends. */
export class Faults {
  readonly #parts: FaultParts;

  constructor(parts: FaultParts) {
    this.#parts = parts;
  }

  /**
   * run injects a fault, waits for `end` unless the fault is momentary, and ends it. It resolves when everything works
   * again.
   */
  async run(fault: Fault, end: Promise<unknown>): Promise<void> {
    const entry = this.#parts.journal.fault(fault);
    const mend = await this.#break(fault);
    if (!momentary.has(fault.break)) await end;
    await mend();
    this.#parts.journal.mended(entry);
  }

  #break(fault: Fault): Promise<Mend> {
    switch (fault.break) {
      case 'member killed':
        return this.#killMembers([this.#member(fault.member)]);
      case 'majority lost':
        return this.#killMembers(this.#parts.site.members.filter((member) => member !== this.#member(fault.member)));
      case 'member stopped':
        return this.#stop([this.#member(fault.member)]);
      case 'member cut':
        return this.#cutMember(this.#member(fault.member));
      case 'compaction':
        // Without a leader it fails, and nothing is compacted.
        return this.#parts.recorder.compact().then(
          () => nothing,
          () => nothing,
        );
      case 'controller killed':
        return this.#killControllers([this.#controller(fault.controller)]);
      case 'controllers lost':
        return this.#killControllers(this.#parts.site.controllers);
      case 'controller stopped':
        return this.#stop([this.#controller(fault.controller)]);
      case 'disk full':
        return this.#fillDisk(this.#controller(fault.controller));
      default:
        return this.#breakHost(fault, this.#host(fault.host));
    }
  }

  #breakHost(fault: Extract<Fault, { host: number }>, host: ChaosHost): Promise<Mend> {
    switch (fault.break) {
      case 'host cut':
        return this.#cutHost(host);
      case 'daemon killed':
        return this.#killDaemon(host);
      case 'daemon stopped':
        return this.#stopDaemon(host);
      case 'routes deleted':
        return this.#delete(host, ['ip', 'nexthop', 'flush', 'proto', '88']);
      case 'tables deleted':
        return this.#delete(host, ['nft', 'delete', 'table', 'ip', 'xnet']);
      case 'route churn':
        return this.#churn(host);
    }
  }

  #member(number: number): SiteProcess {
    return found(this.#parts.site.members[number - 1]);
  }

  #controller(number: number): SiteController {
    return found(this.#parts.site.controllers[number - 1]);
  }

  #host(number: number): ChaosHost {
    return found(this.#parts.hosts[number - 1]);
  }

  async #killMembers(members: readonly SiteProcess[]): Promise<Mend> {
    const { site } = this.#parts;
    await Promise.all(members.map((member) => site.kill(member)));
    return async () => {
      await Promise.all(members.map((member) => site.startMember(member)));
    };
  }

  async #killControllers(controllers: readonly SiteController[]): Promise<Mend> {
    const { site } = this.#parts;
    for (const controller of controllers) controller.wasKilled = true;
    await Promise.all(controllers.map((controller) => site.kill(controller)));
    return async () => {
      await Promise.all(controllers.map((controller) => site.startController(controller)));
    };
  }

  async #stop(stopped: readonly SiteProcess[]): Promise<Mend> {
    for (const { process } of stopped) process?.kill('SIGSTOP');
    return async () => {
      for (const { process } of stopped) process?.kill('SIGCONT');
    };
  }

  async #cutMember(member: SiteProcess): Promise<Mend> {
    const { site } = this.#parts;
    await site.cut(member.machine, [`tcp dport ${peerPort}`, `tcp sport ${peerPort}`]);
    return () => site.mend(member.machine);
  }

  async #fillDisk(controller: SiteController): Promise<Mend> {
    const { site } = this.#parts;
    await site.fillDisk(controller);
    return () => site.freeDisk(controller);
  }

  async #cutHost({ machine }: ChaosHost): Promise<Mend> {
    const { site } = this.#parts;
    const addresses = site.controllers.map((controller) => controller.machine.address).join(', ');
    await site.cut(machine, [`ip daddr { ${addresses} }`, `ip saddr { ${addresses} }`]);
    return () => site.mend(machine);
  }

  async #killDaemon(host: ChaosHost): Promise<Mend> {
    host.isHeldDown = true;
    await host.killDaemon();
    return async () => {
      host.isHeldDown = false;
      // Not in the host's turn: the operation that has the turn may wait for this daemon.
      if (host.isMember) await host.startDaemon();
    };
  }

  async #stopDaemon(host: ChaosHost): Promise<Mend> {
    const { daemon } = host;
    daemon?.kill('SIGSTOP');
    return async () => {
      daemon?.kill('SIGCONT');
    };
  }

  async #delete({ machine, name }: ChaosHost, argv: readonly [string, ...string[]]): Promise<Mend> {
    // There is nothing to delete before the host has joined.
    await machine.exec(argv);
    return () =>
      pollUntil(`${name} has its routes and its firewall again`, () => this.#isWhole(name), {
        timeoutMs: repairLimitMs,
      });
  }

  // Whether the host's kernel has everything that the mesh needs.
  async #isWhole(name: string): Promise<boolean> {
    const { mesh, hosts } = this.#parts;
    const host = hosts.find((one) => one.name === name);
    if (host === undefined || !mesh.containers.some((one) => one.host === name)) return true;
    await pause(betweenLooksMs);
    const others = mesh.containers.filter((other) => other.host !== name);
    const [nextHops, subnets] = await Promise.all([nextHopsOf(host.machine), peersOf(host.machine)]);
    const addressOf = (of: string) => hosts.find((one) => one.name === of)?.address ?? '';
    return others.every((other) => nextHops.includes(addressOf(other.host)) && subnets.includes(other.subnet));
  }

  async #churn({ machine }: ChaosHost): Promise<Mend> {
    const loop =
      'i=0; while :; do i=$(( (i + 1) % 200 ));' +
      'ip route replace 198.18.$i.0/24 via 198.51.100.7 dev operator0 proto static;' +
      'ip route del 198.18.$(( (i + 100) % 200 )).0/24 proto static 2>/dev/null; done';
    const churning = await machine.spawn(['sh', '-c', loop], { logFile: `${machine.logs}/churn.log` });
    return async () => {
      churning.kill('SIGKILL');
      await churning.exited;
      await machine.exec(['ip', 'route', 'flush', 'root', '198.18.0.0/15', 'proto', 'static']);
    };
  }
}

function found<T>(item: T | undefined): T {
  if (item === undefined) throw new RangeError('the plan names something that is not there');
  return item;
}
