// The effect of nics: running containers have their declared further interfaces.
// Invariant: a nic is made in two calls to the kernel, and each turn completes or repairs nics that are half made, that
// lost their bridge, or whose container was restarted. Interfaces that xnet did not make are reported, never changed.
import { formatIpv4, gatewayOf, type Ipv4, type Prefix, prefixOf } from '../../proto/domain/address.js';
import type { NicUse } from '../../proto/domain/nic.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import type { Logger } from '../../proto/process/log.js';
import { noSteps, type Steps } from '../../proto/process/steps.js';
import { SyscallError } from '../../proto/process/syscall.js';
import type { Engine, EngineContainer } from '../docker/engine/engine.js';
import { mainTable } from '../kernel/route-kernel.js';
import { namespaceOfFd, VethKernel } from '../kernel/veth-kernel.js';
import type { VethLink, VethRequest } from '../kernel/veth-messages.js';
import type { Effect, Finding, Outcome } from '../reconcile/effect.js';
import { withNamespace } from './container-namespace.js';
import {
  type AttachedNic,
  addressOfEnd,
  aliasOf,
  attachedBy,
  containerOfEnd,
  type DesiredNics,
  endName,
  isOurEnd,
  isWhole,
  leadsToPools,
  macOf,
  macText,
  type NicState,
  type NicToMake,
  planNics,
} from './plan.js';

/** NicsOptions are the dependencies of the effect. */
export type NicsOptions = {
  readonly engine: Pick<Engine, 'containers' | 'networks' | 'process'>;
  /** The host's kernel; by default that of the process. */
  readonly kernel?: VethKernel;
  readonly steps?: Steps;
  readonly log?: Logger;
};

/** Nics is the effect, and what the daemon reports about it. */
export class Nics implements Effect<DesiredNics> {
  readonly name = 'nics';
  readonly #options: NicsOptions;
  readonly #kernel: VethKernel;
  readonly #steps: Steps;
  #uses: readonly NicUse[] = [];

  constructor(options: NicsOptions) {
    this.#options = options;
    this.#kernel = options.kernel ?? new VethKernel();
    this.#steps = options.steps ?? noSteps;
  }

