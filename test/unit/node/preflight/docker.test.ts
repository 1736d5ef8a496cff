// Decisions of preflight about Docker: each finding, and the state in which there is none.
import test, { type ExecutionContext } from 'ava';
import type { EngineSeen } from '../../../../node/docker/engine/engine.js';
import { unsupportedEngine } from '../../../../node/docker/engine/preflight.js';
import { blocked } from '../../../../node/docker/engine/settings.js';
import { dockerFindings } from '../../../../node/preflight/docker-findings.js';
import type { DockerLooked } from '../../../../node/preflight/docker-look.js';
import { nftablesFindings } from '../../../../node/preflight/firewall-findings.js';
import { type PreflightGiven, requestFrom } from '../../../../node/preflight/request.js';
import type { Lan } from '../../../../proto/domain/network.js';
import { bip, bridge, container, defaultNetwork, prefix } from '../../../support/docker-values.js';
import { address } from '../../../support/pools.js';

const engine: EngineSeen = {
  version: { version: '28.5.2', major: 28, isDocker: true },
  info: { liveRestore: false, firewallBackend: 'iptables', rootless: false, addressPools: [] },
  networks: [defaultNetwork('172.17.0.0/16')],
  containers: [],
};

const plain: DockerLooked = {
  engine,
  flags: new Map(),
  places: new Map(),
  path: '/etc/docker/daemon.json',
  file: { bytes: undefined },
  refused: undefined,
  ours: undefined,
  interfaces: [bridge('docker0', '172.17.0.1/16')],
  onRunning: 'refuse',
};

const unknown = { mode: 'bip', controllers: [] } as const;
const known = { ...unknown, subnet: prefix('10.76.3.0/24') } as const;

async function ratings(seen: DockerLooked, given: PreflightGiven): Promise<readonly string[]> {
  const found = await dockerFindings(seen, requestFrom(given, undefined));
  return found.filter(({ reason }) => reason !== 'DockerFound').map(({ severity, reason }) => `${severity} ${reason}`);
}

const withFile = (text: string): DockerLooked => ({ ...plain, file: { bytes: Buffer.from(text) } });
const withEngine = (more: Partial<EngineSeen>): DockerLooked => ({ ...plain, engine: { ...engine, ...more } });

test('a plain Docker is found, and nothing is wrong with it', async (t) => {
  for (const given of [unknown, known]) t.deepEqual(await ratings(plain, given), []);
  const [found] = await dockerFindings(withEngine({ containers: [container('web')] }), requestFrom(known, undefined));
  t.like(found, { severity: 'info', reason: 'DockerFound' });
  t.is(found?.message, 'Docker 28.5.2, firewall backend iptables, 1 running containers');
});

test('an engine that xnet can not work with stops it; one that is not up yet does not', async (t) => {
  const podman = unsupportedEngine({ ...engine.version, isDocker: false }, engine.info);
  const rootless = unsupportedEngine(engine.version, { ...engine.info, rootless: true });
  for (const [finding, reason] of [
    [podman, 'NotDocker'],
    [rootless, 'Rootless'],
  ] as const) {
    t.truthy(finding);
    if (finding !== undefined) t.deepEqual(await ratings({ ...plain, engine: finding }, known), [`stops ${reason}`]);
  }
  for (const reason of ['NotInstalled', 'NotRunning', 'NotAnswering'] as const) {
    t.deepEqual(await ratings({ ...plain, engine: blocked(reason, 'it is not there', 'start it') }, known), [
      `warns ${reason}`,
    ]);
  }
});

test('the version of the engine', async (t) => {
  const of = (version: string) =>
    withEngine({ version: { version, major: Number.parseInt(version, 10), isDocker: true } });
  t.deepEqual(await ratings(of('19.03.15'), known), ['stops EngineTooOld']);
  t.deepEqual(await ratings(of('20.10.24'), known), []);
  t.deepEqual(await ratings(of('30.0.0'), known), ['info EngineUntested']);
});

