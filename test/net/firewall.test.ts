// The firewall effect on a real kernel: who gets in, from which address, and what is left after somebody else's changes.
// Docker's rules are put there by hand, in both backends of iptables.
import test, { type ExecutionContext } from 'ava';
import { type DesiredFirewall, defaultMark, type EngineFacts } from '../../node/firewall/desired.js';
import { Firewall, type FirewallOptions } from '../../node/firewall/firewall.js';
import type { Urgency } from '../../node/firewall/interest.js';
import type { Backend } from '../../node/firewall/iptables-save.js';
import { openLinuxRouteKernel } from '../../node/kernel/linux-route-kernel.js';
import { LinuxLookup } from '../../node/kernel/lookup.js';
import { KernelMirror } from '../../node/kernel/mirror.js';
import { NftablesGeneration } from '../../node/kernel/nftables-generation.js';
import { type NftablesCommit, NftablesWatch } from '../../node/kernel/nftables-watch.js';
import { Poller } from '../../node/kernel/poller.js';
import { lookAtPath } from '../../node/path/path.js';
import type { Finding } from '../../node/reconcile/effect.js';
import { prefixKey } from '../../proto/domain/address.js';
import { checkPrefix } from '../../proto/domain/input.js';
import { type DockerRules, dockerRules, masquerade } from '../support/docker-rules.js';
import { FirewallHost } from '../support/firewall-host.js';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('SKIP test/net/firewall: needs root for network namespaces');
const netTest = isRoot ? test.serial : test.serial.skip;

const prefix = (text: string) => {
  const checked = checkPrefix(text);
  if ('problem' in checked) throw new TypeError(checked.problem);
  return checked.value;
};

function desired(changes: Partial<DesiredFirewall> = {}): DesiredFirewall {
  return {
    own: prefix('10.76.1.0/24'),
    bridge: 'docker0',
    underlay: 'eth0',
    peers: [prefix('10.76.2.0/24')],
    pools: [prefix('10.76.0.0/16')],
    mark: defaultMark,
    ...changes,
  };
}

const signal = new AbortController().signal;

const ourRule = (rules: readonly string[]) => rules.find((rule) => rule.includes('--comment xnet')) ?? '';

class Scene {
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

  /** start is what a daemon that has just started works with. */
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

