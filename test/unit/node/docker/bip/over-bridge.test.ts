// Mode lan with Docker's default network: its keys of daemon.json, and what they need and exclude.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { bipOfLease, chooseBip } from '../../../../../node/docker/bip/choose.js';
import { bipIn, removeBip, setBip } from '../../../../../node/docker/bip/daemon-json.js';
import { flagFinding } from '../../../../../node/docker/bip/flag-finding.js';
import { bipInForce } from '../../../../../node/docker/bip/in-force.js';
import { bridgeMissing, overObstacle, whyKept, withoutBridge } from '../../../../../node/docker/bip/over-bridge.js';
import { type BipSeen, planJoin, planLeave, withoutOurs } from '../../../../../node/docker/bip/plan.js';
import { desiredBridges } from '../../../../../node/docker/bridge/plan.js';
import type { EngineNetwork } from '../../../../../node/docker/engine/engine.js';
import { emptyJournal, readJournal, writeJournal } from '../../../../../node/docker/engine/journal.js';
import type { DockerHost } from '../../../../../node/docker/engine/settings.js';
import { hostNetworks, unroutedNetworks } from '../../../../../node/docker/host-networks.js';
import { formatPrefix } from '../../../../../proto/domain/address.js';
import type { Lease } from '../../../../../proto/domain/network.js';
import { bip, bridge, container, network, prefix, untouchedHost } from '../../../../support/docker-values.js';
import { address } from '../../../../support/pools.js';

const seen = untouchedHost;
const router = address('192.168.83.254');
const lease: Lease = {
  ...{ pool: 'plain', subnet: prefix('192.168.83.128/27'), generation: 1, mode: 'lan', state: 'wanted' },
  lan: { prefix: prefix('192.168.83.0/24'), gateway: router, defaultNetwork: true },
  ...{ networkName: 'xnet-lan', bridgeName: 'xnet-lan' },
};
const wanted = bipOfLease(lease);
const keys =
  '"bridge": "xnet-lan",\n  "fixed-cidr": "192.168.83.128/27",\n  "default-gateway": "192.168.83.254",\n  "ip-masq": false';
const docker0 = bridge('docker0', '172.17.0.1/16');
const placed = bridge('xnet-lan', '192.168.83.11/24');
const overLan: EngineNetwork = network('bridge', '192.168.83.0/24', {
  ...{ bridgeName: 'xnet-lan', isDefault: true, excluded: [router] },
  subnets: [{ prefix: prefix('192.168.83.0/24'), gateway: address('192.168.83.11'), range: lease.subnet }],
});
const moved: BipSeen = { ...seen, interfaces: [docker0, placed] };

function text(bytes: Buffer | undefined, to = wanted, ours?: typeof wanted): string {
  const set = setBip(bytes, to, ours);
  return 'refused' in set ? `${set.refused} ${set.line}: ${set.fix}` : set.bytes.toString();
}

test('the keys are written together, and taken out byte for byte', (t) => {
  const former = Buffer.from('{\n  "mtu": 1400\n}\n');
  const made = text(former);
  t.is(made, `{\n  "mtu": 1400,\n  ${keys}\n}\n`);
  t.is(text(undefined), `{\n  ${keys}\n}\n`);
  t.is(text(Buffer.from(made)), made, 'the same values that xnet did not set serve');
  t.deepEqual(bipIn(Buffer.from(made)), wanted);
  const removed = removeBip(Buffer.from(made), wanted);
  t.deepEqual('bytes' in removed && removed.bytes, former);
  const other = bipOfLease({ ...lease, subnet: prefix('192.168.83.160/27') });
  t.is(text(Buffer.from(made), other, wanted), made.replace('.128/27', '.160/27'), 'to another lease');
  // From and to docker0.
  t.is(text(Buffer.from('{"bip": "10.76.3.1/24"}'), wanted, bip('10.76.3.1/24')).includes('"bip"'), false);
  t.is(text(Buffer.from(made), bip('10.76.3.1/24'), wanted), '{\n  "mtu": 1400,\n  "bip": "10.76.3.1/24"\n}\n');
  // A value that the operator has set as well stays where the rest was edited meanwhile.
  const theirs = Buffer.from('{"ip-masq": false}');
  const edited = Buffer.from(text(theirs).replace('{', '{"debug": true, '));
  const ours = { path: '', bip: wanted, wrote: '', without: theirs, former: undefined };
  const left = withoutOurs(ours, edited);
  t.is('content' in left && left.content?.toString(), '{"debug": true, "ip-masq": false}');
});