test('running containers, unless docker0 has the lease or is not to get one', async (t) => {
  const running = withEngine({ containers: [container('web', 'bridge')] });
  t.deepEqual(await ratings(running, known), ['warns ContainersRunning']);
  t.deepEqual(await ratings(running, unknown), ['warns ContainersRunning']);
  t.deepEqual(await ratings({ ...running, onRunning: 'wait' }, known), ['warns WaitingForContainers']);
  t.deepEqual(await ratings({ ...running, onRunning: 'restart' }, known), ['info ContainersRestart']);
  t.deepEqual(await ratings(running, { ...known, mode: 'bridge' }), []);
  const inForce = {
    ...withEngine({ containers: [container('web')], networks: [defaultNetwork('10.76.3.0/24')] }),
    interfaces: [bridge('docker0', '10.76.3.1/24')],
  };
  t.deepEqual(await ratings(inForce, known), []);
  const kept = withEngine({ containers: [container('web')], info: { ...engine.info, liveRestore: true } });
  t.deepEqual(await ratings(kept, known), ['warns ContainersRunning', 'warns LiveRestore']);
  t.deepEqual(await ratings(withEngine({ info: { ...engine.info, liveRestore: true } }), known), []);
});

async function fileCase(t: ExecutionContext, text: string, lease: readonly string[], none: readonly string[]) {
  t.deepEqual(await ratings(withFile(text), known), lease, `${text} with a lease`);
  t.deepEqual(await ratings(withFile(text), unknown), none, `${text} without`);
}

test('the present daemon.json: compared with the lease, and before one is known', async (t) => {
  await fileCase(t, '{"debug": true}', [], []);
  await fileCase(t, '{"debug": true,}', ['stops DaemonJsonInvalid'], ['stops DaemonJsonInvalid']);
  await fileCase(t, '{"bip": "10.1.2.1/24"}', ['stops DaemonJsonBipByHand'], ['warns DaemonJsonBipByHand']);
  await fileCase(t, '{"bip": "10.76.3.1/24"}', [], ['warns DaemonJsonBipByHand']);
  await fileCase(t, '{"bridge": "br0"}', ['stops DaemonJsonBridgeSet'], ['warns DaemonJsonBridgeSet']);
  await fileCase(t, '{"fixed-cidr": "10.9.0.0/24"}', ['stops DaemonJsonDoesNotFit'], ['warns DaemonJsonDoesNotFit']);
  await fileCase(t, '{"default-gateway": "10.9.0.1"}', ['stops DaemonJsonDoesNotFit'], ['warns DaemonJsonDoesNotFit']);
  // In mode bridge they do not conflict.
  t.deepEqual(await ratings(withFile('{"bridge": "br0"}'), { ...known, mode: 'bridge' }), []);
  // Keys that xnet wrote are not foreign.
  const own = { ...withFile('{"bip": "10.1.2.1/24"}'), ours: bip('10.1.2.1/24') };
  t.deepEqual([await ratings(own, known), await ratings(own, unknown)], [[], []]);
  const unread = { ...plain, file: blocked('DaemonJsonUnreadable', 'it is a directory', 'make it a file') };
  t.deepEqual(await ratings(unread, known), ['stops DaemonJsonUnreadable']);
  const refused = { ...withFile('{"nosuchkey": 1}'), refused: 'unknown key nosuchkey' };
  t.deepEqual(await ratings(refused, known), ['stops DaemonJsonInvalid']);
});

test('flags of dockerd, with the place that sets them', async (t) => {
  const flagged = (flag: string, value: string): DockerLooked => ({
    ...plain,
    flags: new Map([[flag, value]]),
    places: new Map([[flag, '/etc/default/docker, line 7']]),
  });
  for (const [flag, value, reason] of [
    ['bip', '10.100.0.1/24', 'BipIsFlag'],
    ['bridge', 'br0', 'FlagBridgeSet'],
    ['fixed-cidr', '10.9.0.0/24', 'FlagDoesNotFit'],
    ['default-gateway', '10.9.0.1', 'FlagDoesNotFit'],
  ] as const) {
    t.deepEqual(await ratings(flagged(flag, value), known), [`stops ${reason}`]);
    t.deepEqual(await ratings(flagged(flag, value), unknown), [`warns ${reason}`]);
    const [, finding] = await dockerFindings(flagged(flag, value), requestFrom(unknown, undefined)).then((all) =>
      all[0]?.reason === 'DockerFound' ? all : [undefined, ...all],
    );
    t.regex(finding?.fix ?? '', /^remove --\S+ from \/etc\/default\/docker, line 7/);
  }
  // A flag that sets the lease's own address is as good as the key.
  const same = {
    ...flagged('bip', '10.76.3.1/24'),
    engine: { ...engine, networks: [defaultNetwork('10.76.3.0/24')] },
    interfaces: [bridge('docker0', '10.76.3.1/24')],
  };
  t.deepEqual(await ratings(same, known), []);
});

