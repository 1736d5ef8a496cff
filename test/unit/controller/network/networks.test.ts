// Named networks: which nodes get a lease and lose it, by whom, and what refuses.

import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { bridgeNameFor } from '../../../../controller/network/bridge-name.js';
import type { NewSelection } from '../../../../controller/network/decisions.js';
import { dueMembers, NetworkKeeper } from '../../../../controller/network/keeper.js';
import { NetworkRegistry } from '../../../../controller/network/networks.js';
import { movesOfPool } from '../../../../controller/rollout/plan.js';
import { networkUsers, wireFromNetwork, wireMembers } from '../../../../controller/service/to-wire/networks.js';
import { keys } from '../../../../controller/store/keys.js';
import { decode, encode } from '../../../../controller/store/record-codec.js';
import type { StatusRecord } from '../../../../controller/store/records.js';
import { assignmentOf } from '../../../../controller/view/assignment.js';
import { leasesOf } from '../../../../controller/view/leases.js';
import { formatPrefix } from '../../../../proto/domain/address.js';
import { features } from '../../../../proto/domain/feature.js';
import { checkInterfaceName } from '../../../../proto/domain/input.js';
import type { LeaseUse } from '../../../../proto/domain/network.js';
import type { XnetError } from '../../../../proto/errors.js';
import type { Core } from '../../../support/controller.js';
import { prefix } from '../../../support/pools.js';
import { newNode, newPool, once, rig } from '../../../support/registry-values.js';
import { until } from '../../../support/until.js';

const nobody: NewSelection = { all: false, labels: {}, nodes: [] };
const everybody: NewSelection = { ...nobody, all: true };
const web: NewSelection = { ...nobody, labels: { role: 'web' } };

async function scene(t: ExecutionContext, cores = 1, edge = '10.90.0.0/16') {
  const made = await rig(cores);
  const stop = new AbortController();
  const keepers = made.cores.map((core, index) =>
    new NetworkKeeper({
      context: core.context,
      controllerId: `ctl-${index}`,
      isConnected: () => false,
      yieldMs: 0,
    }).run(stop.signal),
  );
  t.teardown(async () => {
    stop.abort();
    await Promise.all(keepers);
    await made.close();
  });
  const { core } = made;
  await core.pools.create(once, newPool(edge, 'edge'));
  const add = async (name: string, host: number, labels: Record<string, string> = {}) =>
    (await core.nodes.add(once, { ...newNode(name, host), labels, pool: 'default' })).subject;
  // "10.90.0.0/24 ending detach", of the leases for a network.
  const leases = (nodeId: string, network = 'blue') =>
    leasesOf(core.feed.view, nodeId)
      .filter(({ record }) => record.network === network)
      .map(({ subnet, record: { endingMs, detach } }) =>
        [formatPrefix(subnet), ...(endingMs === undefined ? [] : ['ending']), ...(detach ? ['detach'] : [])].join(' '),
      );
  const networks = new NetworkRegistry(core.context);
  const remove = (name: string, disconnect = false) =>
    networks.remove(once, { name, disconnect }, (view) => networkUsers(view, name, live));
  return {
    ...made,
    networks,
    add,
    leases,
    remove,
    until: (what: string, holds: () => boolean) => until(what, async () => holds()),
  };
}

const live = { statusOf: () => undefined, isConnected: () => false };

async function report(core: Core, nodeId: string, leases: readonly LeaseUse[], more: Partial<StatusRecord> = {}) {
  const record: StatusRecord = {
    ...{ daemonVersion: '', kernelVersion: '', dockerVersion: '' },
    routes: { desired: 0, installed: 0, conflicting: 0, unreachable: 0 },
    ...{ conditions: [], hostNetworks: [], silentPeers: [], containers: [], containerCount: 0, reportedMs: 1 },
    features: [...features],
    ...more,
    leases: leases.map((use) => ({ ...use, attached: [...(use.attached ?? [])] })),
  };
  const put = { kind: 'put', key: keys.status(nodeId), value: encode('status', record) } as const;
  const { revision } = await core.context.store.commit({ guards: [], operations: [put] });
  await core.feed.reached(revision, 1_000);
}

