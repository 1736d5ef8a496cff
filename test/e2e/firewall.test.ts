// The firewall effect with real dockerds of every line, both backends of iptables and both modes: containers reach each
// other across hosts under their own addresses, and no other machine reaches them, before and after dockerd restarts.
import { writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { Container } from '../../deploy/lab/container.js';
import { engineLines, type LabEngine, tryEngine } from '../../deploy/lab/engines.js';
import type { IptablesBackend } from '../../deploy/lab/holder.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { Lab } from '../../deploy/lab/lab.js';
import { beyond } from '../../deploy/lab/plan.js';
import type { Fetched } from '../../deploy/lab/probe.js';
import { type DesiredFirewall, defaultMark } from '../../node/firewall/desired.js';
import { Firewall } from '../../node/firewall/firewall.js';
import { type Prefix, parsePrefix } from '../../proto/domain/address.js';
import type { Mode } from '../../proto/domain/network.js';
import { procThrough } from '../support/firewall-host.js';

const signal = new AbortController().signal;
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('SKIP test/e2e/firewall: needs root for hosts with Docker');

const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new TypeError(`not a prefix: ${text}`);
  return parsed;
};

class Node {
  readonly host: LabHost;
  readonly subnet: string;
  readonly desired: DesiredFirewall;
  readonly #mode: Mode;
  #dockerRuns = false;

  constructor(host: LabHost, index: number, mode: Mode) {
    this.host = host;
    this.subnet = `10.76.${index}.0/24`;
    this.#mode = mode;
    this.desired = {
      own: [{ subnet: prefix(this.subnet), bridge: mode === 'bip' ? 'docker0' : 'xnet0' }],
      underlay: 'eth0',
      peers: [prefix(`10.76.${3 - index}.0/24`)],
      pools: [prefix('10.76.0.0/16')],
      mark: defaultMark,
      isConfirmed: true,
    };
  }

  get gateway(): string {
    return this.subnet.replace('0/24', '1');
  }

