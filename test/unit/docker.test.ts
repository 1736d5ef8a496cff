// What decides about Docker: flags, plans, answers of engines, reasons of failures, and the journal's text.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { type BipSeen, contentHash, inputsOf, planJoin, planLeave } from '../../node/docker/bip-plan.js';
import { attachedTo, isAsDesired, planBridge, planBridgeRemoval } from '../../node/docker/bridge-plan.js';
import { type Bip, bipIn, bipsEqual, formatBip, parseBip, removeBip } from '../../node/docker/daemon-json.js';
import type { EngineContainer, EngineNetwork } from '../../node/docker/engine.js';
import {
  attachmentFrom,
  containersFrom,
  eventFrom,
  infoFrom,
  networksFrom,
  versionFrom,
} from '../../node/docker/engine-answers.js';
import { flagsOf } from '../../node/docker/flags.js';
import { hostNetworks, unroutedNetworks } from '../../node/docker/host-networks.js';
import type { HostInterface } from '../../node/docker/interfaces.js';
import { emptyJournal, type Journal, journalPath, readJournal, writeJournal } from '../../node/docker/journal.js';
import { unreachableEngine, unsupportedEngine } from '../../node/docker/preflight.js';
import { decidedBy, startAt } from '../../node/docker/restart-limit.js';
import { reasonIn } from '../../node/docker/restarter.js';
import type { DesiredDocker, OnRunning } from '../../node/docker/settings.js';
import { formatPrefix, gatewayOf, type Prefix, parseIpv4, parsePrefix, prefixOf } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

