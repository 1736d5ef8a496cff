// A host with one interface, its gateway, and a switch between them, in network namespaces.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Namespace } from '../../deploy/lab/namespace.js';
import type { DesiredLan } from '../../node/lan/decide.js';
import { makeDetour } from '../../node/lan/detour.js';
import { type LanMove, lanMoveOf, readLanJournal } from '../../node/lan/journal.js';
import { LanEffect } from '../../node/lan/lan.js';
import { LanKernel } from '../../node/lan/lan-kernel.js';
import type { LanOptions } from '../../node/lan/options.js';
import { execThrough } from '../../proto/process/exec.js';
import type { LanTurn } from './lan-turn.js';
import { PingFlow } from './ping-flow.js';
import { ip } from './route-fixtures.js';

/** lanDesired is a bridge with the address of the host. */
export const lanDesired: DesiredLan = { bridgeName: 'xnet-lan', address: ip('192.168.61.11') };

/** beyondGateway is an address that the host reaches by its default route alone. */
export const beyondGateway = '10.99.0.1';

/** LanHost is the host. Its interface eth0 has 192.168.61.11/24, the gateway is 192.168.61.254. */
export class LanHost {
  readonly host = Namespace.create('lan-host');
  readonly gateway = Namespace.create('lan-gw');
  readonly kernel = new LanKernel(this.host.path);
  readonly #flows: PingFlow[] = [];
  readonly stateFolder = mkdtempSync(join(tmpdir(), 'xnet-lan-'));
  /** Whether the controller answers. */
  answers = true;

  constructor() {
    this.host.ipBatch([
      `link add eth0 address 02:fc:00:00:61:11 type veth peer name port0 netns ${this.gateway.name}`,
      'link set eth0 up',
      'address add 192.168.61.11/24 brd + dev eth0',
      'address add 192.168.61.12/24 brd + dev eth0 label eth0:web',
      'address add 172.20.0.5/32 dev eth0 valid_lft 4000 preferred_lft 3000',
    ]);
    for (const name of ['all', 'eth0']) this.#filterSources(name, '1');
    this.gateway.ipBatch([
      'link add lan type bridge forward_delay 0',
      'link set lan up',
      'link set port0 master lan',
      'link set port0 up',
      'address add 192.168.61.254/24 dev lan',
      `address add ${beyondGateway}/32 dev lo`,
      'route add 10.86.7.0/24 via 192.168.61.11',
    ]);
    this.host.ipBatch([
      'route add default via 192.168.61.254 dev eth0 proto static metric 100 mtu 1400',
      'route add 10.77.0.0/16 via 192.168.61.253 dev eth0 src 192.168.61.12',
      'route add 10.78.0.0/16 via 172.31.0.1 dev eth0 onlink',
      'route add 10.79.0.0/16 dev eth0 table 100',
      'route add default via 192.168.61.254 dev eth0 table 100',
      'neighbour add 192.168.61.77 lladdr 02:fc:00:00:61:77 dev eth0 nud permanent',
      'nexthop add id 1234 via 192.168.61.13 dev eth0 proto 88',
      'route add 10.76.3.0/24 nhid 1234 proto 88',
    ]);
  }

  /** options are those of an effect on this host. */
  options(more: Partial<LanOptions> = {}): LanOptions {
    return {
      kernel: this.kernel,
      stateFolder: this.stateFolder,
      witnesses: () => [{ name: 'a controller', ask: () => Promise.resolve(this.answers) }],
      waitMs: 20_000,
      boot: 'first',
      factsOf: async () => ({ isWireless: false, managedBy: undefined, rules: [] }),
      copySettings: (port, bridge) => this.#filterSources(bridge.name, this.sourceFilter(port.name)),
      loosen: (bridge) => this.#filterSources(bridge.name, '2'),
      detour: makeDetour(execThrough(this.host.enter)),
      ...more,
    };
  }

  /** effect makes the effect on this host. */
  effect(more: Partial<LanOptions> = {}): LanEffect {
    return new LanEffect(this.options(more));
  }

  /**
   * inventory lists the host's addresses, routes, next-hop objects and permanent neighbours, with `name` in the place of the
   * interface that has them.
   */
  inventory(name: string): readonly string[] {
    const show = (...args: string[]) => this.host.runSync(['ip', '-4', ...args]).split('\n');
    return [
      ...show('-o', 'address', 'show', 'dev', name).map((line) =>
        line.replace(/^\d+: +\S+ +/, '').replace(/\d+sec/g, 'N'),
      ),
      ...show('route', 'show', 'table', 'all', 'type', 'unicast'),
      ...show('nexthop', 'show'),
      ...show('neighbour', 'show', 'nud', 'permanent'),
    ]
      .filter((line) => line !== '')
      .map((line) => line.replaceAll(name, 'IF').replace(/\\/g, '').trim());
  }

  /** sourceFilter returns rp_filter of an interface: "1", which is strict. */
  sourceFilter(name: string): string {
    return this.host.runSync(['cat', `/proc/sys/net/ipv4/conf/${name}/rp_filter`]).trim();
  }

  #filterSources(name: string, value: string): void {
    this.host.runSync(['tee', `/proc/sys/net/ipv4/conf/${name}/rp_filter`], value);
  }

  /** masterOf returns the bridge that an interface is a port of; empty: none. */
  masterOf(name: string): string {
    return /master (\S+)/.exec(this.host.runSync(['ip', '-o', 'link', 'show', 'dev', name]))?.[1] ?? '';
  }

  /** move returns how far a move is by the journal. */
  async move(): Promise<LanMove> {
    return lanMoveOf(await readLanJournal(this.stateFolder));
  }

  /** has reports whether there is an interface of this name. */
  has(name: string): boolean {
    return this.host.runSync(['ip', '-o', 'link', 'show']).includes(` ${name}`);
  }

  /** flows starts flows in both directions, one of them by the default route. */
  async flows(): Promise<readonly PingFlow[]> {
    // A bridge that was just made drops packets at first.
    await this.host.run(['sh', '-c', 'until ping -c 1 -W 1 192.168.61.254; do :; done']);
    const [host, gateway] = [this.host, this.gateway].map(({ enter }) => ({ enter: () => Promise.resolve(enter) }));
    if (host === undefined || gateway === undefined) throw new TypeError('no namespaces');
    const flows = await Promise.all([PingFlow.start(gateway, '192.168.61.11'), PingFlow.start(host, beyondGateway)]);
    this.#flows.push(...flows);
    return flows;
  }

  /** killedAt runs a turn in a process that is killed at a step. */
  async killedAt(dieAt: string, turn: LanTurn['turn']): Promise<void> {
    const argument: LanTurn = { stateFolder: this.stateFolder, turn, dieAt };
    const script = fileURLToPath(new URL('lan-turn.js', import.meta.url));
    const [program, ...rest] = [...this.host.enter, process.execPath, script, JSON.stringify(argument)];
    const child = spawn(program ?? '', rest, { stdio: ['ignore', 'ignore', 'inherit'] });
    const [, killedBy] = await once(child, 'exit');
    if (killedBy !== 'SIGKILL') throw new Error(`the turn did not reach the step ${dieAt}`);
  }

  async close(): Promise<void> {
    for (const flow of this.#flows) await flow.stop();
    this.kernel.close();
    this.host.delete();
    this.gateway.delete();
    rmSync(this.stateFolder, { recursive: true, force: true });
  }
}
