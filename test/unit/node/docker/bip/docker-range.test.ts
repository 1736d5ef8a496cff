// The part of a subnet that Docker hands out: `fixed-cidr` beside the bip, and the IP range of a network of mode bridge.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { bipOfLease, chooseBip } from '../../../../../node/docker/bip/choose.js';
import { bipIn, removeBip, setBip, withFormer } from '../../../../../node/docker/bip/daemon-json.js';
import { flagFinding } from '../../../../../node/docker/bip/flag-finding.js';
import { isAllInForce } from '../../../../../node/docker/bip/in-force.js';
import { type BipSeen, planJoin, planLeave } from '../../../../../node/docker/bip/plan.js';
import { desiredBridges, planBridge } from '../../../../../node/docker/bridge/plan.js';
import type { EngineNetwork } from '../../../../../node/docker/engine/engine.js';
import { emptyJournal, readJournal, writeJournal } from '../../../../../node/docker/engine/journal.js';
import type { Lease } from '../../../../../proto/domain/network.js';
import {
  bip,
  bridge,
  defaultNetwork,
  labels,
  network,
  prefix,
  untouchedHost,
} from '../../../../support/docker-values.js';

const seen = untouchedHost;
const lease: Lease = {
  ...{ pool: 'default', subnet: prefix('10.76.3.0/24'), generation: 1, mode: 'bip', dockerLength: 25 },
  ...{ networkName: 'xnet', bridgeName: 'xnet0', state: 'wanted' },
};
const wanted = bipOfLease(lease);
const range = prefix('10.76.3.0/25');

const withRange = (made: EngineNetwork, part = range): EngineNetwork => ({
  ...made,
  subnets: made.subnets.map((subnet) => ({ ...subnet, range: part })),
});

test('fixed-cidr is written beside the bip, moves with it and is taken out with it', (t) => {
  t.deepEqual(wanted, { ...bip('10.76.3.1/24'), fixedCidr: range });
  const text = (bytes: Buffer | undefined, bipWanted = wanted, ours?: typeof wanted) => {
    const set = setBip(bytes, bipWanted, ours);
    return 'refused' in set ? `${set.refused} ${set.line}: ${set.fix}` : set.bytes.toString();
  };
  const former = Buffer.from('{\n  "mtu": 1400\n}\n');
  const made = text(former);
  t.is(made, '{\n  "mtu": 1400,\n  "bip": "10.76.3.1/24",\n  "fixed-cidr": "10.76.3.0/25"\n}\n');
  t.is(text(Buffer.from(made)), made, 'the same value that xnet did not set serves');
  const removed = removeBip(Buffer.from(made), wanted);
  t.deepEqual('bytes' in removed && removed.bytes, former);
  const other = bipOfLease({ ...lease, subnet: prefix('10.76.4.0/24') });
  t.is(text(Buffer.from(made), other, wanted), made.replaceAll('10.76.3', '10.76.4'), 'to another lease');
  t.is(text(Buffer.from(made), bip('10.76.4.1/24'), wanted), '{\n  "mtu": 1400,\n  "bip": "10.76.4.1/24"\n}\n');
  const byHand = Buffer.from('{"fixed-cidr": "10.76.3.0/26"}');
  t.is(text(byHand), 'FixedCidrByHand 1: remove the key "fixed-cidr"');
  t.true(text(byHand, bip('10.76.3.1/24')).startsWith('{"fixed-cidr": "10.76.3.0/26"'), 'without one of ours it stays');
  // In a block, only docker0's part is divided.
  const block = bipOfLease({ subnet: prefix('10.86.0.0/20'), mode: 'block', networkLength: 26, dockerLength: 26 });
  t.deepEqual(block.fixedCidr, prefix('10.86.0.0/26'));
  t.is(bipOfLease({ subnet: prefix('10.86.0.0/20'), mode: 'block', dockerLength: 21 }).fixedCidr, undefined);
});

test('the bip is in force once Docker hands out only that part, and a leave undoes it', (t) => {
  const joined = planJoin(seen, wanted);
  if (joined.do !== 'apply') return t.fail(joined.do);
  const { after, ours } = joined.change;
  const at = (docker0: EngineNetwork): BipSeen => ({
    ...seen,
    file: after,
    journal: { ...emptyJournal, ours },
    interfaces: [bridge('docker0', '10.76.3.1/24')],
    engine: { ...seen.engine, networks: [docker0] },
  });
  const docker0 = defaultNetwork('10.76.3.0/24');
  t.is(planJoin(at(withRange(docker0)), wanted).do, 'nothing');
  t.is(planJoin(at(docker0), wanted).do, 'apply', 'dockerd has not been restarted since');
  t.is(planJoin(at(withRange(docker0, prefix('10.76.3.0/26'))), wanted).do, 'apply');
  const left = planLeave(at(withRange(docker0)), false);
  t.is(left.do === 'apply' && left.change.bip.fixedCidr, undefined);
  // A bip of the same address by an operator's hand, beside which xnet wrote the part: without it, Docker has to start again.
  const own = { ...at(withRange(docker0)), file: Buffer.from('{"bip": "10.76.3.1/24"}') };
  const kept = planJoin({ ...own, journal: emptyJournal }, wanted);
  if (kept.do !== 'apply') return t.fail(kept.do);
  const held = { ...own, file: kept.change.after, journal: { ...emptyJournal, ours: kept.change.ours } };
  const back = planLeave(held, false);
  t.deepEqual(back.do === 'apply' && back.change.after, own.file);
  return t.is(planLeave({ ...held, engine: at(docker0).engine }, false).do, 'put-back', 'it hands out all');
});