function bip(text: string): Bip {
  const parsed = parseBip(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

function network(name: string, cidr: string, more: Partial<EngineNetwork> = {}): EngineNetwork {
  const subnets = [{ prefix: prefix(cidr), gateway: gatewayOf(prefix(cidr)) }];
  return {
    ...{
      id: `id-${name}`,
      name,
      driver: 'bridge',
      labels: new Map(),
      subnets,
      bridgeName: `br-${name}`,
      isDefault: false,
    },
    ...more,
  };
}

function defaultNetwork(cidr: string): EngineNetwork {
  return network('bridge', cidr, { bridgeName: 'docker0', isDefault: true });
}

function bridge(name: string, ...addresses: readonly string[]): HostInterface {
  return { name, addresses: addresses.map(bip) };
}

function container(name: string, ...networks: readonly string[]): EngineContainer {
  const attached = networks.map((of) => ({ name: of, id: `id-${of}`, address: undefined }));
  return { id: `id-${name}`, name, running: true, swarmTask: false, networks: attached };
}

test('every spelling of a flag', (t) => {
  const spellings: readonly (readonly [string, string, string])[] = [
    ['--bip=10.1.1.1/24', 'bip', '10.1.1.1/24'],
    ['--bip 10.1.1.1/24', 'bip', '10.1.1.1/24'],
    ['-b br0', 'bridge', 'br0'],
    ['-bbr0', 'bridge', 'br0'],
    ['-b=br0', 'bridge', 'br0'],
    ['-Db br0', 'bridge', 'br0'],
    ['--bridge= --bip 10.1.1.1/24', 'bip', '10.1.1.1/24'],
    ['-D --live-restore --bip 10.1.1.1/24', 'live-restore', 'true'],
    ['--iptables=false --config-file /etc/d.json', 'config-file', '/etc/d.json'],
    ['--iptables --bip=10.1.1.1/24', 'bip', '10.1.1.1/24'],
    ['--label=bip=no --firewall-backend iptables', 'firewall-backend', 'iptables'],
    ['--bip=10.1.1.1/24 --bip=10.2.2.1/24', 'bip', '10.2.2.1/24'],
    ['-H unix:///x -p /run/d.pid', 'pidfile', '/run/d.pid'],
  ];
  for (const [line, name, value] of spellings) t.is(flagsOf(line.split(' ')).get(name), value, line);
  t.is(flagsOf(['--label', '--bip=10.1.1.1/24']).get('bip'), undefined, 'the value of another flag');
  t.is(flagsOf(['-H', 'fd://', '--', '--bip=10.1.1.1/24']).get('bip'), undefined);
});

test('the reason is found in what dockerd prints', (t) => {
  const log = [
    'time="2026-11-21T00:01:12.3Z" level=info msg="failed to look busy"',
    'time="2026-11-21T00:01:12.4Z" level=warning msg="error that is none"',
    'failed to start daemon: Error initializing network controller: invalid CIDR address: 10.76.6.1',
    '',
  ].join('\n');
  t.is(reasonIn(log), 'failed to start daemon: Error initializing network controller: invalid CIDR address: 10.76.6.1');
  t.is(reasonIn('time="x" level=fatal msg="can\'t \\"open\\" it" module=x'), 'can\'t "open" it');
  t.is(reasonIn('Starting\nsomething failed here\nbye'), 'something failed here');
  t.is(reasonIn('only this'), 'only this');
  t.is(reasonIn('time="x" level=info msg=y\n'), undefined);
  t.is(reasonIn('failed to start daemon: a\tb\u001b[31m'), 'failed to start daemon: a b [31m');
});

test('engines of all lines, and others, by their answers', (t) => {
  t.like(versionFrom({ Version: '20.10.24+dfsg1' }), { major: 20, isDocker: true });
  t.like(versionFrom({ Version: '4.3.1', Components: [{ Name: 'Podman Engine' }] }), { isDocker: false });
  t.throws(() => versionFrom({ version: 'x' }));
  t.deepEqual(infoFrom({ LiveRestoreEnabled: true, FirewallBackend: { Driver: 'nftables' } }), {
    liveRestore: true,
    firewallBackend: 'nftables',
    rootless: false,
  });
  t.true(infoFrom({ SecurityOptions: ['name=seccomp,profile=default', 'name=rootless'] }).rootless);
  const [found] = networksFrom([
    {
      Id: '0c5e6b7d8f90a1b2',
      Name: 'shop',
      Driver: 'bridge',
      Labels: null,
      Options: {},
      IPAM: { Config: [{ Subnet: '10.5.0.7/24', Gateway: '10.5.0.1/24' }, { Subnet: 'fd00::/64' }] },
    },
  ]);
  t.like(found, {
    bridgeName: 'br-0c5e6b7d8f90',
    subnets: [{ prefix: prefix('10.5.0.0/24'), gateway: parseIpv4('10.5.0.1') }],
  });
  t.is(networksFrom([{ Id: 'x', Name: 'host', Driver: 'host', IPAM: { Config: null } }])[0]?.bridgeName, undefined);
  for (const [state, running] of [
    ['running', true],
    ['paused', true],
    ['restarting', true],
    ['exited', false],
  ] as const) {
    t.like(containersFrom([{ Id: 'c', Names: ['/web'], State: state }])[0], { name: 'web', running });
  }
  const inspected = {
    Id: 'abcdef012345',
    NetworkSettings: { Networks: { xnet: { Aliases: ['abcdef012345', 'web'] } } },
  };
  t.deepEqual(attachmentFrom(inspected, 'xnet').aliases, ['web']);
  t.is(eventFrom('{"Type":"image","Action":"pull"}'), undefined);
  t.deepEqual(eventFrom('{"Type":"network","Action":"create","Actor":{"ID":"n"}}'), {
    kind: 'network',
    action: 'create',
    id: 'n',
  });
});

test('a Docker that can not be worked with is told of with what to do', async (t) => {
  const version = { version: '29.1.0', major: 29, isDocker: true };
  const info = { liveRestore: false, firewallBackend: 'iptables', rootless: false };
  t.is(unsupportedEngine(version, info), undefined);
  t.is(unsupportedEngine(version, { ...info, firewallBackend: 'iptables+firewalld' }), undefined);
  t.like(unsupportedEngine(version, { ...info, firewallBackend: 'nftables' }), { reason: 'NftablesBackend' });
  t.regex(
    unsupportedEngine(version, { ...info, firewallBackend: 'nftables' })?.fix ?? '',
    /"firewall-backend": "iptables"/,
  );
  t.like(unsupportedEngine(version, { ...info, rootless: true }), { reason: 'Rootless' });
  t.like(unsupportedEngine({ ...version, isDocker: false }, info), { reason: 'NotDocker' });
  const failed = (code: string) =>
    new XnetError(code === 'EACCES' ? 'PermissionDenied' : 'Unavailable', 'x', {
      cause: Object.assign(new Error(code), { code }),
    });
  const reason = async (code: string, installed: boolean) =>
    (await unreachableEngine(failed(code), '/run/docker.sock', async () => installed)).reason;
  t.is(await reason('ENOENT', false), 'NotInstalled');
  t.is(await reason('ENOENT', true), 'NotRunning');
  t.is(await reason('ECONNREFUSED', true), 'NotRunning');
  t.is(await reason('EACCES', true), 'NoPermission');
  t.is(await reason('ECONNRESET', true), 'NotAnswering');
});

const engine = {
  version: { version: '28.5.2', major: 28, isDocker: true },
  info: { liveRestore: false, firewallBackend: 'iptables', rootless: false },
  networks: [defaultNetwork('172.17.0.0/16')],
  containers: [],
};
const seen: BipSeen = {
  engine,
  interfaces: [bridge('docker0', '172.17.0.1/16'), bridge('eth0', '192.168.83.11/24')],
  flags: new Map(),
  path: '/etc/docker/daemon.json',
  file: undefined,
  journal: emptyJournal,
  onRunning: 'refuse',
  restarts: { mostPerHour: 3, pauseMs: 60_000 },
  nowMs: Date.UTC(2026, 0, 1, 12),
  byHand: false,
};

function reasonOf(plan: ReturnType<typeof planJoin>): string {
  return plan.do === 'report' ? plan.finding.reason : plan.do;
}

test('a join is planned only where nothing is in the way', (t) => {
  const wanted = bip('10.76.3.1/24');
  t.is(planJoin(seen, wanted).do, 'apply');
  const beside = (cidr: string) => ({
    ...seen,
    engine: { ...engine, networks: [...engine.networks, network('n', cidr)] },
  });
  t.is(reasonOf(planJoin(beside('10.76.0.0/16'), wanted)), 'SubnetTaken');
  t.is(reasonOf(planJoin(beside('10.76.3.128/25'), wanted)), 'SubnetTaken');
  t.is(reasonOf(planJoin(beside('10.77.0.0/16'), wanted)), 'apply');
  const lan = { ...seen, interfaces: [...seen.interfaces, bridge('eth1', '10.0.0.5/8')] };
  t.is(reasonOf(planJoin(lan, wanted)), 'SubnetTaken');
  const busy = { ...seen, engine: { ...engine, containers: [container('web')] } };
  const policies: readonly (readonly [OnRunning, string])[] = [
    ['refuse', 'ContainersRunning'],
    ['wait', 'WaitingForContainers'],
    ['restart', 'apply'],
  ];
  for (const [onRunning, expected] of policies) t.is(reasonOf(planJoin({ ...busy, onRunning }, wanted)), expected);
  const inForce = {
    ...seen,
    engine: { ...engine, networks: [defaultNetwork('10.76.3.0/24')], containers: [container('web')] },
    interfaces: [bridge('docker0', '10.76.3.1/24', '10.1.1.1/24')],
  };
  t.is(planJoin(inForce, wanted).do, 'apply', 'the file alone: no restart, whatever runs');
  t.is(planJoin({ ...inForce, file: Buffer.from('{"bip":"10.76.3.1/24"}') }, wanted).do, 'nothing');
  t.is(planJoin({ ...inForce, flags: new Map([['bip', '10.76.3.1/24']]) }, wanted).do, 'nothing');
});

test('an address that docker0 lost is put back without a restart of Docker', (t) => {
  const wanted = bip('10.76.3.1/24');
  const joined: BipSeen = {
    ...seen,
    file: Buffer.from('{"bip":"10.76.3.1/24"}'),
    engine: { ...engine, networks: [defaultNetwork('10.76.3.0/24')], containers: [container('web')] },
    interfaces: [bridge('docker0'), bridge('eth0', '192.168.83.11/24')],
  };
  t.deepEqual(planJoin(joined, wanted), { do: 'add-address', bridgeName: 'docker0' });
  t.is(planJoin({ ...joined, interfaces: [bridge('docker0', '10.1.1.1/24')] }, wanted).do, 'add-address');
  // Somebody gave the subnet to another interface meanwhile.
  const taken = { ...joined, interfaces: [bridge('docker0'), bridge('vpn0', '10.76.3.1/24')] };
  t.is(reasonOf(planJoin(taken, wanted)), 'SubnetTaken');
  // Neither an interface that is gone nor another subnet is cured by an address.
  const ours = { path: joined.path, bip: wanted, wrote: '', without: undefined, former: undefined };
  const journal = { ...emptyJournal, ours };
  t.is(reasonOf(planJoin({ ...joined, journal, interfaces: [] }, wanted)), 'ContainersRunning');
  t.is(reasonOf(planJoin({ ...joined, journal }, bip('10.76.4.1/24'))), 'ContainersRunning');
});

test('leaving after joining gives the file of before, whatever it was and whatever others did to it', (t) => {
  const files = fc.constantFrom(undefined, '', '{}', '{ "mtu":1400 }', '{\n\t"mtu": 1400\n}\n', '{"a":{"bip":"x"}}');
  fc.assert(
    fc.property(files, fc.boolean(), fc.boolean(), (text, edited, moved) => {
      const file = text === undefined ? undefined : Buffer.from(text);
      const first = bip('10.76.3.1/24');
      let journal: Journal = emptyJournal;
      let now: Buffer | undefined = file;
      for (const wanted of moved ? [first, bip('10.76.9.1/24')] : [first]) {
        const plan = planJoin({ ...seen, file: now, journal }, wanted);
        if (plan.do !== 'apply') throw new Error(reasonOf(plan));
        now = plan.change.after;
        journal = { ...journal, ours: plan.change.ours };
        if (!bipsEqual(bipIn(now), wanted)) return false;
      }
      const docker0 = journal.ours?.bip ?? first;
      if (edited) now = Buffer.from(`${now}\n`);
      const inForce = {
        ...seen,
        file: now,
        journal,
        engine: { ...engine, networks: [defaultNetwork(formatPrefix(prefixOf(docker0.address, 24)))] },
        interfaces: [bridge('docker0', formatBip(docker0))],
      };
      const leave = planLeave(inForce, false);
      if (leave.do !== 'apply') throw new Error(reasonOf(leave));
      if (!bipsEqual(leave.change.bip, bip('172.17.0.1/16'))) return false;
      const back = planLeave(
        { ...seen, file: leave.change.after, journal: { ...journal, ours: leave.change.ours } },
        false,
      );
      if (back.do !== 'put-back') throw new Error(reasonOf(back));
      if (!edited) return contentHash(back.content) === contentHash(file);
      const taken = removeBip(now, docker0);
      return 'bytes' in taken && contentHash(back.content) === contentHash(taken.bytes);
    }),
  );
  t.pass();
});

test('a bip that was given up is not tried again until something is different', (t) => {
  const wanted = bip('10.76.3.1/24');
  const plan = planJoin(seen, wanted);
  if (plan.do !== 'apply') return t.fail();
  // As a rollback writes it down.
  const inputs = inputsOf(plan.change, plan.change.before, engine.networks);
  const again = { ...seen, journal: { ...emptyJournal, givenUp: { inputs, message: 'no' } } };
  t.is(reasonOf(planJoin(again, wanted)), 'RolledBack');
  t.is(planJoin(again, bip('10.76.4.1/24')).do, 'apply');
  t.is(planJoin({ ...again, file: Buffer.from('{}') }, wanted).do, 'apply');
  t.is(planJoin({ ...again, flags: new Map([['mtu', '1400']]) }, wanted).do, 'apply');
  const beside = (cidr: string) => [...engine.networks, network('n', cidr)];
  t.is(reasonOf(planJoin({ ...again, engine: { ...engine, networks: beside('10.99.0.0/24') } }, wanted)), 'RolledBack');
  // One that overlapped was there when it failed, and is gone.
  const overlapped = inputsOf(plan.change, plan.change.before, beside('10.76.3.128/25'));
  const freed = { ...seen, journal: { ...emptyJournal, givenUp: { inputs: overlapped, message: 'no' } } };
  t.is(planJoin(freed, wanted).do, 'apply');
  return t.is(planJoin({ ...again, byHand: true }, wanted).do, 'apply', 'an operator asks for it');
});

test('Docker is restarted at most three times an hour, unless an operator decides otherwise', (t) => {
  const wanted = bip('10.76.3.1/24');
  const plan = planJoin(seen, wanted);
  if (plan.do !== 'apply') return t.fail();
  const { without } = plan.change.ours;
  const decided = decidedBy(without, plan.change.circumstances);
  const minutesAgo = (...minutes: readonly number[]): Journal['restarts'] =>
    minutes.map((ago) => ({ atMs: seen.nowMs - ago * 60_000, decided, back: false }));
  const after = (restarts: Journal['restarts'], more: Partial<Journal> = {}): BipSeen => ({
    ...seen,
    journal: { ...emptyJournal, restarts, ...more },
  });
  t.is(planJoin(after(minutesAgo(1)), wanted).do, 'apply', 'it may fail, and be taken back by the third');
  const limited = after(minutesAgo(59, 1));
  const finding = planJoin(limited, wanted);
  t.like(finding.do === 'report' ? finding.finding : {}, { reason: 'RestartsLimited', transient: true });
  t.regex(finding.do === 'report' ? finding.finding.message : '', /again at 2026-01-01T12:01:00/);
  t.regex(finding.do === 'report' ? (finding.finding.fix ?? '') : '', /systemctl reload xnetd$/);
  t.is(
    reasonOf(planJoin(after(minutesAgo(59, 30, 1)), bip('10.76.4.1/24'))),
    'RestartsLimited',
    'whatever the lease is',
  );
  t.is(planJoin(after(minutesAgo(61, 1)), wanted).do, 'apply');
  t.is(planJoin(after(minutesAgo(-90, -80)), wanted).do, 'apply', 'the clock was set back');
  // Operators.
  t.is(planJoin({ ...limited, byHand: true }, wanted).do, 'apply');
  t.is(planJoin({ ...limited, file: Buffer.from('{"mtu": 1400}') }, wanted).do, 'apply');
  t.is(planJoin({ ...limited, flags: new Map([['mtu', '1400']]) }, wanted).do, 'apply');
  // After a failure the pause comes first.
  const failed = { givenUp: { inputs: 'other', message: 'no' } };
  t.is(reasonOf(planJoin(after(minutesAgo(0.5), failed), wanted)), 'RestartsLimited');
  t.is(planJoin(after(minutesAgo(2), failed), wanted).do, 'apply');
  // One that is down is started again and again, with pauses.
  const downSince = (...minutes: readonly number[]) => minutesAgo(...minutes).map((one) => ({ ...one, back: true }));
  t.is(startAt(minutesAgo(0.1), seen.nowMs, seen.restarts), 0);
  t.is(startAt(downSince(0.5), seen.nowMs, seen.restarts), seen.nowMs + 30_000);
  t.is(startAt(downSince(50, 40, 30, 20, 19, 18, 1), seen.nowMs, seen.restarts), seen.nowMs + 19 * 60_000);
  return t.is(startAt(downSince(2), seen.nowMs, seen.restarts), 0);
});

const desired: DesiredDocker & { readonly mode: 'bridge' } = {
  mode: 'bridge',
  nodeId: 'node-1',
  subnet: prefix('10.76.3.0/24'),
  gateway: gatewayOf(prefix('10.76.3.0/24')),
  networkName: 'xnet',
  bridgeName: 'xnet0',
};
const labels = new Map([['io.xnet.node', 'node-1']]);

test('of networks, only those with our label are ever touched', (t) => {
  const cidrs = fc.constantFrom('10.76.3.0/24', '10.76.4.0/24', '10.76.0.0/16', '172.18.0.0/16');
  const networks = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('xnet', 'shop', 'fleet'),
      cidr: cidrs,
      bridgeName: fc.constantFrom('xnet0', 'b1'),
      ours: fc.boolean(),
    }),
    { selector: ({ name }) => name, maxLength: 3 },
  );
  const policy = fc.constantFrom<OnRunning>('refuse', 'wait', 'restart');
  fc.assert(
    fc.property(networks, fc.boolean(), policy, fc.boolean(), (made, attached, onRunning, present) => {
      const all = made.map(({ name, cidr, bridgeName, ours }) =>
        network(name, cidr, { bridgeName, labels: ours ? labels : new Map() }),
      );
      const containers = attached ? all.map(({ name }) => container(`c-${name}`, name)) : [];
      const interfaces = present
        ? all.map((n) =>
            bridge(
              n.bridgeName ?? '',
              `${formatBip({ address: gatewayOf(n.subnets[0]?.prefix ?? desired.subnet), length: 24 })}`,
            ),
          )
        : [];
      const plan = planBridge(
        desired,
        { networks: [defaultNetwork('172.17.0.0/16'), ...all], containers, interfaces },
        onRunning,
      );
      const touched = plan.removals.map((removal) => removal.network);
      t.true(touched.every((n) => n.labels.has('io.xnet.node')));
      // Containers are taken off only with consent.
      t.true(onRunning === 'restart' || plan.removals.every((removal) => removal.attached.length === 0));
      const staying = all.filter((n) => !touched.includes(n));
      if (plan.create) t.false(staying.some((n) => n.name === 'xnet' || n.bridgeName === 'xnet0'));
      const removal = planBridgeRemoval({ networks: all, containers }, false);
      t.true(removal.removals.every((r) => r.attached.length === 0 && r.network.labels.has('io.xnet.node')));
      const forced = planBridgeRemoval({ networks: all, containers }, true);
      t.is(forced.removals.length, all.filter((n) => n.labels.has('io.xnet.node')).length);
      // Either it is as desired, or it will be, or it is said why not.
      return plan.create || plan.findings.length > 0 || all.some((n) => isAsDesired(n, desired));
    }),
    { numRuns: 500 },
  );
});