  /** firewall is that of a daemon that has just started. */
  firewall(): Firewall {
    const exec = (argv: readonly [string, ...string[]], options = {}) => this.host.exec(argv, options);
    const major = Number(this.host.engine?.line.split('.')[0]);
    return new Firewall({ exec, proc: procThrough(exec), engine: () => ({ running: this.#dockerRuns, major }) });
  }

  async startDocker(): Promise<void> {
    if (this.#mode === 'bip') writeFileSync(this.host.daemonJson, `{"bip": "${this.gateway}/24"}\n`);
    await this.host.startDockerd();
    this.#dockerRuns = true;
    if (this.#mode === 'bip') return;
    const options = [`--subnet=${this.subnet}`, `--gateway=${this.gateway}`];
    await this.host.docker('network', 'create', ...options, '--opt=com.docker.network.bridge.name=xnet0', 'xnet');
  }

  run(name: string): Promise<Container> {
    const network = this.#mode === 'bip' ? {} : { network: 'xnet' };
    return this.host.runContainer({ name, publish: ['8080:80'], options: ['--restart=always'], ...network });
  }

  /** route is what the routes effect does, by hand. */
  async route(peer: Node): Promise<void> {
    await this.host.run(['ip', 'route', 'replace', peer.subnet, 'via', peer.host.address, 'src', this.gateway]);
  }

  async policy(): Promise<string> {
    return (await this.host.run(['iptables', '-S', 'FORWARD'])).split('\n')[0] ?? '';
  }

  /** rules are all that are not ours, of both backends, and what else drops. */
  async rules(): Promise<readonly string[]> {
    const saved = await Promise.all(
      (['iptables-nft-save', 'iptables-legacy-save'] as const).map((program) => this.host.run([program])),
    );
    return saved
      .join('')
      .split('\n')
      .filter((line) => /^-A|^:.* DROP/.test(line))
      .filter((line) => !/--comment xnet -j ACCEPT$/.test(line))
      .map((line) => line.replace(/ \[\d+:\d+\]$/, ''));
  }
}

const source = (fetched: Fetched) => (fetched.ok ? fetched.source : fetched.reason);

async function expectTraffic(
  t: ExecutionContext,
  lab: Lab,
  [n1, n2]: readonly [Node, Node],
  [c1, c2]: readonly [Container, Container],
  when: string,
): Promise<void> {
  const [a1, a2] = [await c1.address(), await c2.address()];
  const seen = {
    'there, unpublished': source(await c1.fetch(`${a2}:81`)),
    'there, published': source(await c1.fetch(`${a2}:80`)),
    back: source(await c2.fetch(`${a1}:81`)),
    ping: await c1.ping(a2),
    'from the host': source(await n1.host.fetch(`${a2}:81`)),
    "the peer's published port": source(await c1.fetch(`${n2.host.address}:8080`)),
    'its own published port': (await c1.fetch(`${n1.host.address}:8080`)).ok,
    'a published port from the LAN': source(await lab.outside.fetch(`${n1.host.address}:8080`)),
    'out of the pool': source(await c1.fetch(beyond)),
    'a stranger': (await lab.stranger.fetch(`${a1}:81`, 1)).ok,
    'a stranger with an address of the pool': await spoof(lab, a1),
  };
  t.deepEqual(
    seen,
    {
      'there, unpublished': a1,
      'there, published': a1,
      back: a2,
      ping: true,
      'from the host': n1.gateway,
      "the peer's published port": n1.host.address,
      'its own published port': true,
      'a published port from the LAN': lab.outside.address,
      'out of the pool': n1.host.address,
      'a stranger': false,
      'a stranger with an address of the pool': false,
    },
    when,
  );
}

// The address is not leased, and n1 even has a way back to it.
async function spoof({ stranger }: Lab, address: string): Promise<boolean> {
  const { code } = await stranger.exec(['ping', '-c', '1', '-W', '1', '-I', '10.76.66.6', address]);
  return code === 0;
}

async function scenario(t: ExecutionContext, engine: LabEngine, iptables: IptablesBackend, mode: Mode): Promise<void> {
  const lab = await Lab.create({ hosts: 2, engine, iptables });
  try {
    const [h1, h2] = lab.hosts;
    if (h1 === undefined || h2 === undefined) throw new Error('a lab without hosts');
    const nodes = [new Node(h1, 1, mode), new Node(h2, 2, mode)] as const;
    const [n1, n2] = nodes;
    await lab.routeStranger(n1.subnet, h1);
    await lab.stranger.run(['ip', 'address', 'add', '10.76.66.6/32', 'dev', 'lo']);
    await h1.run(['ip', 'route', 'add', '10.76.66.0/24', 'via', lab.stranger.address]);

    // n1's daemon starts before Docker's first start, n2's while Docker runs.
    const early = await n1.firewall().converge(n1.desired, signal);
    t.deepEqual(
      early.findings.map(({ reason, transient }) => [reason, transient]),
      [['ForwardingOff', true]],
    );
    await Promise.all(nodes.map((node) => node.startDocker()));
    t.deepEqual(await Promise.all(nodes.map((node) => node.policy())), ['-P FORWARD DROP', '-P FORWARD DROP']);
    await Promise.all([n1.route(n2), n2.route(n1)]);
    const containers = [await n1.run('c1'), await n2.run('c2')] as const;
    const before = await n2.rules();
    t.deepEqual((await n2.firewall().converge(n2.desired, signal)).findings, []);
    t.deepEqual(await n2.rules(), before, "Docker's rules stay");
    const traffic = (when: string) => expectTraffic(t, lab, nodes, containers, when);
    await traffic('at first, without a turn on n1 since Docker started');

    await Promise.all(nodes.map(({ host }) => host.restartDockerd()));
    await traffic('after dockerd restarted, without a turn');
    for (const { firewall, desired } of nodes.map((node) => ({ firewall: node.firewall(), desired: node.desired }))) {
      t.deepEqual((await firewall.converge(desired, signal)).findings, []);
      t.deepEqual(await firewall.converge(desired, signal), { findings: [], changes: 0 });
    }

    for (const { host } of nodes) {
      await host.run(['nft', 'delete', 'table', 'ip', 'xnet']);
      await host.run(['iptables', '-F', 'DOCKER-USER']);
      await host.run(['iptables', '-t', 'raw', '-D', 'PREROUTING', '1']);
    }
    for (const node of nodes) t.deepEqual((await node.firewall().converge(node.desired, signal)).findings, []);
    await traffic('after our rules were deleted');

    for (const { host } of nodes) await host.run(['iptables', '-F']);
    for (const node of nodes) {
      const { findings } = await node.firewall().converge(node.desired, signal);
      t.deepEqual(
        findings.map(({ reason }) => reason),
        ['DockerRulesMissing'],
      );
    }
    t.is(source(await containers[0].fetch(`${await containers[1].address()}:81`)), await containers[0].address());
    await Promise.all(nodes.map(({ host }) => host.restartDockerd()));
    for (const node of nodes) t.deepEqual((await node.firewall().converge(node.desired, signal)).findings, []);
    await traffic('after all of the filter table was flushed and dockerd restarted');

    const inventory = await n2.rules();
    for (const node of nodes) t.deepEqual((await node.firewall().remove(signal)).findings, []);
    t.deepEqual(await n2.rules(), inventory);
    t.false((await containers[0].fetch(`${await containers[1].address()}:81`, 1)).ok, 'after our rules are removed');
    t.true((await lab.outside.fetch(`${h1.address}:8080`)).ok);
  } finally {
    await lab.close();
  }
}

// Each line with both backends and both modes.
const combinations = [
  { line: '20.10', iptables: 'nft', mode: 'bip' },
  { line: '20.10', iptables: 'legacy', mode: 'bridge' },
  { line: '26', iptables: 'nft', mode: 'bridge' },
  { line: '26', iptables: 'legacy', mode: 'bip' },
  { line: '28', iptables: 'nft', mode: 'bip' },
  { line: '28', iptables: 'legacy', mode: 'bridge' },
] as const;

const engines = isRoot ? await Promise.all(engineLines.map((line) => tryEngine(line))) : [];
for (const engine of engines) if ('why' in engine) console.log(`SKIP Docker ${engine.line}: ${engine.why}`);

for (const { line, iptables, mode } of combinations) {
  const engine = engines.find((candidate) => candidate.line === line);
  const name = `Docker ${line} with iptables-${iptables}, mode ${mode}`;
  if (engine === undefined || 'why' in engine) test.skip(name, () => undefined);
  else test.serial(name, (t) => scenario(t, engine, iptables, mode));
}