test("Docker's nftables backend stops mode lan where that is Docker's default network, running or to be started", async (t) => {
  const lan = { prefix: prefix('192.168.61.0/24'), gateway: address('192.168.61.254'), defaultNetwork: true } as const;
  const over = { mode: 'lan', controllers: [], subnet: prefix('192.168.61.64/27') } as const;
  const asked = async (seen: DockerLooked, ofLan: Lan) => {
    const leases = [{ subnet: over.subnet, mode: 'lan', bridge: 'xnet-lan', lan: ofLan }] as const;
    const found = await dockerFindings(seen, { ...requestFrom(over, undefined), leases });
    return found.filter(({ reason }) => reason === 'LanNeedsIptables').map(({ severity }) => severity);
  };
  const modern = withEngine({ info: { ...engine.info, firewallBackend: 'nftables' } });
  t.deepEqual(await asked(modern, lan), ['stops']);
  t.deepEqual(await asked(modern, { prefix: lan.prefix, gateway: lan.gateway }), [], 'a named network');
  const backend = (name: string) => Buffer.from(`{"firewall-backend": "${name}"}`);
  // What runs counts, not what daemon.json says for the next start.
  t.deepEqual(await asked({ ...modern, file: { bytes: backend('iptables') } }, lan), ['stops']);
  t.deepEqual(await asked({ ...plain, file: { bytes: backend('nftables') } }, lan), []);
  const off: DockerLooked = { ...plain, engine: blocked('NotRunning', 'it does not run', 'start it') };
  t.deepEqual(await asked({ ...off, file: { bytes: backend('nftables') } }, lan), ['stops']);
  t.deepEqual(await asked(off, lan), []);
  t.deepEqual(await asked({ ...off, flags: new Map([['firewall-backend', 'nftables']]) }, lan), ['stops']);

  // Before a lease is known.
  const unknown = { mode: 'lan', controllers: [] } as const;
  const reasonsOf = async (seen: DockerLooked, defaultNetwork: boolean) =>
    (await dockerFindings(seen, requestFrom({ ...unknown, defaultNetwork }, undefined)))
      .map(({ reason }) => reason)
      .filter((reason) => reason !== 'DockerFound');
  t.deepEqual(await reasonsOf(modern, true), ['LanNeedsIptables']);
  t.deepEqual(await reasonsOf(modern, false), []);
  const running = withEngine({ containers: [container('web')] });
  t.deepEqual(await reasonsOf({ ...running, file: { bytes: Buffer.from('{"bip": "10.9.0.1/24"}') } }, true), [
    'DaemonJsonBipByHand',
    'ContainersRunning',
  ]);
});

test("what daemon.json lacks for Docker's nftables backend", (t) => {
  const modern = withEngine({
    version: { version: '29.2.0', major: 29, isDocker: true },
    info: { ...engine.info, firewallBackend: 'nftables' },
  });
  const inMode = (mode: 'bip' | 'lan') => ({ mode, leases: [] });
  const of = (text: string, flags: readonly (readonly [string, string])[] = []) =>
    nftablesFindings(
      { ...modern, file: { bytes: Buffer.from(text) }, flags: new Map(flags) },
      inMode('bip'),
      0x80000000,
    ).map(({ severity, reason, fix }) => `${severity} ${reason}: ${fix}`);
  const direct = '"allow-direct-routing": true';
  const mark = '"bridge-accept-fwmark": "0x80000000/0x80000000"';
  const told = (keys: string) => [`warns DockerDropsPeers: put ${keys} into daemon.json and restart Docker`];
  t.deepEqual(of('{}'), told(`${direct} and ${mark}`));
  t.deepEqual(of(`{${mark}}`), told(direct));
  t.deepEqual(of(`{"allow-direct-routing": false, ${mark}}`), told(direct));
  t.deepEqual(of(`{${direct}, ${mark.replace('/0x80000000', '')}}`), told(mark));
  t.deepEqual(of(`{${direct}, ${mark}}`), []);
  t.deepEqual(
    of('{}', [
      ['allow-direct-routing', 'true'],
      ['bridge-accept-fwmark', '2147483648/2147483648'],
    ]),
    [],
  );
  t.deepEqual(nftablesFindings(plain, inMode('bip'), 0x80000000), []);
  t.deepEqual(nftablesFindings(modern, inMode('lan'), 0x80000000), [], 'mode lan needs none');
  const lease = { subnet: prefix('10.76.3.0/24'), bridge: 'docker0' };
  const both = {
    mode: 'lan',
    leases: [
      { ...lease, mode: 'lan' },
      { ...lease, mode: 'bip' },
    ],
  } as const;
  t.is(nftablesFindings(modern, both, 0x80000000).length, 1, 'another lease does');
});