test('keys by hand are refused, each with its line', (t) => {
  for (const [key, refused] of [
    ['"bip": "10.76.3.1/24"', 'BipByHand 1: remove the key "bip"'],
    ['"bridge": "br0"', 'BridgeSet 1: remove the key "bridge"'],
    ['"fixed-cidr": "192.168.83.0/28"', 'FixedCidrByHand 1: remove the key "fixed-cidr"'],
    ['"default-gateway": "192.168.83.1"', 'DoesNotFit 1: remove the key "default-gateway"'],
    ['"ip-masq": true', 'DoesNotFit 1: remove the key "ip-masq"'],
  ] as const) {
    t.is(text(Buffer.from(`{${key}}`)), refused);
  }
  t.regex(text(Buffer.from('{"bridge": 1}')), /^Invalid/);
});

test('a flag for one of the keys is refused', async (t) => {
  for (const [flag, reason] of [
    ['bip', 'BipIsFlag'],
    ['bridge', 'FlagBridgeSet'],
    ['fixed-cidr', 'FlagDoesNotFit'],
    ['default-gateway', 'FlagDoesNotFit'],
    ['ip-masq', 'FlagDoesNotFit'],
  ] as const) {
    const given = { flags: new Map([[flag, 'x']]), file: undefined, where: async () => '/etc/default/docker, line 7' };
    t.is((await flagFinding(given, wanted, false))?.reason, reason);
    t.is(await flagFinding(given, wanted, true), undefined, 'by flags it is in force already');
  }
});

test('it is in force once the default network is on the bridge, and a leave gives docker0 its address back', (t) => {
  const joined = planJoin(moved, wanted);
  if (joined.do !== 'apply') return t.fail(joined.do);
  const { after, ours } = joined.change;
  t.deepEqual(ours.former, bip('172.17.0.1/16'));
  const at = (made: EngineNetwork, interfaces = moved.interfaces): BipSeen => ({
    ...{ ...moved, file: after, journal: { ...emptyJournal, ours }, interfaces },
    engine: { ...seen.engine, networks: [made] },
  });
  t.is(planJoin(at(overLan), wanted).do, 'nothing');
  t.deepEqual(bipInForce([wanted], { networks: [overLan], info: seen.engine.info }, moved.interfaces), wanted);
  for (const wrong of [
    at({ ...overLan, bridgeName: 'docker0' }),
    at({ ...overLan, excluded: [] }),
    at({ ...overLan, subnets: overLan.subnets.map(({ prefix: of, gateway }) => ({ prefix: of, gateway })) }),
    at(overLan, [docker0]),
  ]) {
    t.is(planJoin(wrong, wanted).do, 'apply');
  }
  const running = { ...moved, engine: { ...moved.engine, containers: [container('web', 'bridge')] } };
  const refused = planJoin(running, wanted);
  t.is(refused.do === 'report' && refused.finding.reason, 'ContainersRunning');
  const left = planLeave(at(overLan), false);
  if (left.do !== 'apply') return t.fail(left.do);
  t.deepEqual(left.change.bip, bip('172.17.0.1/16'));
  return t.is(left.change.after?.toString(), '{\n  "bip": "172.17.0.1/16"\n}\n');
});

test('it needs the permit of a restart, as another lease of the default network does', (t) => {
  const desired = { nodeId: 'n-1', address: address('192.168.83.11'), leases: [lease], permit: undefined } as const;
  const at = { ours: undefined, present: bip('172.17.0.1/16') };
  t.like(chooseBip(desired, at, false), { do: 'hold' });
  const permit = { rollout: '', subnet: lease.subnet, generation: 1 };
  t.like(chooseBip({ ...desired, permit }, at, false), { do: 'use', bip: wanted });
  t.like(chooseBip(desired, { ours: wanted, present: undefined }, false), { do: 'use', bip: wanted });
  t.deepEqual(desiredBridges(desired), [], 'it has no named network');
});