function membersOf(core: Core, name = 'blue'): readonly string[] {
  const { view } = core.feed;
  const record = view.networks.get(name)?.record;
  if (record === undefined) return ['gone'];
  const members = wireMembers(view, { name, record }, { live, nowMs: Date.now() });
  const { members: count } = wireFromNetwork(view, { name, record }, members);
  if (count !== members.length) throw new Error('count');
  return members.map(
    ({ nodeName, state, message }) =>
      `${nodeName} ${String(state).replace('MEMBER_STATE_', '')}${message ? ` ${message}` : ''}`,
  );
}

test('bridges have names that fit the kernel and differ', (t) => {
  t.is(bridgeNameFor('blue'), 'br-blue');
  t.is(bridgeNameFor('twelve-chars'), 'br-twelve-chars');
  t.regex(bridgeNameFor('front-of-house'), /^br-front-[0-9a-f]{6}$/);
  t.not(bridgeNameFor('front-of-house'), bridgeNameFor('front-of-house', 1));
  const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/);
  fc.assert(
    fc.property(name, fc.nat(3), (text, attempt) => 'value' in checkInterfaceName(bridgeNameFor(text, attempt))),
  );
});

test('each selected node gets a lease, also a node that is added or labelled later', async (t) => {
  const { core, networks, add, leases, until } = await scene(t, 2);
  const [one, two] = [await add('web-1', 1, { role: 'web' }), await add('db-1', 2)];
  await networks.create(once, { name: 'blue', pool: 'edge', selection: web });
  await until('the lease', () => leases(one).length === 1);
  t.deepEqual(leases(one), ['10.90.0.0/24']);
  t.deepEqual(leases(two), []);
  t.like(assignmentOf(core.feed.view, one)?.leases[1], {
    networkName: 'blue',
    bridgeName: 'br-blue',
    mode: 'bridge',
    network: 'blue',
  });
  const three = await add('web-3', 3, { role: 'web' });
  await until('the lease of a new node', () => leases(three).length === 1);
  await networks.change(once, 'blue', { include: [two], exclude: [] });
  await until('the included one', () => leases(two).length === 1);
  t.deepEqual(membersOf(core), ['db-1 WANTED', 'web-1 WANTED', 'web-3 WANTED']);
  // It has never connected, so it uses nothing.
  await networks.change(once, 'blue', { include: [], exclude: [one] });
  await until('the end', () => leases(one).length === 0);
  t.deepEqual(membersOf(core), ['db-1 WANTED', 'web-3 WANTED']);
  await networks.change(once, 'blue', { include: [one], exclude: [] });
  await until('its former subnet', () => leases(one)[0] === '10.90.0.0/24');
  t.true((await networks.change(once, 'blue', { include: [one], exclude: [] })).unchanged);
  t.true((await networks.create(once, { name: 'blue', pool: 'edge', selection: { ...web, nodes: [two] } })).unchanged);
  await t.throwsAsync(networks.create(once, { name: 'blue', selection: everybody }), {
    message: /network blue already exists: it is for nodes with role=web, and db-1/,
  });
  t.deepEqual(movesOfPool(core.feed.view, 'edge', 'block'), [], 'no rollout moves them');
});

