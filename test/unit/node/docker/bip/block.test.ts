// Mode block: docker0 and Docker's other networks in one lease, from the plan to what is said of networks outside.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { bipOfLease } from '../../../../../node/docker/bip/choose.js';
import { flagFinding } from '../../../../../node/docker/bip/flag-finding.js';
import { bipInForce } from '../../../../../node/docker/bip/in-force.js';
import { type BipSeen, inputsOf, planJoin, planLeave } from '../../../../../node/docker/bip/plan.js';
import { inBlockFinding, outsideNetworks } from '../../../../../node/docker/block-networks.js';
import { emptyJournal, type Journal, readJournal, writeJournal } from '../../../../../node/docker/engine/journal.js';
import { hostNetworks, unroutedNetworks } from '../../../../../node/docker/host-networks.js';
import { formatPrefix } from '../../../../../proto/domain/address.js';
import {
  bip,
  bridge,
  container,
  defaultNetwork,
  network,
  prefix,
  untouchedHost,
} from '../../../../support/docker-values.js';

const seen = untouchedHost;
const lease = { subnet: prefix('10.86.0.0/20'), mode: 'block', networkLength: 26 } as const;
const wanted = bipOfLease(lease);
const pools = wanted.networks === undefined ? [] : [wanted.networks];
const compose = new Map([['com.docker.compose.project', 'shop']]);

function withNetworks(...networks: readonly ReturnType<typeof network>[]): BipSeen {
  return { ...seen, engine: { ...seen.engine, networks: [...seen.engine.networks, ...networks] } };
}

function said(plan: ReturnType<typeof planJoin>): string {
  return plan.do === 'report' ? plan.finding.reason : plan.do;
}

test('docker0 gets the first /24 of a block, unless something else has addresses of it', (t) => {
  t.deepEqual(wanted, { ...bip('10.86.0.1/24'), networks: { base: lease.subnet, size: 26 } });
  t.is(said(planJoin(seen, wanted)), 'apply');
  t.is(said(planJoin(withNetworks(network('shop', '10.86.1.0/26')), wanted)), 'apply', 'made in the block');
  for (const cidr of ['10.86.0.64/26', '10.86.0.0/16', '10.86.0.0/24']) {
    t.is(said(planJoin(withNetworks(network('shop', cidr)), wanted)), 'SubnetTaken', cidr);
  }
  const lan = { ...seen, interfaces: [...seen.interfaces, bridge('eth1', '10.86.3.5/24')] };
  t.is(said(planJoin(lan, wanted)), 'SubnetTaken');
});

test('a block is in force once Docker takes new networks from it, and a leave undoes it', (t) => {
  const joined = planJoin(seen, wanted);
  if (joined.do !== 'apply') return t.fail(joined.do);
  const { after, ours } = joined.change;
  const at = (addressPools: typeof pools): BipSeen => ({
    ...seen,
    file: after,
    journal: { ...emptyJournal, ours },
    interfaces: [bridge('docker0', '10.86.0.1/24')],
    engine: {
      ...seen.engine,
      info: { ...seen.engine.info, addressPools },
      networks: [defaultNetwork('10.86.0.0/24'), network('shop', '10.86.1.0/26')],
    },
  });
  t.is(said(planJoin(at(pools), wanted)), 'nothing');
  t.is(said(planJoin(at([]), wanted)), 'apply', 'dockerd has not been restarted since');
  const left = planLeave(at(pools), false);
  if (left.do !== 'apply') return t.fail(left.do);
  t.is(left.change.bip.networks, undefined);
  t.is(left.change.ours.without, undefined, 'there was no file');
  // docker0 is as before, and Docker still takes networks from the block: a start without the key ends that.
  const former = { ...at(pools), interfaces: seen.interfaces };
  const again = { ...former, engine: { ...former.engine, networks: [defaultNetwork('172.17.0.0/16')] } };
  t.is(said(planLeave(again, false)), 'apply');
  const ended = { ...again, engine: { ...again.engine, info: seen.engine.info } };
  return t.is(said(planLeave(ended, false)), 'put-back');
});

test('an operator’s bip that is kept in a block stays, and a leave removes the range', (t) => {
  const file = Buffer.from('{"bip": "10.86.0.1/24"}');
  const interfaces = [bridge('docker0', '10.86.0.1/24')];
  const networks = [defaultNetwork('10.86.0.0/24')];
  const joined = planJoin({ ...seen, file, interfaces, engine: { ...seen.engine, networks } }, wanted);
  if (joined.do !== 'apply') return t.fail(joined.do);
  const { after, ours } = joined.change;
  const info = { ...seen.engine.info, addressPools: pools };
  const held = {
    ...seen,
    file: after,
    interfaces,
    journal: { ...emptyJournal, ours },
    engine: { ...seen.engine, info, networks },
  };
  const left = planLeave(held, false);
  if (left.do !== 'apply') return t.fail(left.do);
  t.deepEqual(left.change.after, file);
  // Somebody has added a key since.
  const edited = Buffer.from((after?.toString() ?? '').replace('{', '{"mtu": 1400, '));
  const later = planLeave({ ...held, file: edited }, false);
  t.deepEqual(later.do === 'apply' && later.change.after?.toString(), '{"mtu": 1400, "bip": "10.86.0.1/24"}');
  // docker0 has moved to another lease meanwhile.
  const other = planJoin(held, bip('10.76.3.1/24'));
  if (other.do !== 'apply') return t.fail(other.do);
  const moved = {
    ...held,
    file: other.change.after,
    interfaces: [bridge('docker0', '10.76.3.1/24')],
    journal: { ...emptyJournal, ours: other.change.ours },
    engine: { ...seen.engine, networks: [defaultNetwork('10.76.3.0/24')] },
  };
  const back = planLeave(moved, false);
  t.deepEqual(back.do === 'apply' && [back.change.bip, back.change.after], [bip('10.86.0.1/24'), file]);
  // What an operator has set for the whole block needs no permit.
  t.deepEqual(bipInForce([wanted], held.engine, interfaces), wanted);
  return t.deepEqual(bipInForce([wanted], moved.engine, moved.interfaces), bip('10.76.3.1/24'));
});