  /** attached lists the nics that containers have now, also those that a former daemon made. */
  async attached(): Promise<readonly AttachedNic[]> {
    return attachedBy(await this.#kernel.links());
  }

  /** uses reports for each nic whether it existed at the last turn. */
  get uses(): readonly NicUse[] {
    return this.#uses;
  }

  async converge(desired: DesiredNics, signal: AbortSignal): Promise<Outcome> {
    const { engine } = this.#options;
    const links = await this.#kernel.links();
    // Docker is not asked on a host without nics.
    const isIdle = (desired.nics ?? []).length === 0;
    const asked = () => Promise.all([engine.containers(signal), engine.networks(signal)]);
    const [containers, networks = []] = (isIdle ? undefined : await answered(asked())) ?? [];
    const plan = planNics(desired, { containers, networks, links });
    const what: string[] = [];
    for (const end of plan.remove) what.push(...(await this.#remove(end, signal)));
    const states: NicState[] = [...plan.states];
    const made: NicUse[] = [];
    for (const each of plan.make) {
      signal.throwIfAborted();
      const done = await this.#make(each, leadsToPools(each, plan.make, desired.pools) ? desired.pools : [], signal);
      if ('reason' in done) states.push({ nic: each.nic, ...done });
      else {
        const { container, nic } = each;
        made.push(ready(nic.address));
        if (done.changes > 0) what.push(`${formatIpv4(nic.address)} in container ${container.name}`);
      }
    }
    // An older controller sends no nics: existing ones stay, with what is known of them.
    if (desired.nics !== undefined) this.#uses = [...made, ...states.map(useOf)];
    return { findings: states.map(findingOf), changes: what.length, what };
  }

  /** remove removes all nics. */
  async remove(signal: AbortSignal): Promise<Outcome> {
    const ends = (await this.#kernel.links()).filter(isOurEnd);
    const what: string[] = [];
    for (const end of ends) what.push(...(await this.#remove(end, signal)));
    this.#uses = [];
    return { findings: [], changes: what.length, what };
  }

  // The kernel deletes the other end with this one, with its addresses and routes, but not the rule in the container.
  async #remove(end: VethLink, signal: AbortSignal): Promise<readonly string[]> {
    const { engine, log } = this.#options;
    const [containerId, source] = [containerOfEnd(end), addressOfEnd(end)];
    if (containerId !== undefined && source !== undefined) {
      const rule: VethRequest = { op: 'delete rule', source, table: source };
      const withoutRule = (fd: number) => new VethKernel(namespaceOfFd(fd)).change([rule]);
      await withNamespace(engine, containerId, withoutRule, signal).catch((error: unknown) => {
        log?.debug({ reason: messageOf(error) }, 'the rule of a nic stays in its container');
      });
    }
    try {
      await this.#kernel.change([{ op: 'delete', ifindex: end.ifindex }]);
    } catch (error) {
      // Its container ended meanwhile.
      if (!isErrno(error, 'ENODEV')) throw error;
      return [];
    }
    log?.info({ interface: end.name, alias: end.alias }, 'nic removed');
    return [`removed ${end.name}`];
  }

  async #make(
    each: NicToMake,
    pools: readonly Prefix[],
    signal: AbortSignal,
  ): Promise<{ readonly changes: number } | Omit<NicState, 'nic'>> {
    const { nic, container } = each;
    const text = formatIpv4(nic.address);
    try {
      const done = await withNamespace(
        this.#options.engine,
        container.id,
        (fd) => this.#inside(each, fd, pools),
        signal,
      );
      if (done === 'host') {
        const message = `the container ${container.name} has the host's own network, so it gets no interface with ${text}`;
        return { reason: 'HostNetwork', message, fix: `xctl nics remove ${text}`, waits: false };
      }
      return done === 'gone' ? notRunning(container, text) : done;
    } catch (error) {
      signal.throwIfAborted();
      // Its namespace ended while the interface was made, or Docker stopped answering.
      const message = `${text} could not be given to the container ${container.name}: ${messageOf(error)}`;
      return { reason: 'NotMade', message, waits: true };
    }
  }

  async #inside(
    each: NicToMake,
    fd: number,
    pools: readonly Prefix[],
  ): Promise<{ readonly changes: number } | Omit<NicState, 'nic'>> {
    const { nic, container, bridge } = each;
    const inside = new VethKernel(namespaceOfFd(fd));
    const find = async () => (await inside.links()).find(({ name }) => name === nic.interfaceName);
    let present = await find();
    const mac = macOf(nic.address);
    if (present !== undefined && (present.kind !== 'veth' || present.mac !== macText(mac))) {
      const message = `the container ${container.name} has an interface ${nic.interfaceName} that xnet did not make`;
      const fix = `choose another name: xctl nics remove ${formatIpv4(nic.address)}, then xctl nics add --name`;
      return { reason: 'InterfaceNameTaken', message, fix, waits: false };
    }
    let { end } = each;
    let changes = 0;
    // The other end is in a former namespace of the container, or was removed from it.
    if (end !== undefined && (present === undefined || !aliasFits(end, each))) {
      changes += await this.#kernel.change([{ op: 'delete', ifindex: end.ifindex }]);
      [end, present] = [undefined, undefined];
    }
    const name = endName(nic.address);
    const attach: VethRequest = { op: 'attach', name, master: bridge.ifindex, alias: aliasOf(nic, container.id) };
    if (end === undefined) {
      const peer = { name: nic.interfaceName, mac, namespaceFd: fd };
      changes += await this.#kernel.change([{ op: 'make', veth: { name, mtu: bridge.mtu, peer } }, attach]);
      this.#options.log?.info({ container: container.name, address: formatIpv4(nic.address) }, 'nic made');
      await this.#steps.reached('nic-made');
      present = await find();
    } else if (!isWhole(each)) changes += await this.#kernel.change([attach]);
    if (present === undefined) return notRunning(container, formatIpv4(nic.address));
    changes += await inside.change(insideRequests(each, present, pools));
    inside.answerByOwner();
    return { changes };
  }
}

// A container that was recreated under the same name has another id.
function aliasFits(end: VethLink, { nic, container }: NicToMake): boolean {
  return end.alias === '' || end.alias === aliasOf(nic, container.id);
}

// Answers leave by the interface that has their source address: packets from that address use a routing table of their
// own.
function insideRequests(
  { nic, network }: Pick<NicToMake, 'nic' | 'network'>,
  { ifindex, isUp }: VethLink,
  pools: readonly Prefix[],
): readonly VethRequest[] {
  const { address: source } = nic;
  const gateway = gatewayOf(network);
  const table = source;
  const to = (destination: Prefix, by: Ipv4 | undefined, into: number): VethRequest => {
    return { op: 'route', route: { destination, gateway: by, ifindex, source, table: into } };
  };
  return [
    ...(isUp ? [] : [{ op: 'up', ifindex } as const]),
    { op: 'address', ifindex, address: source, length: network.length },
    to(network, undefined, table),
    to(prefixOf(source, 0), gateway, table),
    { op: 'rule', source, table },
    ...(pools.length === 0 ? [] : [to(network, undefined, mainTable)]),
    ...pools.map((pool) => to(pool, gateway, mainTable)),
  ];
}

function notRunning({ name }: EngineContainer, text: string): Omit<NicState, 'nic'> {
  return {
    reason: 'ContainerNotRunning',
    message: `the container ${name}, which ${text} is for, does not run`,
    waits: true,
  };
}

async function answered<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof XnetError && error.code === 'Unavailable') return undefined;
    throw error;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof SyscallError && error.code === code;
}

function ready(address: Ipv4): NicUse {
  return { address, ready: true, reason: 'Ready', message: '' };
}

function useOf({ nic, reason, message, fix }: NicState): NicUse {
  return { address: nic.address, ready: false, reason, message: fix === undefined ? message : `${message}; ${fix}` };
}

// A missing container is no fault of the host: the finding is a note.
function findingOf({ reason, message, fix, waits }: NicState): Finding {
  const isNote = /^(ContainerNotFound|ContainerNotRunning|NotLeased)$/.test(reason);
  return {
    type: 'Nics',
    transient: waits && !isNote,
    ...(isNote ? { isNote } : {}),
    reason,
    message,
    ...(fix === undefined ? {} : { fix }),
  };
}