test('Docker is not restarted before the bridge has the address for good, nor with addresses of others', async (t) => {
  const desired = { nodeId: 'n-1', address: address('192.168.83.11'), leases: [lease], permit: undefined } as const;
  const asked: string[] = [];
  const reasonOf = async (given: Partial<BipSeen>, answers: readonly string[] = [], lanMove = 'settled') => {
    const host = {
      interfaces: () => Promise.resolve(given.interfaces ?? moved.interfaces),
      lanMove: () => Promise.resolve(lanMove),
      answering: (addresses: readonly unknown[], by: string) => {
        asked.push(`${addresses.length} by ${by}`);
        return Promise.resolve(answers.map(address));
      },
    } as unknown as DockerHost;
    const found = await overObstacle(host, desired, { ...moved, ...given, wanted }, new AbortController().signal);
    return found?.reason;
  };
  t.is(await reasonOf({ interfaces: seen.interfaces }), 'WaitingForLanBridge');
  t.is(await reasonOf({}, [], 'unverified'), 'WaitingForLanBridge');
  t.deepEqual(asked, []);
  t.is(await reasonOf({}), undefined);
  t.deepEqual(asked, ['32 by xnet-lan']);
  t.is(await reasonOf({}, ['192.168.83.140']), 'AddressesTaken');
  const nftables = { ...seen.engine, info: { ...seen.engine.info, firewallBackend: 'nftables' } };
  t.is(await reasonOf({ engine: nftables }), 'LanNeedsIptables');
  t.is(await reasonOf({ engine: { ...nftables, networks: [overLan] } }), 'LanNeedsIptables', 'although it is in force');
  const inForce = { ...seen.engine, networks: [overLan] };
  t.is(await reasonOf({ engine: inForce }, ['192.168.83.140']), undefined, 'it is a container of ours');
});

test('a Docker that can not start because the bridge is missing is reported as that', async (t) => {
  const why = { type: 'Docker' as const, transient: true, reason: 'NotRunning', message: 'Docker is not running' };
  const ours = { path: '', bip: wanted, wrote: '', without: undefined, former: undefined };
  const reasonWith = async (interfaces: BipSeen['interfaces'], journal = { ...emptyJournal, ours }) => {
    const host = { interfaces: () => Promise.resolve(interfaces) } as unknown as DockerHost;
    return (await withoutBridge(host, journal, why, new AbortController().signal)).reason;
  };
  t.is(await reasonWith([docker0]), 'LanBridgeGone');
  t.is(bridgeMissing(wanted, [docker0])?.reason, 'WaitingForLanBridge');
  t.is(bridgeMissing(wanted, [placed]), undefined);
  t.is(bridgeMissing(bip('10.76.3.1/24'), []), undefined);
  t.is(await reasonWith([docker0, placed]), 'NotRunning');
  t.is(await reasonWith([], { ...emptyJournal, ours: { ...ours, bip: bip('10.76.3.1/24') } }), 'NotRunning');
});

test('the journal keeps the keys', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-over-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const plan = planJoin(moved, wanted);
  if (plan.do !== 'apply') return t.fail(plan.do);
  const journal = { ...emptyJournal, ours: plan.change.ours };
  await writeJournal(folder, journal);
  t.deepEqual(await readJournal(folder), journal);
  // The bridge stays as long as Docker may be started with it.
  const daemonJson = join(folder, 'daemon.json');
  const keeps = async (name = 'xnet-lan') => (await whyKept({ stateFolder: folder, daemonJson }, name))?.reason;
  t.is(await keeps(), 'LanBridgeInUse');
  t.is(await keeps('br0'), undefined);
  await writeJournal(folder, emptyJournal);
  t.is(await keeps(), undefined);
  writeFileSync(daemonJson, '{"bridge": "xnet-lan"}');
  t.is(await keeps(), 'LanBridgeInUse', 'the journal is lost');
  writeFileSync(join(folder, 'docker.json'), '{');
  return t.is(await keeps('br0'), 'LanBridgeInUse', 'the journal is damaged');
});

test("the default network counts as the node's, and docker0 as a network of the host", (t) => {
  const networks = [overLan, network('shop', '172.18.0.0/16')];
  const containers = [container('web', 'bridge'), container('db', 'shop')];
  t.deepEqual(unroutedNetworks({ networks, containers }, [lease]), ['shop']);
  const found = hostNetworks(networks, moved.interfaces, [lease]).map((each) => [
    formatPrefix(each.prefix),
    each.source,
  ]);
  t.deepEqual(found, [
    ['172.18.0.0/16', 'docker network shop'],
    ['172.17.0.0/16', 'interface docker0'],
    ['192.168.83.0/24', 'interface xnet-lan'],
  ]);
});