test('what failed with one range for networks is tried with another', (t) => {
  const plan = planJoin(seen, wanted);
  if (plan.do !== 'apply') return t.fail(plan.do);
  const inputs = inputsOf({ ...plan.change, rollout: seen.rollout }, plan.change.before, seen.engine.networks);
  const held = { ...seen, journal: { ...emptyJournal, givenUp: { inputs, message: 'it did not start' } } };
  t.is(said(planJoin(held, wanted)), 'RolledBack');
  for (const other of [{ networkLength: 27 }, { dockerLength: 26 }]) {
    t.is(said(planJoin(held, bipOfLease({ ...lease, ...other }))), 'apply', JSON.stringify(other));
  }
  return t.is(said(planJoin(held, bip('10.86.0.1/24'))), 'apply');
});

test('the journal keeps the range for networks, and a version without it reads the rest', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-block-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const plan = planJoin(seen, wanted);
  if (plan.do !== 'apply') return t.fail(plan.do);
  const journal: Journal = {
    ...emptyJournal,
    ours: plan.change.ours,
    apply: {
      ...plan.change,
      ...{
        leaving: false,
        force: false,
        byHand: false,
        rollout: '',
        restarting: false,
        direction: 'forward',
        reason: '',
      },
      dockerd: { program: '/usr/sbin/dockerd', argv: ['dockerd'], major: 28 },
    },
  };
  await writeJournal(folder, journal);
  return t.deepEqual(await readJournal(folder), journal);
});

test('a flag of dockerd that names ranges for networks is refused in mode block', async (t) => {
  const given = {
    flags: new Map([['default-address-pool', 'base=10.99.0.0/16,size=24']]),
    file: undefined,
    where: async () => '/etc/default/docker, line 7',
  };
  t.is((await flagFinding(given, wanted, false))?.reason, 'AddressPoolsAreFlag');
  t.is(await flagFinding(given, wanted, true), undefined, 'the flag names the range of the lease');
  t.is(await flagFinding(given, bip('10.86.0.1/24'), true), undefined);
});

test('networks within the block are routed; others are named, with the command that recreates each', (t) => {
  const networks = [
    defaultNetwork('10.86.0.0/24'),
    network('inside', '10.86.1.0/26'),
    network('shop_default', '172.18.0.0/16', { labels: compose }),
    network('old', '172.19.0.0/16'),
  ];
  const containers = [container('a', 'inside'), container('b', 'old'), container('c', 'bridge')];
  const interfaces = [
    bridge('docker0', '10.86.0.1/24'),
    bridge('br-inside', '10.86.1.1/26'),
    bridge('eth0', '192.168.83.11/24'),
  ];
  t.deepEqual(
    hostNetworks(networks, interfaces, [lease]).map((each) => formatPrefix(each.prefix)),
    ['172.18.0.0/16', '172.19.0.0/16', '192.168.83.0/24'],
  );
  t.deepEqual(unroutedNetworks({ networks, containers }, [lease]), ['old']);
  t.deepEqual(outsideNetworks({ networks, containers }, [lease]), [
    {
      network: 'old',
      command:
        'docker network disconnect -f old b && docker network rm old && docker network create old && ' +
        'docker network connect old b',
      inEnding: false,
    },
    {
      network: 'shop_default',
      command: 'in the folder of the project shop: docker compose down && docker compose up -d',
      inEnding: false,
    },
  ]);
  t.deepEqual(outsideNetworks({ networks, containers }, [{ ...lease, mode: 'bip' }]), []);
  const other = prefix('10.86.16.0/20');
  t.like(inBlockFinding(networks, [lease.subnet]), { reason: 'NetworksInBlock' });
  t.regex(inBlockFinding(networks, [other, lease.subnet])?.message ?? '', /: inside$/);
  t.is(inBlockFinding(networks.slice(2), [lease.subnet]), undefined);
  t.is(inBlockFinding(networks, []), undefined);
  // docker0 has moved: what it left behind in the block keeps the block from ending.
  const ending = { ...lease, state: 'ending' } as const;
  const named = (leases: Parameters<typeof outsideNetworks>[1]) =>
    outsideNetworks({ networks, containers }, leases).map((each) => [each.network, each.inEnding]);
  t.deepEqual(named([ending, { mode: 'bip' }]), [['inside', true]]);
  t.deepEqual(named([ending, { ...lease, subnet: other }]), [
    ['inside', true],
    ['old', false],
    ['shop_default', false],
  ]);
});
