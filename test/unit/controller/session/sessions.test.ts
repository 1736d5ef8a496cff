// Which nodes are connected, as this controller and the others see it: streams that come, go, fail to begin and move.

import { getEventListeners } from 'node:events';
import { type handleUnaryCall, Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import test from 'ava';
import { Authority } from '../../../../controller/authority/authority.js';
import { CertificateRegistry } from '../../../../controller/authority/certificates.js';
import { LeaseRegistry } from '../../../../controller/registry/leases.js';
import { nodeService } from '../../../../controller/service/node-service.js';
import { type StatusCallDeps, StatusCalls } from '../../../../controller/service/status-calls.js';
import { summaryFromNode } from '../../../../controller/service/to-wire/records.js';
import { Absences } from '../../../../controller/session/absences.js';
import { withoutNode } from '../../../../controller/session/convergence.js';
import { keys } from '../../../../controller/store/keys.js';
import { decode, encode } from '../../../../controller/store/record-codec.js';
import { attachPeer } from '../../../../proto/rpc/peer.js';
import { silent } from '../../../support/controller.js';
import { address } from '../../../support/pools.js';
import { once, rig, Stream, status } from '../../../support/session-values.js';
import { until } from '../../../support/until.js';

test('a node whose stream failed to start is connected on no controller', async (t) => {
  const { a, b, nodeId, open, heldBy } = await rig(t);
  const gate = a.store.hold();
  const { opening } = await open(a, 'before the reboot', 'fresh');
  await heldBy('before the reboot at ctl-a');
  gate.fail();
  const error = await t.throwsAsync(opening);
  t.regex(error?.message ?? '', /does not answer/);
  t.is(a.sessions.fanout.streamOf(nodeId), undefined);
  t.is(a.sessions.convergence.count(1, '').nodes, 0, 'nobody waits for it');
  await heldBy('nobody');
  await until('the other controller sees it', async () => !b.core.feed.view.sessions.has(nodeId));
  await (await open(b, 'after the reboot')).opening;
  await heldBy('after the reboot at ctl-b');
});

test('the end of an old stream does not end the presence of the new one', async (t) => {
  const { a, nodeId, open, held, heldBy } = await rig(t);
  const first = await open(a, 'host');
  const old = await first.opening;
  await heldBy('host at ctl-a');
  const gate = a.store.hold();
  const second = await open(a, 'host', 'fresh');
  t.regex(first.stream.ended ?? '', /replaced by a newer stream/);
  // What the old one's end brings, while the new one waits for the store.
  a.sessions.close(old);
  gate.release();
  const stream = await second.opening;
  t.is(a.sessions.fanout.streamOf(nodeId), stream);
  t.is(a.sessions.convergence.count(1, '').nodes, 1);
  await a.core.nodes.add(once, { name: 'web-2', address: address('192.168.83.2'), labels: {} });
  t.is(held(), 'host at ctl-a');
  a.sessions.close(stream);
  await heldBy('nobody');
});

test('the session record follows the streams, even if another program changed it', async (t) => {
  const { cluster, a, nodeId, open, heldBy } = await rig(t);
  const stream = await (await open(a, 'host')).opening;
  await heldBy('host at ctl-a');
  const key = keys.session(nodeId);
  cluster.commit({ guards: [], operations: [{ kind: 'delete', key }] });
  await heldBy('host at ctl-a');
  const { value = '' } = cluster.get(key) ?? {};
  a.sessions.close(stream);
  await heldBy('nobody');
  // As a commit whose answer was lost would bring it back.
  cluster.commit({ guards: [], operations: [{ kind: 'put', key, value }] });
  await heldBy('nobody');
  t.is(a.sessions.fanout.streamOf(nodeId), undefined);
});

test('a node that moved belongs to its new controller, and its former stream ends', async (t) => {
  const { a, b, nodeId, open, heldBy } = await rig(t);
  const left = await open(a, 'host');
  await left.opening;
  await heldBy('host at ctl-a');
  a.sessions.report(nodeId, { ...status, dockerVersion: 'before' }, undefined);
  await until('its report is stored', async () => b.core.feed.view.statuses.has(nodeId));
  // Its connection to the first is dead, and nothing says so.
  await (await open(b, 'host')).opening;
  await heldBy('host at ctl-b');
  await until('the first has noticed', async () => left.stream.ended !== undefined);
  t.regex(left.stream.ended ?? '', /connected to another controller/);
  const [stream] = [...a.sessions.fanout.streams];
  if (stream !== undefined) a.sessions.close(stream);
  b.sessions.report(nodeId, { ...status, dockerVersion: 'after' }, undefined);
  await until('the newest is known to the first', async () => {
    const known = a.sessions.statusOf(nodeId) ?? a.core.feed.view.statuses.get(nodeId)?.record;
    return known?.dockerVersion === 'after';
  });
  await heldBy('host at ctl-b');
});

test('an absence record exists from the end of a node’s stream until it returns', async (t) => {
  const { cluster, a, nodeId, open, heldBy } = await rig(t);
  const absence = () => {
    const decoded = decode('absence', cluster.get(keys.absence(nodeId))?.value ?? '');
    return 'record' in decoded ? decoded.record : undefined;
  };
  const stream = await (await open(a, 'host')).opening;
  await heldBy('host at ctl-a');
  t.is(absence(), undefined);
  const beforeMs = Date.now();
  a.sessions.close(stream);
  await heldBy('nobody');
  const sinceMs = absence()?.sinceMs ?? 0;
  t.true(sinceMs >= beforeMs && sinceMs <= Date.now());
  const version = cluster.history.find(({ changes }) =>
    changes.some((change) => change.kind === 'delete' && change.key === keys.session(nodeId)),
  );
  t.is(version?.changes.length, 2, 'the session went with the very change that brought it');
  await until('the view has it', async () => a.core.feed.view.absences.has(nodeId));
  const live = { statusOf: () => status, isConnected: () => false, routes: 1 };
  t.is(summaryFromNode(a.core.feed.view, nodeId, live)?.seenMs, sinceMs, 'down is counted from then');
  await (await open(a, 'host')).opening;
  await heldBy('host at ctl-a');
  t.is(absence(), undefined);
});

test('a node that dies with its controller is reported down once, by the remaining controllers', async (t) => {
  const { cluster, a, b, nodeId, open, heldBy } = await rig(t);
  const grace = { seen: 1, orphan: 1, jitter: 1 };
  for (const { store, core } of [a, b]) {
    const absences = new Absences({ store, feed: core.feed, log: silent, isHere: () => false }, grace);
    t.teardown(() => absences.end());
  }
  const told = () =>
    cluster.history.flatMap(({ changes }) =>
      changes.filter((change) => change.kind === 'put' && change.entry.value.includes('"NodeDown"')),
    );
  // Its session is of a controller that is gone a moment later, so no controller sees its stream end.
  const value = encode('session', { controller: 'ctl-c', fingerprint: 'host', sinceMs: 1 });
  const record = encode('status', {
    ...status,
    conditions: [],
    silentPeers: [],
    hostNetworks: [],
    reportedMs: 1,
  });
  const claim = cluster.claim();
  cluster.commit({
    guards: [],
    operations: [
      { kind: 'put', key: keys.session(nodeId), value, expires: claim },
      { kind: 'put', key: keys.status(nodeId), value: record },
    ],
  });
  await until('both know of it', async () => [a, b].every(({ core }) => core.feed.view.sessions.has(nodeId)));
  t.is(told().length, 0);
  await claim.end();
  await until('it is told', async () => told().length > 0);
  await until('both know that', async () =>
    [a, b].every(({ core }) => core.feed.view.absences.get(nodeId)?.record.told === true),
  );
  const stream = await (await open(a, 'host')).opening;
  await heldBy('host at ctl-a');
  await until('that it is back as well', async () =>
    cluster.entries().some((entry) => entry.value.includes('"NodeUp"')),
  );
  t.is(told().length, 1);
  a.sessions.close(stream);
  await until('and that it is gone again', async () => told().length === 2);
});

test('P6 a leaving node learns how many peers of all controllers have its route, without reading the store again', async (t) => {
  const { a, b, nodeId, open } = await rig(t);
  const others = await Promise.all(
    ['web-2', 'web-3'].map((name, index) =>
      a.core.nodes.add(once, { name, address: address(`192.168.83.${index + 2}`), labels: {} }),
    ),
  );
  await (await open(a, 'host')).opening;
  const { context, feed, nodes } = a.core;
  const authority = new Authority(context, '/nonexistent/cluster.key');
  const certificates = new CertificateRegistry(context, authority);
  const { sessions, store } = a;
  const { implementation } = nodeService({
    feed,
    store,
    sessions,
    nodes,
    leases: new LeaseRegistry(context),
    certificates,
    authority,
    alive: async () => true,
  });
  const metadata = new Metadata();
  const identity = { clusterId: 'cluster-1', role: 'node', id: nodeId } as const;
  attachPeer(metadata, { kind: 'certificate', identity, serial: '1', address: '192.168.83.1' });
  const { Leave: leaveCall } = implementation as { readonly Leave?: unknown };
  const leave = leaveCall as handleUnaryCall<object, { readonly peersPending?: number }>;
  const pending = () =>
    new Promise<number | undefined>((resolve, reject) => {
      const request = { nodeName: '', nodeId: '', done: false, operationId: '', hostFingerprint: '' };
      const call = { request, metadata } as unknown as ServerUnaryCall<object, { readonly peersPending?: number }>;
      leave(call, (error, answer) => (error === null ? resolve(answer?.peersPending) : reject(error)));
    });
  await b.core.feed.reached(feed.view.revision, 5_000);
  for (const [index, { subject }] of others.entries()) {
    const at = index === 0 ? a : b;
    const arrival = { nodeId: subject, nodeName: `web-${index + 2}`, fingerprint: subject, serial: '1a', address: '' };
    const alive = async () => true;
    await at.sessions.open({ ...arrival, start: { kind: 'nothing' }, alive }, new Stream().raw);
  }
  await until('both are pending', async () => (await pending()) === 2);
  const { lists } = store;
  const [here, there] = others.map(({ subject }) => subject);
  const { changedAt } = sessions.fanout.table;
  sessions.report(here ?? '', status, changedAt);
  await until('the one here is done', async () => (await pending()) === 1);
  await b.core.feed.reached(changedAt, 5_000);
  b.sessions.report(there ?? '', status, changedAt);
  await until('the one there is, too', async () => (await pending()) === 0);
  t.is(store.lists, lists);
});

test('a watching stream wakes once per change, and leaves no listener behind', async (t) => {
  const { a, nodeId, open } = await rig(t);
  await (await open(a, 'host')).opening;
  const { feed } = a.core;
  const calls = new StatusCalls({ feed, sessions: a.sessions } as unknown as StatusCallDeps);
  const gone = new AbortController();
  let next: () => void = () => undefined;
  const call = {
    write: () => {
      next();
      return true;
    },
  } as unknown as Parameters<StatusCalls['watchConvergence']>[1];
  const watching = calls.watchConvergence(
    { node: 'web-1', untilReady: true } as Parameters<StatusCalls['watchConvergence']>[0],
    call,
    gone.signal,
  );
  for (let n = 1; n <= 20; n++) {
    const wokenAgain = new Promise<void>((resolve) => {
      next = resolve;
    });
    const condition = { type: 'Docker', ok: false, transient: false, reason: `R${n}`, message: '', sinceMs: 1 };
    a.sessions.report(nodeId, { ...status, conditions: [condition] }, n);
    await wokenAgain;
  }
  t.true(getEventListeners(gone.signal, 'abort').length <= 2);
  gone.abort();
  await watching;
});

test('the progress of another controller excludes the node in question', (t) => {
  const record = {
    applied: [
      [9, 3],
      [7, 1],
    ] as [number, number][],
    behind: ['web-4'],
  };
  t.deepEqual(withoutNode(record, 'web-4'), {
    applied: [
      [9, 3],
      [7, 0],
    ],
    behind: [],
  });
  t.deepEqual(withoutNode(record, 'web-1'), {
    applied: [
      [9, 2],
      [7, 1],
    ],
    behind: ['web-4'],
  });
});