test('a lease ends when its host has stopped using it, and the network is deleted with the last one', async (t) => {
  const { core, networks, add, leases, remove, until } = await scene(t);
  const [one, two] = [await add('web-1', 1), await add('web-2', 2)];
  const uses = (node: string, more: Partial<LeaseUse> = {}) =>
    leasesOf(core.feed.view, node).map(({ subnet, record }) => ({
      ...{ subnet, generation: record.generation, inForce: true, ending: record.endingMs !== undefined },
      ...(record.network === undefined ? {} : more),
    }));
  await Promise.all([report(core, one, uses(one)), report(core, two, uses(two))]);
  await networks.create(once, { name: 'blue', pool: 'edge', selection: everybody });
  await until('the leases', () => leases(one).length + leases(two).length === 2);
  await report(core, one, uses(one, { inUse: true, attached: ['web', 'db (stopped)'] }));
  await report(core, two, uses(two));
  t.deepEqual(membersOf(core), ['web-1 IN_FORCE', 'web-2 IN_FORCE']);
  const refused = await t.throwsAsync(remove('blue'), { message: /network blue has active endpoints on 1 node$/ });
  t.deepEqual((refused as XnetError).problems, ['web-1: web, db (stopped)']);
  await t.throwsAsync(
    core.leases.end(once, { nodeId: one, subnet: prefix(leases(one)[0] ?? ''), force: false, isConnected: true }),
    {
      message: /is the lease of web-1 for network blue/,
    },
  );
  await t.throwsAsync(core.pools.remove(once, 'edge', true), { message: /leased subnets/ });
  await networks.change(once, 'blue', { include: [], exclude: [two] });
  await until('the end', () => leases(two)[0]?.endsWith('ending') === true);
  // Back before its host has stopped using it: it keeps the lease.
  await networks.change(once, 'blue', { include: [two], exclude: [] });
  await until('kept', () => leases(two)[0]?.endsWith('/24') === true);

  await remove('blue', true);
  await until('both end', () => [one, two].every((node) => leases(node)[0]?.endsWith('ending detach')));
  t.true(assignmentOf(core.feed.view, one)?.leases.some(({ detach }) => detach === true));
  t.true((await remove('blue')).unchanged);
  await t.throwsAsync(networks.change(once, 'blue', { include: [one], exclude: [] }), { message: /is being removed/ });
  await networks.create(once, { name: 'blue', pool: 'edge', selection: everybody });
  await until('kept after all', () => [one, two].every((node) => leases(node)[0]?.endsWith('/24')));
  await remove('blue', true);
  await until('both end again', () => [one, two].every((node) => leases(node)[0]?.endsWith('detach')));
  for (const node of [one, two]) {
    const gone = uses(node, { inForce: false });
    await report(core, node, gone);
    await core.leases.finish(node, { leases: gone, containers: [], containerCount: 0 });
  }
  await until('the network is gone', () => core.feed.view.networks.size === 0);
  await t.throwsAsync(remove('blue'), { message: /there is no network "blue"/ });
});

test('everything is checked first; a later problem is reported for its node, and the others continue', async (t) => {
  const { core, networks, add, leases, remove, until } = await scene(t, 1, '10.90.0.0/23');
  const [one, two, three] = [await add('web-1', 1, { role: 'web' }), await add('web-2', 2), await add('web-3', 3)];
  const create = (selection: NewSelection, name = 'blue', bridgeName = 'br-blue') =>
    networks.create(once, { name, pool: 'edge', selection, bridgeName });
  const refused = async (run: Promise<unknown>, message: RegExp, problem?: RegExp) => {
    const { revision } = core.feed.view;
    const error = await t.throwsAsync(run, { message });
    if (problem !== undefined) t.regex((error as XnetError).problems.join('; '), problem);
    t.is(core.feed.view.revision, revision, 'nothing was written');
  };
  await core.pools.reserve(once, { pool: 'edge', cidr: prefix('10.90.1.0/24'), reason: '' });
  const wanted = { pool: 'edge', mode: 'bridge', networkName: 'blue', bridgeName: 'hand0' } as const;
  await core.leases.add(once, one, wanted);
  await report(core, three, []);
  await refused(
    create({ ...nobody, nodes: [one, three] }),
    /2 of the nodes that are named can't have blue/,
    /web-1: its lease of 10\.90\.0\.0\/25 has network blue already.*web-3: its xnetd is too old: it supports only one lease/,
  );
  await refused(
    create({ ...nobody, nodes: [two] }, 'blue', 'xnet0'),
    /the bridge xnet0 is that of pool (default|edge)/,
  );
  const four = await add('web-4', 4);
  await refused(create({ ...nobody, nodes: [two, four] }), /pool edge has 1 free subnet, and network blue needs 2/);

  await create({ ...web, nodes: [two] });
  await until('the lease', () => leases(two).length === 1);
  t.deepEqual(membersOf(core).slice(0, 2), [
    'web-1 REFUSED its lease of 10.90.0.0/25 has network blue already',
    'web-2 WANTED',
  ]);
  await refused(core.pools.remove(once, 'edge', true), /leased subnets|is that of network blue/);
  await core.leases.end(once, { nodeId: one, subnet: prefix('10.90.0.0/25'), force: false, isConnected: false });
  // Its former subnet is free for it alone.
  await until('the lease of web-1', () => leases(one).length === 1);
  const docker = {
    type: 'Docker',
    ok: false,
    transient: false,
    reason: 'NetworkNameTaken',
    message: 'there is another',
    sinceMs: 1,
  };
  await report(core, two, [], { conditions: [docker] });
  t.true(membersOf(core).includes('web-2 WANTED there is another'));
  await remove('blue');
  await until('it is gone or ending', () => leases(one).every((lease) => lease.endsWith('ending')));
});

