// A host for the firewall effect: Docker's rules in one backend of iptables, and checks of what each party can reach.
import test, { type ExecutionContext } from 'ava';
import { type DesiredFirewall, defaultMark, type EngineFacts } from '../../node/firewall/desired.js';
import { Firewall, type FirewallOptions } from '../../node/firewall/firewall.js';
import type { Backend } from '../../node/firewall/iptables-save.js';
import { type DockerRules, dockerRules } from './docker-rules.js';
import { FirewallHost } from './firewall-host.js';
import { isRoot } from './linux-route-host.js';
import { prefix } from './pools.js';

/** netTest is a test of the real firewall. It is skipped without root, and runs serially. */
export const netTest = isRoot('the firewall') ? test.serial : test.serial.skip;

/** desired returns the desired firewall of a node with one peer, with changes. */
export function desired(changes: Partial<DesiredFirewall> = {}): DesiredFirewall {
  return {
    own: [{ subnet: prefix('10.76.1.0/24'), bridge: 'docker0' }],
    underlay: 'eth0',
    peers: [prefix('10.76.2.0/24')],
    pools: [prefix('10.76.0.0/16')],
    mark: defaultMark,
    isConfirmed: true,
    ...changes,
  };
}

/** signal is never aborted. */
export const signal = new AbortController().signal;

/** ourRule returns xnet's rule among the rules of a chain; empty if there is none. */
export const ourRule = (rules: readonly string[]) => rules.find((rule) => rule.includes('--comment xnet')) ?? '';

/** Scene is a host with the rules of one Docker in one backend, and the firewall under test. */
export class Scene {
  readonly on: FirewallHost;
  readonly backend: Backend;
  readonly engine: EngineFacts;
  readonly firewall: Firewall;

  constructor(on: FirewallHost, backend: Backend, engine: EngineFacts) {
    this.on = on;
    this.backend = backend;
    this.engine = engine;
    this.firewall = this.start();
  }

  /** start returns the firewall as a newly started daemon has it. */
  start(options: FirewallOptions = {}): Firewall {
    return new Firewall({ exec: this.on.exec, proc: this.on.proc, engine: () => this.engine, ...options });
  }

  iptables(...args: readonly string[]): string {
    return this.on.host.runSync([`iptables-${this.backend}`, '-w', ...args]);
  }

  chain(table: string, name: string): readonly string[] {
    const lines = this.iptables('-t', table, '-S', name).trimEnd().split('\n');
    return lines.filter((line) => line.startsWith('-A '));
  }

  /** rules returns all rules of all backends and tables, including xnet's, without counters and handles. */
  rules(): string {
    const save = (program: string) => this.on.host.runSync([program]).replace(/^#.*\n|\[\d+:\d+\]/gm, '');
    return `${save('iptables-nft-save')}${save('iptables-legacy-save')}`;
  }

  ruleset(): string {
    return this.on.host.runSync(['nft', '-s', 'list', 'ruleset']);
  }

  async converged(t: ExecutionContext, changes = desired()): Promise<number> {
    const outcome = await this.firewall.converge(changes, signal);
    t.deepEqual(outcome.findings, []);
    t.deepEqual(await this.firewall.converge(changes, signal), { findings: [], changes: 0 }, 'a second turn');
    return outcome.changes;
  }
}

/** onHost runs work on a host with the rules of a Docker, or with none, and deletes the host. */
export async function onHost(
  docker: DockerRules | undefined,
  backend: Backend,
  work: (scene: Scene) => Promise<void>,
): Promise<void> {
  const on = await FirewallHost.create();
  try {
    const major = docker === '28' ? 28 : 20;
    if (docker !== undefined) on.host.runSync([`iptables-${backend}-restore`, '--noflush'], dockerRules(docker));
    await work(new Scene(on, backend, { running: docker !== undefined, major, iptables: true }));
  } finally {
    on.delete();
  }
}

/** works passes if the peer, the container and the host reach each other by their own addresses. */
export async function works(t: ExecutionContext, { on }: Scene, when: string): Promise<void> {
  const [inward, outward, host] = await Promise.all([
    on.connect(on.peer, '10.76.1.2', 81),
    on.connect(on.container, '10.76.2.2', 9000),
    on.connect(on.host, '10.76.2.2', 9000),
  ]);
  t.deepEqual(
    { inward, outward, host },
    { inward: '10.76.2.2', outward: '10.76.1.2', host: '10.76.1.1' },
    `to and from the peer, ${when}`,
  );
}

/** closed passes if no packet of a stranger reaches the container. */
export async function closed(t: ExecutionContext, { on }: Scene, when: string): Promise<void> {
  const before = on.seen();
  const answers = await Promise.all([
    on.knock(on.stranger, '10.76.1.2', 81),
    on.knock(on.stranger, '10.76.1.2', 81, '10.76.66.6'),
  ]);
  t.deepEqual(answers, ['timeout', 'timeout'], `a stranger, ${when}`);
  t.is(on.seen(), before, `packets of strangers, ${when}`);
}