test('a container that never ran knows its network by name', (t) => {
  const created = { ...container('c'), networks: [{ name: 'xnet', id: '', address: undefined }] };
  const namesake = { ...container('d'), networks: [{ name: 'xnet', id: 'another', address: undefined }] };
  t.deepEqual(attachedTo(network('xnet', '10.76.3.0/24'), [created, namesake]), [created]);
});

test('networks of the host are listed without our own', (t) => {
  const networks = [
    defaultNetwork('172.17.0.0/16'),
    network('xnet', '10.76.3.0/24', { labels, bridgeName: 'xnet0' }),
    network('shop', '172.18.0.0/16'),
    network('odd\nname', '172.19.0.0/16'),
  ];
  const interfaces = [
    bridge('lo', '127.0.0.1/8'),
    bridge('eth0', '192.168.83.11/24', '169.254.3.3/16'),
    bridge('docker0', '172.17.0.1/16'),
    bridge('xnet0', '10.76.3.1/24'),
    bridge('br-shop', '172.18.0.1/16'),
  ];
  const listed = (mode: 'bip' | 'bridge') =>
    hostNetworks(networks, interfaces, mode).map(({ prefix: p, source }) => `${formatPrefix(p)} ${source}`);
  const others = [
    '172.18.0.0/16 docker network shop',
    '172.19.0.0/16 docker network "odd\\nname"',
    '192.168.83.0/24 interface eth0',
  ];
  t.deepEqual(listed('bip'), others);
  t.deepEqual(listed('bridge'), ['172.17.0.0/16 docker network bridge', ...others]);
});