  /** rules are all rules of all backends and tables, ours among them, without counters and handles. */
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

async function onHost(
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

async function works(t: ExecutionContext, { on }: Scene, when: string): Promise<void> {
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

async function closed(t: ExecutionContext, { on }: Scene, when: string): Promise<void> {
  const before = on.seen();
  const answers = await Promise.all([
    on.knock(on.stranger, '10.76.1.2', 81),
    on.knock(on.stranger, '10.76.1.2', 81, '10.76.66.6'),
  ]);
  t.deepEqual(answers, ['timeout', 'timeout'], `a stranger, ${when}`);
  t.is(on.seen(), before, `packets of strangers, ${when}`);
}

for (const docker of ['20.10', '28'] as const) {
  for (const backend of ['nft', 'legacy'] as const) {
    const name = `${docker} with iptables-${backend}`;

    netTest(`${name}: peers get in and keep their addresses, strangers do not get in`, (t) =>
      onHost(docker, backend, async (scene) => {
        const { on } = scene;
        await closed(t, scene, 'before');
        t.true((await scene.converged(t)) > 0);
        t.is(await on.proc.read('sys/net/ipv4/ip_forward'), '1');
        await works(t, scene, 'at first');
        await closed(t, scene, 'at first');
        t.is(await on.connect(on.container, '10.99.0.1', 9000), '192.168.83.11', 'out of the pool');
        t.is(await on.connect(on.stranger, '192.168.83.11', 8080), '192.168.83.66', 'a published port');
        t.is(await on.connect(on.container, '192.168.83.11', 8080), '10.76.1.1', 'hairpin');
        // A dockerd that starts puts its own rules first.
        const [table, chain] = ['nat', 'POSTROUTING'];
        scene.iptables('-t', table, '-D', chain, ...masquerade.split(' '));
        scene.iptables('-t', table, '-I', chain, '1', ...masquerade.split(' '));
        await works(t, scene, "after Docker's masquerade came first");
        scene.iptables('-t', 'mangle', '-A', 'PREROUTING', '-j', 'MARK', '--set-mark', '7');
        await works(t, scene, 'although somebody takes our mark away');
        await closed(t, scene, 'although somebody takes our mark away');
        await scene.converged(t, desired({ peers: [] }));
        t.is(await on.knock(on.peer, '10.76.1.2', 81), 'timeout', 'a peer without a lease');
      }),
    );

    netTest(`${name}: what is flushed, deleted, doubled or moved is repaired`, (t) =>
      onHost(docker, backend, async (scene) => {
        const { on } = scene;
        await scene.converged(t);
        const [user, raw, table] = [
          () => scene.chain('filter', 'DOCKER-USER'),
          () => scene.chain('raw', 'PREROUTING'),
          () => on.host.runSync(['nft', 'list', 'table', 'ip', 'xnet']),
        ];
        const [ours, oursRaw] = [ourRule(user()), ourRule(raw())];
        const inTable = table();
        const named = (rule: string) => rule.split(' ').slice(1);
        const nft = (...words: readonly string[]) => on.host.runSync(['nft', ...words]);
        const nftRule = nft('-a', 'list', 'chain', 'ip', 'xnet', 'to-pools').match(/handle (\d+)\n\t}/)?.[1] ?? '';
        const damages: Record<string, () => void> = {
          'our table is deleted': () => nft('delete', 'table', 'ip', 'xnet'),
          'our table is flushed': () => nft('flush', 'table', 'ip', 'xnet'),
          'a chain of ours is flushed': () => nft('flush', 'chain', 'ip', 'xnet', 'from-peers'),
          'a rule of ours is deleted': () => nft('delete', 'rule', 'ip', 'xnet', 'to-pools', 'handle', nftRule),
          'a rule is put before ours': () => nft('insert', 'rule', 'ip', 'xnet', 'from-peers', 'drop'),
          'a set is flushed': () => nft('flush', 'set', 'ip', 'xnet', 'peers24'),
          'an element is added': () => nft('add', 'element', 'ip', 'xnet', 'peers24', '{ 10.76.66.0 }'),
          'a policy is changed': () => nft('chain', 'ip', 'xnet', 'from-peers', '{ policy drop; }'),
          'a set is added': () => nft('add', 'set', 'ip', 'xnet', 'more', '{ type ipv4_addr; flags interval; }'),
          'the table sleeps': () => nft('add', 'table', 'ip', 'xnet', '{ flags dormant; }'),
          'our rules are deleted': () => {
            scene.iptables('-D', ...named(ours));
            scene.iptables('-t', 'raw', '-D', ...named(oursRaw));
          },
          'our rules are doubled': () => {
            scene.iptables('-A', ...named(ours));
            scene.iptables('-t', 'raw', '-I', ...named(oursRaw));
          },
          'DOCKER-USER is flushed': () => scene.iptables('-F', 'DOCKER-USER'),
          'raw is flushed': () => scene.iptables('-t', 'raw', '-F'),
          'an outdated rule of ours is left': () =>
            scene.iptables('-I', 'DOCKER-USER', '-i', 'eth9', '-m', 'comment', '--comment', 'xnet', '-j', 'ACCEPT'),
        };
        for (const [what, damage] of Object.entries(damages)) {
          damage();
          t.true((await scene.converged(t)) > 0, what);
          t.is(ourRule(user()), ours, what);
          t.is(ourRule(raw()), oursRaw, what);
          t.is([...user(), ...raw()].filter((rule) => rule.includes('xnet')).length, 2, what);
          t.is(table(), inTable, what);
        }
        await works(t, scene, 'in the end');
        await closed(t, scene, 'in the end');
      }),
    );

    netTest(`${name}: what an operator drops stays dropped, and ours stands behind it`, (t) =>
      onHost(docker, backend, async (scene) => {
        const { on } = scene;
        // Another peer is not dropped.
        const two = desired({ peers: [...desired().peers, prefix('10.76.3.0/24')] });
        const reaches = () => on.knock(on.peer, '10.76.1.2', 81);
        const ours = (rules: readonly string[]) => rules.findIndex((rule) => rule.includes('--comment xnet'));
        const user = () => scene.chain('filter', 'DOCKER-USER');
        const raw = () => scene.chain('raw', 'PREROUTING');
        await scene.converged(t, two);
        const drop = ['-s', '10.76.2.0/24', '-d', '10.76.1.0/24', '-j', 'DROP'];
        for (const [table, chain] of [
          ['filter', 'DOCKER-USER'],
          ['raw', 'PREROUTING'],
        ] as const) {
          t.is(await on.connect(on.peer, '10.76.1.2', 81), '10.76.2.2');
          scene.iptables('-t', table, '-I', chain, ...drop);
          const inserted = scene.rules();
          t.is(await scene.converged(t, two), 0, 'one that stands before ours changes nothing');
          t.is(scene.rules(), inserted);
          t.is(await reaches(), 'timeout', `${table}: inserted`);
          scene.iptables('-t', table, '-D', chain, ...drop);
        }
        // As an older version left it: its rule first, and once more.
        scene.iptables('-I', 'DOCKER-USER', ...ourRule(user()).split(' ').slice(2));
        scene.iptables('-I', 'DOCKER-USER', ...drop);
        scene.iptables('-I', 'DOCKER-USER', ...ourRule(user()).split(' ').slice(2));
        t.true((await scene.converged(t, two)) > 0);
        t.is(user().filter((rule) => rule.includes('--comment xnet')).length, 1);
        t.is(ours(user()), 1, 'moved behind');
        t.is(await reaches(), 'timeout', 'before ours by now');
        scene.iptables('-D', 'DOCKER-USER', ...drop);
        // Appended, by an operator who knows where: before the final RETURN.
        const at = docker === '28' ? ['-A', 'DOCKER-USER'] : ['-I', 'DOCKER-USER', '2'];
        scene.iptables(...at, ...drop);
        t.is(ours(user()), 0);
        t.true((await scene.converged(t, two)) > 0);
        t.is(ours(user()), 1);
        t.is(await reaches(), 'timeout', 'appended');
        scene.iptables('-D', 'DOCKER-USER', ...drop);
        scene.iptables('-t', 'raw', '-A', 'PREROUTING', ...drop);
        const changes = await scene.converged(t, two);
        if (docker === '28') {
          t.is(ours(raw()), 0, "Docker's own stands in between");
          const { notes } = await scene.firewall.inspect(two, signal);
          t.true(notes.some((note) => note.includes('iptables -t raw -A PREROUTING -s 10.76.2.0/24')));
        } else {
          t.true(changes > 0);
          t.is(await reaches(), 'timeout', 'appended to raw');
        }
      }),
    );

    netTest(`${name}: traffic flows although all of Docker's filter rules are flushed`, (t) =>
      onHost(docker, backend, async (scene) => {
        await scene.converged(t);
        scene.iptables('-F');
        const outcome = await scene.firewall.converge(desired(), signal);
        t.deepEqual(
          outcome.findings.map(({ reason, transient }) => [reason, transient]),
          [['DockerRulesMissing', false]],
        );
        await works(t, scene, "without Docker's rules");
        await closed(t, scene, "without Docker's rules");
        scene.iptables('-I', 'FORWARD', '-i', 'docker0', '!', '-o', 'docker0', '-j', 'ACCEPT');
        scene.iptables('-I', 'FORWARD', '-j', 'DOCKER-USER');
        t.true((await scene.converged(t)) > 0);
        t.false(
          scene.chain('filter', 'FORWARD').some((rule) => rule.includes('xnet')),
          'only as long as needed',
        );
      }),
    );

    netTest(`${name}: rules of others stay as they are, also when ours go`, (t) =>
      onHost(docker, backend, async (scene) => {
        const { on } = scene;
        scene.iptables('-I', 'DOCKER-USER', '-s', '1.2.3.4', '-m', 'comment', '--comment', 'a "b" xnet', '-j', 'DROP');
        scene.iptables('-A', 'DOCKER-USER', '-s', '1.2.3.5', '-m', 'comment', '--comment', 'xnet', '-j', 'DROP');
        scene.iptables('-t', 'raw', '-I', 'PREROUTING', '-s', '1.2.3.6', '-j', 'ACCEPT');
        scene.iptables('-t', 'mangle', '-A', 'FORWARD', '-s', '1.2.3.7', '-j', 'MARK', '--set-mark', '7');
        on.host.runSync(['nft', '-f', '-'], 'table inet other { chain c { type filter hook forward priority 5; }; }\n');
        const before = { rules: scene.rules(), ruleset: scene.ruleset() };
        await scene.converged(t);
        const withOurs = scene.rules();
        t.is(
          withOurs
            .split('\n')
            .filter((line) => !/--comment xnet -j ACCEPT$/.test(line))
            .join('\n'),
          before.rules,
        );
        await scene.converged(t, desired({ peers: [], underlay: 'eth1' }));
        const outcome = await scene.firewall.remove(signal);
        t.deepEqual(outcome.findings, []);
        t.is(outcome.changes, 3, 'the table and two rules');
        t.deepEqual({ rules: scene.rules(), ruleset: scene.ruleset() }, before);
        t.deepEqual(await scene.firewall.remove(signal), { findings: [], changes: 0 });
      }),
    );
  }
}

const commandOf = ({ fix = '' }: Pick<Finding, 'fix'>) => fix.replace(/, and the same in .*/, '');

for (const [what, backend, harm, engine = '20.10'] of [
  [
    'a chain of nftables with policy drop',
    'nft',
    [
      'nft',
      'add',
      'table',
      'inet',
      'filter',
      '{ chain forward { type filter hook forward priority 0; policy drop; }; }',
    ],
  ],
  [
    'a chain of nftables that lets in what was asked for alone',
    'legacy',
    [
      ...[
        'nft',
        'add',
        'table',
        'ip',
        'guard',
        '{ chain forwarded { type filter hook forward priority 10; policy drop; ',
      ],
      'ct state vmap { established : accept, related : accept, invalid : drop }; iifname "docker0" accept; }; }',
    ],
  ],
  [
    'a rule of nftables before routing',
    'nft',
    [
      ...['nft', 'add', 'table', 'inet', 'early', '{ chain pre { type filter hook prerouting priority -150; '],
      'ip saddr { 10.76.0.0/16, 10.80.0.0/16 } goto end; }; chain end { counter drop; }; }',
    ],
  ],
  ['the other backend of iptables', 'nft', ['iptables-legacy', '-P', 'FORWARD', 'DROP']],
  ['a rule in DOCKER-USER', 'nft', ['iptables-nft', '-I', 'DOCKER-USER', '-i', 'eth0', '-j', 'DROP']],
  [
    'a rule in DOCKER-USER that leaves them to Docker',
    'nft',
    ['iptables-nft', '-I', 'DOCKER-USER', '-s', '10.0.0.0/8', '-j', 'RETURN'],
    '28',
  ],
  ['a rule in raw', 'legacy', ['iptables-legacy', '-t', 'raw', '-I', 'PREROUTING', '-s', '10.76.0.0/16', '-j', 'DROP']],
] as const) {
  netTest(`what drops packets of peers is named, and what to type cures it: ${what}`, (t) =>
    onHost(engine, backend, async (scene) => {
      const { on } = scene;
      // One that can't be read keeps no other from being read.
      on.host.runSync([
        'nft',
        'add table ip sleeps { flags dormant; chain c { type filter hook forward priority 0; }; }',
      ]);
      await scene.converged(t);
      const [program, ...args] = harm;
      on.host.runSync(program === 'nft' ? ['nft', [...args].join(' ')] : [program, ...args]);
      t.is(await on.knock(on.peer, '10.76.1.2', 81), 'timeout');
      const { findings } = await scene.firewall.converge(desired(), signal);
      t.deepEqual(
        findings.map(({ type, reason, transient }) => [type, reason, transient]),
        [['Firewall', 'PacketsDropped', false]],
      );
      const { findings: told } = await scene.firewall.inspect(desired(), signal);
      t.deepEqual(told, findings);
      const cure = commandOf(findings[0] ?? {});
      t.log(findings[0]?.message, cure);
      // A rule is there by its handle; where it stands first, what is typed goes before it.
      on.host.runSync(['sh', '-c', cure]);
      t.deepEqual((await scene.firewall.converge(desired(), signal)).findings, []);
      await works(t, scene, 'after what to type was typed');
    }),
  );
}

netTest('what drops packets of peers is named: the table of firewalld', (t) =>
  onHost('20.10', 'nft', async (scene) => {
    const { on } = scene;
    await scene.converged(t);
    // As firewalld 1.3 makes it with docker0 in the zone docker and eth0 in the zone public.
    on.host.runSync(
      ['nft', '-f', '-'],
      `table inet firewalld {
        chain filter_FORWARD { type filter hook forward priority filter + 10; policy accept;
          ct state { established, related } accept
          ct status dnat accept
          iifname "lo" accept
          ct state invalid drop
          ip6 daddr { ::/96, 2002:a00::/24 } reject with icmpv6 type addr-unreachable
          jump filter_FORWARD_POLICIES
          reject with icmpx admin-prohibited
        }
        chain filter_FORWARD_POLICIES {
          iifname "docker0" jump filter_FWD_docker
          iifname "docker0" reject with icmpx admin-prohibited
          jump filter_FWD_public
          reject with icmpx admin-prohibited
        }
        chain filter_FWD_docker { accept; }
        chain filter_FWD_public { oifname "eth0" accept; }
      }\n`,
    );
    t.is(await on.connect(on.container, '10.76.2.2', 9000), '10.76.1.2', 'outwards');
    t.not(await on.connect(on.peer, '10.76.1.2', 81), '10.76.2.2', 'inwards');
    const { findings } = await scene.firewall.converge(desired(), signal);
    t.deepEqual(
      findings.map(({ reason }) => reason),
      ['PacketsDropped'],
    );
    t.regex(findings[0]?.message ?? '', /drops all packets from peers to containers$/);
    t.regex(findings[0]?.fix ?? '', /^firewall-cmd --permanent --zone=trusted/);
  }),
);

netTest('what may let packets of peers through is not told to drop them', (t) =>
  onHost('20.10', 'nft', async (scene) => {
    scene.on.host.runSync([
      'nft',
      `add table inet filter { chain forward { type filter hook forward priority 0; policy drop;
        tcp dport 81 accept; ip6 saddr ::1 drop; limit rate 1/second accept; }; chain input { type filter hook input priority 0; policy drop; }; }`,
    ]);
    scene.on.host.runSync([
      'nft',
      'add table inet sleeps { flags dormant; chain forwarded { type filter hook forward priority 0; policy drop; }; }',
    ]);
    scene.iptables('-I', 'FORWARD', '-s', '10.76.2.0/24', '-p', 'udp', '-j', 'DROP');
    scene.iptables('-I', 'DOCKER-USER', '-m', 'conntrack', '--ctstate', 'INVALID', '-j', 'DROP');
    await scene.converged(t);
  }),
);

netTest('routing rules and strict filters of sources that keep packets from their way are named, and cured', (t) =>
  onHost('20.10', 'nft', async ({ on }) => {
    const poller = new Poller();
    const kernel = openLinuxRouteKernel({ poller, namespace: on.host.path });
    const mirror = new KernelMirror({ kernel, protocol: 88 });
    const lookup = new LinuxLookup(on.host.path);
    const ip = (...args: readonly string[]) => on.host.runSync(['ip', ...args]);
    const sysctl = (...args: readonly string[]) => on.host.runSync(['sysctl', '-qw', ...args]);
    try {
      sysctl('net.ipv4.ip_forward=1');
      mirror.setRanges([prefix('10.76.0.0/16')]);
      const look = async () => {
        await mirror.refresh();
        return lookAtPath({ lookup, mirror, proc: on.proc }, desired());
      };
      const told = async () => (await look()).map(({ type, reason }) => `${type} ${reason}`);
      const cure = async () => {
        for (const finding of await look()) on.host.runSync(['sh', '-c', commandOf(finding)]);
      };
      t.deepEqual(await told(), []);
      t.is(await lookup.ruleCount(), 3);
      ip('route', 'add', 'default', 'via', '192.168.83.66', 'table', '100');
      for (const rule of [
        ['from', '10.76.1.0/24', 'lookup', '100'],
        ['fwmark', `${defaultMark}/${defaultMark}`, 'lookup', '100'],
        ['to', '10.76.2.0/24', 'prohibit'],
        ['to', '10.76.2.0/24', 'unreachable'],
        ['to', '10.76.2.0/24', 'blackhole'],
      ]) {
        ip('rule', 'add', 'pref', '100', ...rule);
        t.deepEqual(await told(), ['Routes DivertedByRule'], rule.join(' '));
        await cure();
        t.deepEqual(await told(), [], `${rule.join(' ')}, cured`);
        ip('rule', 'del', 'pref', '100');
        ip('rule', 'del', 'pref', '1');
      }
      // One that leads nowhere else is none of our business.
      ip('rule', 'add', 'pref', '100', 'from', 'all', 'lookup', '101');
      t.deepEqual(await told(), []);
      sysctl('net.ipv4.conf.all.rp_filter=1');
      t.deepEqual(await told(), [], 'answers leave by the interface that packets come in on');
      ip('link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth1-end');
      ip('link', 'set', 'eth1', 'up');
      ip('route', 'replace', '10.76.2.0/24', 'dev', 'eth1');
      t.deepEqual(await told(), ['Forwarding ReversePath']);
      await cure();
      t.deepEqual(await told(), []);
      t.is(lookup.kindOf([...mirror.links.values()].find(({ name }) => name === 'docker0')?.ifindex ?? 0), 'bridge');
    } finally {
      kernel.close();
      lookup.close();
      await poller.close();
    }
  }),
);

netTest('a program that wants its rule last, too, is not fought for ever', (t) =>
  onHost('28', 'nft', async (scene) => {
    let now = 0;
    const firewall = scene.start({ now: () => now });
    const rival = ['DOCKER-USER', '-s', '1.2.3.4', '-j', 'DROP'];
    await firewall.converge(desired(), signal);
    const turn = async () => {
      const present = scene.chain('filter', 'DOCKER-USER').some((rule) => rule.includes('1.2.3.4'));
      if (present) scene.iptables('-D', ...rival);
      scene.iptables('-A', ...rival);
      const { changes, findings } = await firewall.converge(desired(), signal);
      return changes > 0 ? 'moved' : findings.map(({ reason }) => reason).join();
    };
    const outcomes: string[] = [];
    for (let turns = 0; turns < 20; turns += 1) outcomes.push(await turn());
    t.is(outcomes[0], 'moved');
    t.true(
      outcomes.slice(-5).every((outcome) => outcome === 'Overtaken'),
      outcomes.join(' '),
    );
    scene.iptables('-F', 'DOCKER-USER');
    await firewall.converge(desired(), signal);
    t.is(scene.chain('filter', 'DOCKER-USER').length, 1, 'one that is missing is put back');
    scene.iptables('-A', ...rival);
    now += 3_600_000;
    t.is(await turn(), 'moved');
  }),
);

netTest('changes under traffic lose no packet', (t) =>
  onHost('28', 'nft', async (scene) => {
    const { on } = scene;
    await scene.converged(t);
    const count = 2000;
    const pings = Promise.all([on.ping(on.peer, '10.76.1.2', count), on.ping(on.container, '10.76.2.2', count)]);
    let done = false;
    const received = pings.finally(() => {
      done = true;
    });
    let turns = 0;
    let changes = 0;
    const many = Array.from({ length: 500 }, (_, index) => prefix(`10.77.${index >> 1}.${(index & 1) * 128}/25`));
    while (!done) {
      turns += 1;
      const peers = [...desired().peers, ...many.slice(0, (turns * 37) % 500)];
      const pools = turns % 3 === 0 ? [...desired().pools, prefix('10.77.0.0/16')] : desired().pools;
      if (turns % 4 === 1) scene.iptables('-I', 'DOCKER-USER', '-s', '1.2.3.4', '-j', 'RETURN');
      if (turns % 4 === 2) scene.iptables('-t', 'raw', '-I', 'PREROUTING', '-s', '1.2.3.4', '-j', 'RETURN');
      // A daemon that starts anew each time.
      const outcome = await scene.start().converge(desired({ peers, pools }), signal);
      t.deepEqual(outcome.findings, []);
      changes += outcome.changes;
    }
    t.true(changes > turns, 'every turn had something to change');
    t.log(`${turns} turns`);
    t.deepEqual(await received, [count, count]);
  }),
);

netTest('flows that were translated before the join begin anew, all others go on', (t) =>
  onHost('20.10', 'nft', async (scene) => {
    const { on } = scene;
    on.host.runSync(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    const flows = () =>
      on.host
        .runSync(['conntrack', '-L', '-o', 'id', '-p', 'icmp'])
        .split('\n')
        .filter((line) => line.includes('src=10.76.1.2 '))
        .map((line) => ({ to: / dst=(\S+)/.exec(line)?.[1], answers: / dst=\S+.* dst=(\S+)/.exec(line)?.[1], line }));
    t.is(await on.ping(on.container, '10.76.2.2', 1), 1);
    t.is(await on.ping(on.container, '10.99.0.1', 1), 1);
    t.deepEqual(
      flows()
        .map(({ to, answers }) => `${to} ${answers}`)
        .sort(),
      ['10.76.2.2 192.168.83.11', '10.99.0.1 192.168.83.11'],
    );
    await scene.converged(t);
    t.deepEqual(
      flows().map(({ to }) => to),
      ['10.99.0.1'],
    );
    t.is(await on.ping(on.container, '10.76.2.2', 1), 1);
    const id = (line: string | undefined) => /id=(\d+)$/.exec(line ?? '')?.[1];
    const kept = flows()
      .map(({ line }) => id(line))
      .sort();
    t.is(kept.length, 2);
    on.host.runSync(['nft', 'delete', 'table', 'ip', 'xnet']);
    t.is(await on.ping(on.container, '10.76.2.2', 1), 1);
    t.is(flows().length, 3);
    await scene.converged(t);
    t.deepEqual(
      flows()
        .map(({ line }) => id(line))
        .sort(),
      kept,
      'the untranslated flow among them',
    );
  }),
);

netTest('before Docker: nothing is opened, and its first start finds the rules in place', (t) =>
  onHost(undefined, 'nft', async (scene) => {
    const { on } = scene;
    const before = scene.rules();
    const outcome = await scene.firewall.converge(desired(), signal);
    t.deepEqual(
      outcome.findings.map(({ type, reason, transient }) => [type, reason, transient]),
      [['Forwarding', 'ForwardingOff', true]],
    );
    t.is(await on.proc.read('sys/net/ipv4/ip_forward'), '0');
    t.is(scene.chain('filter', 'DOCKER-USER').length, 1);
    // As dockerd 20.10 does: forwarding, then the policy, then chains that may be there.
    on.host.runSync(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    on.host.runSync(['iptables-nft-restore', '--noflush'], dockerRules('20.10').replace(/^:DOCKER-USER.*\n/m, ''));
    await works(t, scene, 'right after');
    t.is(await scene.converged(t), 0);
    await closed(t, scene, 'right after');
    await scene.firewall.remove(signal);
    t.deepEqual(scene.chain('filter', 'DOCKER-USER'), ['-A DOCKER-USER -j RETURN'], "the chain is Docker's by now");

    on.host.runSync(['nft', 'flush', 'ruleset']);
    await scene.firewall.converge(desired(), signal);
    const removed = await scene.firewall.remove(signal);
    t.deepEqual(removed.findings, []);
    t.false(scene.rules().includes('DOCKER-USER'), 'made in advance, and Docker never came');
    t.deepEqual(scene.rules().match(/^-A/gm), before.match(/^-A/gm));
  }),
);

netTest('all of nftables is flushed while Docker runs', (t) =>
  onHost('28', 'nft', async (scene) => {
    await scene.converged(t);
    scene.on.host.runSync(['nft', 'flush', 'ruleset']);
    const outcome = await scene.firewall.converge(desired(), signal);
    t.deepEqual(
      outcome.findings.map(({ reason }) => reason),
      ['DockerRulesMissing'],
    );
    await works(t, scene, 'without any of the rest');
    scene.on.host.runSync(['iptables-nft-restore', '--noflush'], dockerRules('28').replace(/^:DOCKER-USER.*\n/m, ''));
    await works(t, scene, 'as soon as Docker is back');
    await scene.converged(t);
    await closed(t, scene, 'as soon as Docker is back');
  }),
);

netTest("Docker's chains in both backends: both get our rules", (t) =>
  onHost('20.10', 'legacy', async (scene) => {
    scene.on.host.runSync(['iptables-nft-restore', '--noflush'], dockerRules('28'));
    await scene.converged(t);
    await works(t, scene, 'through both');
    await closed(t, scene, 'through both');
    const report = await scene.firewall.inspect(desired(), signal);
    t.deepEqual(report.rules, [
      { backend: 'nft', state: 'installed' },
      { backend: 'legacy', state: 'installed' },
    ]);
    await scene.firewall.remove(signal);
    t.false(scene.rules().includes('xnet'));
  }),
);

netTest('forwarding is turned on only where something drops', (t) =>
  onHost('20.10', 'nft', async (scene) => {
    const { on } = scene;
    const forwarding = () => on.proc.read('sys/net/ipv4/ip_forward');
    scene.iptables('-P', 'FORWARD', 'ACCEPT');
    const outcome = await scene.firewall.converge(desired(), signal);
    t.deepEqual(
      outcome.findings.map(({ reason, transient }) => [reason, transient]),
      [['ForwardingOff', false]],
    );
    t.is(await forwarding(), '0');
    const modern = scene.start({ engine: () => ({ running: true, major: 28, iptables: true }) });
    const turned = await modern.converge(desired(), signal);
    t.deepEqual(turned, { findings: [], changes: 1, what: ['net.ipv4.ip_forward: on'] });
    t.is(await forwarding(), '1');
    // It was so before us: not ours to judge, but worth telling.
    t.deepEqual(await scene.firewall.converge(desired(), signal), { findings: [], changes: 0 });
    const { notes } = await scene.firewall.inspect(desired(), signal);
    t.true(notes.some((note) => note.includes('FORWARD chain is ACCEPT')));
    scene.iptables('-P', 'FORWARD', 'DROP');
    on.host.runSync(['sysctl', '-qw', 'net.ipv4.ip_forward=0']);
    t.is(await scene.converged(t), 1);
    on.host.runSync(['sysctl', '-qw', 'net.ipv4.conf.eth0.forwarding=0']);
    const off = await scene.firewall.converge(desired(), signal);
    t.like(off.findings[0], { type: 'Forwarding', reason: 'InterfaceForwardingOff', transient: false });
  }),
);

netTest('tables and engines that are not for us', (t) =>
  onHost('28', 'nft', async (scene) => {
    const { on } = scene;
    on.host.runSync(['nft', '-f', '-'], 'table ip xnet { chain mine { type filter hook input priority 0; }; }\n');
    const before = on.host.runSync(['nft', 'list', 'table', 'ip', 'xnet']);
    const outcome = await scene.firewall.converge(desired(), signal);
    t.deepEqual(
      outcome.findings.map(({ reason }) => reason),
      ['ForeignTable'],
    );
    t.is((await scene.firewall.inspect(desired(), signal)).table, 'foreign');
    await scene.firewall.remove(signal);
    on.host.runSync(['nft', 'add', 'table', 'ip', 'xnet', '{ flags dormant; }']);
    await scene.firewall.converge(desired(), signal);
    t.true(on.host.runSync(['nft', 'list', 'table', 'ip', 'xnet']).includes('chain mine'));
    t.true(before.includes('chain mine'));

    on.host.runSync(['nft', 'flush', 'ruleset']);
    on.host.runSync(['nft', 'add', 'table', 'ip', 'docker-bridges']);
    const nftables = await scene.firewall.converge(desired(), signal);
    t.true(nftables.findings.some(({ reason }) => reason === 'UnsupportedFirewallBackend'));
    t.false(scene.rules().includes('DOCKER-USER'));

    on.host.runSync(['nft', 'flush', 'ruleset']);
    const off = scene.start({ engine: () => ({ running: true, major: 20, iptables: false }) });
    await off.converge(desired(), signal);
    t.false(scene.rules().includes('xnet'));
    t.true((await off.inspect(desired(), signal)).notes.some((note) => note.includes('"iptables": false')));
    t.like((await off.converge(desired({ underlay: 'a"b' }), signal)).findings[0], {
      reason: 'UnusableInterfaceName',
      transient: false,
    });
  }),
);

netTest('a program that is missing keeps nothing else from being done', (t) =>
  onHost('20.10', 'nft', async (scene) => {
    const { exec } = scene.on;
    const reasons = async (...missing: readonly string[]) => {
      const firewall = scene.start({
        exec: ([program, ...rest], options) =>
          exec([missing.includes(program) ? `/nowhere/${program}` : program, ...rest], options),
      });
      const { findings, inForce } = await firewall.converge(desired(), signal);
      // What can't be looked at is not said to be there.
      t.is(inForce, missing.includes('nft') || missing.includes('iptables') ? false : undefined);
      return findings.map(({ reason, fix = '' }) => [reason, /install the package (\S+)$/.exec(fix)?.[1]]);
    };
    t.deepEqual(await reasons('conntrack'), [['ConntrackMissing', 'conntrack']]);
    t.is(scene.chain('filter', 'DOCKER-USER').filter((rule) => rule.includes('xnet')).length, 1);
    scene.on.host.runSync(['nft', 'delete', 'table', 'ip', 'xnet']);
    scene.iptables('-F', 'DOCKER-USER');
    t.deepEqual(await reasons('nft'), [['NftMissing', 'nftables']]);
    t.is(scene.chain('filter', 'DOCKER-USER').length, 1);
    scene.iptables('-F', 'DOCKER-USER');
    const iptables = ['iptables', 'iptables-nft', 'iptables-nft-save', 'iptables-save'];
    t.deepEqual(await reasons(...iptables), [['IptablesMissing', 'iptables']]);
    t.true(scene.on.host.runSync(['nft', 'list', 'tables']).includes('table ip xnet'));
    // Where there is `iptables` alone.
    t.deepEqual(await reasons('iptables-nft', 'iptables-legacy'), []);
    t.is(scene.chain('filter', 'DOCKER-USER').length, 1);
  }),
);

netTest('a daemon that is killed anywhere, and two at once, end up with the same', (t) =>
  onHost('28', 'nft', async (scene) => {
    const { on } = scene;
    on.host.runSync(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    const clean = scene.rules();
    await scene.converged(t);
    const whole = { rules: scene.rules(), ruleset: scene.ruleset() };
    const translated = () =>
      on.host
        .runSync(['conntrack', '-L', '-s', '10.76.1.0/24', '-d', '10.76.0.0/16'])
        .split('\n')
        .filter((line) => line.includes('dst=192.168.83.11 '));
    // Killed before the nth program is started, until a turn needs fewer.
    for (let programs = 0, killed = true; killed; programs += 1) {
      await scene.firewall.remove(signal);
      t.is(scene.rules(), clean);
      await on.ping(on.container, '10.76.2.2', 1);
      t.is(translated().length, 1);
      let left = programs;
      killed = false;
      const dying = scene.start({
        exec: (argv, options) => {
          left -= 1;
          if (left >= 0) return on.exec(argv, options);
          killed = true;
          return Promise.reject(new Error('killed'));
        },
      });
      await dying.converge(desired(), signal).catch((error: Error) => t.is(error.message, 'killed'));
      t.deepEqual((await scene.start().converge(desired(), signal)).findings, []);
      t.deepEqual({ rules: scene.rules(), ruleset: scene.ruleset() }, whole, `killed after ${programs} programs`);
      t.deepEqual(translated(), [], `killed after ${programs} programs`);
    }
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await scene.firewall.remove(signal);
      const outcomes = await Promise.all([1, 2, 3].map(() => scene.start().converge(desired(), signal)));
      t.deepEqual(
        outcomes.flatMap(({ findings }) => findings.filter(({ transient }) => !transient)),
        [],
      );
      t.deepEqual((await scene.start().converge(desired(), signal)).findings, []);
      t.deepEqual({ rules: scene.rules(), ruleset: scene.ruleset() }, whole, 'three at once');
    }
  }),
);

netTest('while the generation stays the same, nothing of nftables is listed', (t) =>
  onHost('28', 'nft', async (scene) => {
    let generation: number | undefined = 1;
    const runs: string[] = [];
    const firewall = scene.start({
      generation: () => generation,
      exec: (argv, options) => {
        runs.push(argv[0]);
        return scene.on.exec(argv, options);
      },
    });
    await firewall.converge(desired(), signal);
    generation = 2;
    await firewall.converge(desired(), signal);
    runs.length = 0;
    t.deepEqual(await firewall.converge(desired(), signal), { findings: [], changes: 0 });
    t.deepEqual(runs, []);
    generation = 3;
    await firewall.converge(desired(), signal);
    t.deepEqual(runs.sort(), ['iptables-nft-save', 'nft', 'nft']);
    // What is desired may change all the same.
    const more = desired({ peers: [...desired().peers, prefix('10.76.9.0/24')] });
    t.is((await firewall.converge(more, signal)).changes, 1);
  }),
);

netTest('commits of others cost only what they touch', (t) =>
  onHost('28', 'nft', async (scene) => {
    const { on } = scene;
    const poller = new Poller();
    const watch = new NftablesWatch(poller, on.host.path);
    const generation = new NftablesGeneration(on.host.path);
    const runs: string[] = [];
    const firewall = scene.start({
      generation: () => generation.current(),
      touchedSince: (from, to) => watch.touchedSince(from, to),
      exec: (argv, options) => {
        runs.push(argv[0]);
        return on.exec(argv, options);
      },
    });
    const commits: NftablesCommit[] = [];
    watch.onCommit((more) => commits.push(...more));
    const after = async (what: string, urgency: Urgency, spawns: readonly string[], change: () => unknown) => {
      const before = generation.current() ?? 0;
      commits.length = 0;
      change();
      t.true(watch.touchedSince(before, generation.current() ?? 0) !== undefined, what);
      t.is(firewall.urgencyOf(commits), urgency, what);
      runs.length = 0;
      const outcome = await firewall.converge(desired(), signal);
      t.deepEqual(outcome.findings, [], what);
      t.deepEqual(runs.sort(), spawns, what);
    };
    const nft = (command: string) => () => on.host.runSync(['nft', command]);
    try {
      await firewall.converge(desired(), signal);
      await firewall.converge(desired(), signal);
      const inputs =
        'add table inet f2b { set s { type ipv4_addr; }; chain incoming { type filter hook input priority -1; }; }';
      await after('a table of others with an input chain', 'soon', ['nft'], nft(inputs));
      await after('an element of it', 'never', [], nft('add element inet f2b s { 1.2.3.4 }'));
      await after('a rule of it', 'never', [], nft('add rule inet f2b incoming ip saddr @s drop'));
      await after("Docker's NAT", 'never', [], () => scene.iptables('-t', 'nat', '-A', 'DOCKER', '-j', 'RETURN'));
      await after("Docker's ports", 'never', ['iptables-nft-save'], () =>
        scene.iptables('-A', 'DOCKER', '-j', 'RETURN'),
      );
      await after('a container of Docker 28', 'soon', ['iptables-nft-save'], () =>
        scene.iptables('-t', 'raw', '-A', 'PREROUTING', '-d', '10.76.1.3', '!', '-i', 'docker0', '-j', 'DROP'),
      );
      const forward =
        'add table inet guard { chain forwarded { type filter hook forward priority 0; ip saddr 1.2.3.4 drop; }; }';
      await after('a forward chain of others', 'soon', ['nft', 'nft'], nft(forward));
      await after('a rule of it', 'soon', ['nft', 'nft'], nft('add rule inet guard forwarded ip saddr 1.2.3.5 drop'));
      await after('what it had', 'soon', ['nft'], nft('delete table inet guard'));
      commits.length = 0;
      scene.iptables('-F', 'DOCKER-USER');
      nft('flush chain ip xnet from-peers')();
      t.true(watch.touchedSince((generation.current() ?? 0) - 1, generation.current() ?? 0) !== undefined);
      t.is(firewall.urgencyOf(commits), 'now', 'what is ours');
      t.is(firewall.urgencyOf([]), 'now', 'what was lost');
      t.is((await firewall.converge(desired(), signal)).changes, 2);
    } finally {
      watch.close();
      generation.close();
      await poller.close();
    }
  }),
);

netTest('5,000 peers', (t) =>
  onHost('28', 'nft', async (scene) => {
    const all = Array.from({ length: 5000 }, (_, i) => prefix(`10.${80 + (i >> 8)}.${i & 255}.0/24`));
    const peers = [prefix('10.76.2.0/24'), ...all].sort((a, b) => prefixKey(a) - prefixKey(b));
    const timed = async (what: string, wanted: DesiredFirewall) => {
      const start = performance.now();
      const outcome = await scene.firewall.converge(wanted, signal);
      t.log(`${what}: ${(performance.now() - start).toFixed(0)} ms, ${outcome.changes} changes`);
      t.deepEqual(outcome.findings, []);
      return outcome.changes;
    };
    await timed('from nothing', desired({ peers }));
    t.is(await timed('nothing to do', desired({ peers })), 0);
    t.is(await timed('one less', desired({ peers: peers.slice(0, -1) })), 1);
    t.is(await timed('one more', desired({ peers })), 1);
    t.is(await timed('down to one', desired()), 5000);
    t.is(await timed('up to 5,001', desired({ peers })), 5000);
    const report = await scene.firewall.inspect(desired({ peers }), signal);
    t.like(report, { table: 'installed', peers: { desired: 5001, installed: 5001 }, changes: 0, forwarding: true });
    await works(t, scene, 'with 5,000 others');
  }),
);