test('the last lease of a node does not end with a network, and obstacles are reported', async (t) => {
  const { core, networks, add, leases, remove, until } = await scene(t);
  const one = await add('web-1', 1);
  const first = leasesOf(core.feed.view, one)[0]?.subnet ?? prefix('10.76.0.0/24');
  await t.throwsAsync(networks.create(once, { name: 'xnet', pool: 'edge', selection: everybody }), {
    message: /xnet is the name of the Docker network of pool (default|edge)/,
  });
  for (const name of ['blue', 'red']) await networks.create(once, { name, pool: 'edge', selection: everybody });
  await until('the leases', () => leases(one).length + leases(one, 'red').length === 2);
  await core.leases.end(once, { nodeId: one, subnet: first, force: false, isConnected: false });
  // Of two at once the second one can't end: the record of the network says so, and the node's state why.
  const { record } = core.feed.view.networks.get('red') ?? {};
  if (record === undefined) return t.fail();
  await remove('blue');
  await until('its end', () => leases(one).length === 0);
  const error = await t.throwsAsync(remove('red'), { message: /network red has the last lease of 1 node$/ });
  t.deepEqual((error as XnetError).problems, ['web-1']);
  await t.throwsAsync(networks.change(once, 'red', { include: [], exclude: [one] }), { message: /the last lease/ });
  const removing = encode('network', { ...record, removing: { sinceMs: 1, disconnect: false } });
  const operation = { kind: 'put', key: keys.network('red'), value: removing } as const;
  const { revision } = await core.context.store.commit({ guards: [], operations: [operation] });
  await core.feed.reached(revision, 5_000);
  t.regex(membersOf(core, 'red')[0] ?? '', /web-1 ENDING 10\.90\.\d+\.0\/24 is the last lease of web-1/);
  return undefined;
});

test('of two concurrent creations of a network one succeeds, and two controllers grant one lease to each node', async (t) => {
  const { cores, core, add, leases, until } = await scene(t, 2);
  const nodes = await Promise.all(Array.from({ length: 20 }, (_, index) => add(`web-${index}`, index + 1)));
  const made = await Promise.allSettled(
    cores.flatMap((each) => {
      const networks = new NetworkRegistry(each.context);
      return [everybody, { ...nobody, nodes: nodes.slice(0, 3) }].map((selection) =>
        networks.create(once, { name: 'blue', pool: 'edge', selection }),
      );
    }),
  );
  const all = core.feed.view.networks.get('blue')?.record.all === true;
  t.is(
    made.filter(({ status }) => status === 'fulfilled').length,
    2,
    'the same one is unchanged, the other one refused',
  );
  const count = all ? 20 : 3;
  await until('the leases', () => nodes.filter((node) => leases(node).length === 1).length === count);
  const due = dueMembers(core.feed.view, undefined, { nowMs: Date.now(), isConnected: () => false });
  t.deepEqual(due, []);
  const subnets = nodes.flatMap((node) => leases(node));
  t.is(new Set(subnets).size, count);
});

test('the record keeps fields of a newer version, and is in the audit log', (t) => {
  const record = { pool: 'edge', bridgeName: 'br-blue', all: true, labels: {}, nodes: [], except: [], createdMs: 1 };
  t.deepEqual(decode('network', encode('network', record)), { record });
  t.true('problem' in decode('network', '{"pool":"edge"}'));
});