test('networks that nothing is routed to are named once, where containers run on them alone', (t) => {
  const ours = network('xnet', '10.76.3.0/24', { labels });
  const networks = [
    defaultNetwork('172.17.0.0/16'),
    ours,
    network('shop', '172.18.0.0/16'),
    network('idle', '172.19.0.0/16'),
  ];
  const lan = network('lan', '172.20.0.0/16', { driver: 'macvlan' });
  const containers = [
    container('a', 'shop'),
    container('b', 'shop'),
    container('c', 'xnet', 'idle'),
    container('d', 'bridge'),
    container('e', 'lan'),
    { ...container('f', 'idle'), running: false },
  ];
  const seenNow = { networks: [...networks, lan], containers };
  t.deepEqual(unroutedNetworks(seenNow, 'bridge'), ['bridge', 'shop']);
  t.deepEqual(unroutedNetworks(seenNow, 'bip'), ['idle', 'shop', 'xnet']);
  t.deepEqual(unroutedNetworks({ networks, containers: [] }, 'bip'), []);
});

test('the journal is read as it was written, and a damaged one is not taken for an empty one', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-journal-'));
  try {
    t.deepEqual(await readJournal(folder), emptyJournal);
    const path = '/etc/docker/daemon.json';
    const ours = {
      path,
      bip: bip('10.76.3.1/24'),
      wrote: 'x',
      without: Buffer.from([0xff, 0xfe, 0]),
      former: undefined,
    };
    const journal: Journal = {
      ours: { ...ours, former: bip('172.17.0.1/16') },
      apply: {
        bip: bip('10.76.4.1/24'),
        leaving: false,
        force: true,
        byHand: true,
        restarting: true,
        direction: 'back',
        reason: 'it said "no"',
        before: undefined,
        after: Buffer.from('{}'),
        ours,
        circumstances: '["28"]',
        dockerd: { program: '/usr/sbin/dockerd', argv: ['-H', 'fd://'], major: 28 },
      },
      givenUp: { inputs: 'y', message: 'z' },
      toStart: ['a', 'b'],
      toConnect: [{ containerId: 'c', aliases: ['web'], address: parseIpv4('10.76.3.9') }],
      restarts: [{ atMs: 1_700_000_000_000, decided: 'd', back: true }],
    };
    await writeJournal(folder, journal);
    t.deepEqual(await readJournal(folder), journal);
    t.is(statSync(journalPath(folder)).mode & 0o777, 0o600);
    for (const damage of ['', '{', '{"version":2}', '{"version":1,"ours":{"bip":"x"}}']) {
      writeFileSync(journalPath(folder), damage);
      await t.throwsAsync(readJournal(folder), { code: 'Corrupt', message: /docker\.json is damaged/ }, damage);
    }
    await writeJournal(folder, emptyJournal);
    t.deepEqual(await readJournal(folder), emptyJournal);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