test('a change that is undone gives the former part back, also in a file that others have edited since', (t) => {
  const former = setBip(undefined, wanted, undefined);
  if ('refused' in former) return t.fail(former.message);
  t.deepEqual(bipIn(former.bytes), wanted);
  const next = [bipOfLease({ ...lease, dockerLength: 26 }), bipOfLease({ ...lease, subnet: prefix('10.76.4.0/24') })];
  for (const each of next) {
    const changed = setBip(former.bytes, each, wanted);
    if ('refused' in changed) return t.fail(changed.message);
    const theirs = Buffer.from(changed.bytes.toString().replace('{', '{"debug": true,'));
    const back = withFormer(theirs, former.bytes, each);
    const expected = former.bytes.toString().replace('{', '{"debug": true,');
    t.is('bytes' in back ? back.bytes.toString() : back.message, expected);
  }
  const first = withFormer(former.bytes, undefined, wanted);
  return t.is('bytes' in first ? first.bytes.toString().trim() : first.message, '{\n}');
});

test("an operator's bip with its part serves a block, and a leave waits for no other part", (t) => {
  const block = bipOfLease({ subnet: prefix('10.76.0.0/20'), mode: 'block', dockerLength: 25 });
  const own = Buffer.from('{"bip": "10.76.0.1/24", "fixed-cidr": "10.76.0.0/25"}');
  const docker0 = withRange(defaultNetwork('10.76.0.0/24'), prefix('10.76.0.0/25'));
  const interfaces = [bridge('docker0', '10.76.0.1/24')];
  const at = { ...seen, file: own, interfaces, engine: { ...seen.engine, networks: [docker0] } };
  const joined = planJoin(at, block);
  if (joined.do !== 'apply') return t.fail(joined.do);
  const { after, ours } = joined.change;
  const held = { ...at, file: after, journal: { ...emptyJournal, ours } };
  t.deepEqual(planLeave(held, false), { do: 'put-back', content: own });
  const addressPools = block.networks === undefined ? [] : [block.networks];
  const engine = { ...at.engine, info: { ...at.engine.info, addressPools } };
  const left = planLeave({ ...held, engine }, false);
  if (left.do !== 'apply') return t.fail(left.do);
  t.deepEqual(left.change.after, own);
  const restarted = { networks: [docker0], interfaces, addressPools: [] };
  return t.true(isAllInForce(left.change.bip, restarted, { ours }), 'Docker hands out the same part as before');
});

test('a host that has the bip without the part waits for a permit to restart Docker for it', (t) => {
  const [address] = [bip('10.76.3.1/24')];
  const desired = { nodeId: 'node-1', leases: [lease], permit: undefined } as const;
  t.like(chooseBip(desired, { ours: address, present: address }, false), { do: 'hold' });
  t.like(chooseBip(desired, { ours: wanted, present: wanted }, false), { do: 'use', rollout: '' });
});

test('the journal keeps the part', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-range-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const plan = planJoin(seen, wanted);
  if (plan.do !== 'apply') return t.fail(plan.do);
  const journal = { ...emptyJournal, ours: plan.change.ours };
  await writeJournal(folder, journal);
  return t.deepEqual(await readJournal(folder), journal);
});

test('a flag of dockerd that names the part is refused', async (t) => {
  const flags = new Map([['fixed-cidr', '10.76.3.0/25']]);
  const given = { flags, file: undefined, where: async () => '/etc/default/docker, line 7' };
  t.is((await flagFinding(given, wanted, false))?.reason, 'FixedCidrIsFlag');
  t.is(await flagFinding(given, wanted, true), undefined, 'it is the part of the lease');
});

test('a network of mode bridge is made with the part, and recreated if Docker hands out another one', (t) => {
  const [desired] = desiredBridges({ nodeId: 'node-1', leases: [{ ...lease, mode: 'bridge' }], permit: undefined });
  if (desired === undefined) return t.fail();
  t.deepEqual(desired.range, range);
  const made = network('xnet', '10.76.3.0/24', { bridgeName: 'xnet0', labels });
  const interfaces = [bridge('xnet0', '10.76.3.1/24')];
  const plan = (each: EngineNetwork) =>
    planBridge(desired, [desired], { networks: [each], containers: [], interfaces }, 'refuse');
  t.like(plan(withRange(made)), { create: false, findings: [] });
  t.like(plan(made), { create: true });
  return t.is(plan(made).removals.length, 1);
});
