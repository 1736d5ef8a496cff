// Real controllers with simulated nodes: the messages of each node, over all controllers.
import test from 'ava';
import { XnetError } from '../../proto/errors.js';
import { makeRequest } from '../../proto/pki/certificate.js';
import { callUnary, makeClient, readStream } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { overlapsIn } from '../support/controller.js';
import { ControllerProcess } from '../support/controller-process.js';
import { TestEtcd } from '../support/etcd.js';
import { historyOf, putKey } from '../support/etcd-history.js';
import { endpointOf, scope } from '../support/opened.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { TcpProxy } from '../support/tcp-proxy.js';

test('C4 64 hosts added at once through two controllers get 64 subnets; no revision of etcd shows an overlap', async (t) => {
  const opened = scope(t);
  const etcd = opened(await TestEtcd.start());
  const controllers = await Promise.all([1, 2].map(() => ControllerProcess.start(endpointOf(etcd))));
  controllers.forEach(opened);
  const [a, b] = controllers;
  if (a === undefined || b === undefined) return t.fail();
  await a.createPool();
  await b.until('the pool is seen', (status) => status.pools.length === 1);
  const added = await Promise.all(
    Array.from({ length: 64 }, (_, index) => (index % 2 ? a : b).addNode(`web-${index}`, `192.168.83.${index + 1}`)),
  );
  const subnets = added.map(({ node }) => node?.subnet);
  t.is(new Set(subnets).size, 64);
  t.false(subnets.includes(''));
  t.deepEqual(overlapsIn(await historyOf(etcd.endpoint)), []);
  const { revision } = await a.routes();
  await b.until('both have the same', (status) => status.revision >= revision);
  t.deepEqual((await a.routes()).routes, (await b.routes()).routes);
});

test('P6 a node gets its assignment, a snapshot, then every change, and resumes where it was', async (t) => {
  const opened = scope(t);
  const controller = opened(await ControllerProcess.start());
  await controller.createPool();
  await controller.addNode('web-1', '192.168.83.1');
  await controller.addNode('web-2', '192.168.83.2');
  const node = new SimulatedNode(await controller.joined('web-1'), 'web-1').watch();
  await node.until('snapshot', () => node.table !== undefined);
  t.is(node.heard[0]?.kind, 'assignment');
  t.deepEqual(node.routes(), ['10.76.1.0/24 via 192.168.83.2']);
  await controller.addNode('web-3', '192.168.83.3');
  await node.until('delta', () => node.routes().length === 2);
  await controller.removeNode('web-2');
  await node.until('withdrawal', () => node.routes().length === 1);
  t.deepEqual(node.routes(), ['10.76.2.0/24 via 192.168.83.3']);
  await callUnary(
    controller.admin.setNode.bind(controller.admin),
    { node: 'web-3', address: '192.168.83.33' },
    { timeoutMs: 60_000 },
  );
  await node.until('moved', () => node.routes()[0] === '10.76.2.0/24 via 192.168.83.33');

  node.leaveStream();
  await node.until('ended', () => node.heard.at(-1)?.kind === 'ended');
  await controller.addNode('web-4', '192.168.83.4');
  await controller.removeNode('web-3');
  node.heard.length = 0;
  node.watch();
  await node.until('what it missed', () => node.routes().join() === '10.76.3.0/24 via 192.168.83.4');
  t.false(
    node.heard.some(({ kind }) => kind === 'snapshot'),
    'a delta is enough',
  );
});

test('P1 a second host under the same name is refused for every call and reported once; a rebooted host is admitted', async (t) => {
  const opened = scope(t);
  const etcd = opened(await TestEtcd.start());
  const a = opened(await ControllerProcess.startWithAuthority(endpointOf(etcd)));
  const b = opened(await ControllerProcess.startBeside(a, endpointOf(etcd)));
  await a.createPool();
  await a.addNode('web-1', '192.168.83.1');
  const member = await a.joinNode('web-1');
  const first = new SimulatedNode(a.nodeClient(member), 'web-1').watch();
  await first.until('snapshot', () => first.table !== undefined);
  await b.until('the session is seen', (status) => status.controllers.some(({ sessions }) => sessions === 1));
  for (const controller of [a, b, a, b]) {
    const copy = new SimulatedNode(controller.nodeClient(member), 'web-1', 'copy').watch();
    await copy.until('refused', () => copy.heard.at(-1)?.kind === 'ended');
    const last = copy.heard.at(-1);
    t.is(last?.kind === 'ended' ? last.error.code : '', 'AlreadyExists');
  }
  // Nor does it speak for the node by another call, although its certificate is the node's.
  const { csr } = await makeRequest();
  const hostFingerprint = 'copy';
  const leased = async () => (await a.nodes()).map(({ id, generation, state }) => [id, generation, state]);
  const asItWas = await leased();
  for (const controller of [a, b]) {
    const client = controller.nodeClient(member);
    for (const call of [
      callUnary(client.report.bind(client), { generation: 1, hostFingerprint }, { timeoutMs: 60_000 }),
      callUnary(client.leave.bind(client), { done: true, hostFingerprint }, { timeoutMs: 60_000 }),
      callUnary(client.renewCertificate.bind(client), { csr, hostFingerprint }, { timeoutMs: 60_000 }),
    ]) {
      const refused = await t.throwsAsync(call, { instanceOf: XnetError });
      t.is(refused?.code, 'AlreadyExists', refused?.message);
    }
  }
  t.deepEqual(await leased(), asItWas);
  const own = a.nodeClient(member);
  const asItself = { csr, hostFingerprint: first.fingerprint };
  await callUnary(own.renewCertificate.bind(own), asItself, { timeoutMs: 60_000 });

  const again = new SimulatedNode(b.nodeClient(member), 'web-1', first.fingerprint).watch();
  await again.until('the same host elsewhere', () => again.table !== undefined);
  first.leaveStream();
  const [node] = await b.nodes();
  t.not(node?.state, 'NODE_STATE_DOWN');
  const { events } = await callUnary(b.admin.listEvents.bind(b.admin), {}, { timeoutMs: 60_000 });
  // The controller of the first host reports it once, however often the copy connects.
  const conflicts = events.filter(({ reason }) => reason === 'NodeConflict');
  t.deepEqual(
    conflicts.map(({ subject, warning }) => [subject, warning]),
    [['node/web-1', true]],
  );

  await a.addNode('web-2', '192.168.83.2');
  const booting = await a.joinNode('web-2');
  const proxy = opened(await TcpProxy.start(a.port));
  const endpoint = { kind: 'tcp', host: '127.0.0.1', port: proxy.port } as const;
  const before = new SimulatedNode(opened(makeClient(services.node, endpoint, booting.credentials)), 'web-2').watch();
  await before.until('snapshot', () => before.table !== undefined);
  // No packet reaches the host any more, and no connection is closed.
  proxy.loseAnswers();
  const after = new SimulatedNode(a.nodeClient(booting), 'web-2').watch();
  await after.until('snapshot', () => after.table !== undefined);
  const newest = await callUnary(b.admin.listEvents.bind(b.admin), {}, { timeoutMs: 60_000 });
  t.is(newest.events.filter(({ reason }) => reason === 'NodeConflict').length, 1);
});

test('P3 a removed node’s stream ends; a report of another generation is fenced', async (t) => {
  const opened = scope(t);
  const controller = opened(await ControllerProcess.start());
  await controller.createPool();
  await controller.addNode('web-1', '192.168.83.1');
  const node = new SimulatedNode(await controller.joined('web-1'), 'web-1').watch();
  await node.until('snapshot', () => node.table !== undefined);
  await node.report();
  const removal = await t.throwsAsync(controller.removeNode('web-1', false));
  t.regex(removal?.message ?? '', /is connected and uses its subnet/);
  await controller.removeNode('web-1');
  await node.until('ended', () => node.heard.at(-1)?.kind === 'ended');
  const last = node.heard.at(-1);
  t.is(last?.kind === 'ended' ? last.error.code : '', 'NotFound');
  await controller.addNode('web-1', '192.168.83.1');
  const error = await t.throwsAsync(node.report());
  t.true(error instanceof XnetError && (error.code === 'NotFound' || error.code === 'Fenced'));
});

test('C12 a garbled or unknown key is skipped and reported; no node withdraws a route', async (t) => {
  const opened = scope(t);
  const etcd = opened(await TestEtcd.start());
  const controller = opened(await ControllerProcess.start(endpointOf(etcd)));
  await controller.createPool();
  for (const index of [1, 2, 3]) await controller.addNode(`web-${index}`, `192.168.83.${index}`);
  const member = await controller.joinNode('web-1');
  const node = new SimulatedNode(controller.nodeClient(member), 'web-1').watch();
  await node.until('snapshot', () => node.routes().length === 2);
  const before = node.routes();
  putKey(etcd.endpoint, 'subnets/default/10.76.1.0-24', '{"state":');
  putKey(etcd.endpoint, 'subnets/default/zz', '{}');
  putKey(etcd.endpoint, 'nodes/n-other', 'x');
  await controller.until('told of', (status) => status.undecodable.length === 3);
  await controller.addNode('web-4', '192.168.83.4');
  await node.until('others still come', () => node.routes().length === 3);
  t.deepEqual(node.routes().slice(0, 2), before);
  t.is((await controller.addNode('web-5', '192.168.83.5')).node?.subnet, '10.76.4.0/24');

  await controller.kill('SIGTERM');
  await controller.launch();
  await controller.ready();
  node.over(controller.nodeClient(member)).watch();
  await node.until('connected again', () => node.heard.at(-1)?.kind !== 'ended');
  t.true(node.routes().includes('10.76.1.0/24 via 192.168.83.2'), 'kept although the new process never read it');
  const { unresolved } = await controller.routes();
  t.deepEqual(unresolved, ['10.76.1.0/24']);
  const status = await controller.status();
  t.regex(status?.undecodable.find(({ key }) => key.endsWith('10.76.1.0-24'))?.problem ?? '', /not JSON/);
});

test('a node that has seen more than the store is not taken back', async (t) => {
  const opened = scope(t);
  const controller = opened(await ControllerProcess.start());
  await controller.createPool();
  await controller.addNode('web-1', '192.168.83.1');
  const status = await controller.status();
  const clusterId = status?.clusterId ?? '';
  const client = await controller.joined('web-1');
  const refusal = async (version: NonNullable<SimulatedNode['table']>['version']) => {
    const node = new SimulatedNode(client, 'web-1').watch({ version });
    await node.until('refused', () => node.heard.at(-1)?.kind === 'ended');
    const last = node.heard.at(-1);
    return last?.kind === 'ended' ? last.error : undefined;
  };
  t.regex((await refusal({ clusterId, epoch: 1, revision: 100_000 }))?.message ?? '', /restored from an older backup/);
  t.regex((await refusal({ clusterId, epoch: 2, revision: 1 }))?.message ?? '', /restored from an older backup/);
  t.regex((await refusal({ clusterId: 'other', epoch: 1, revision: 1 }))?.message ?? '', /belongs to cluster other/);
});

test('the progress of a change is reported, over all controllers', async (t) => {
  const opened = scope(t);
  const etcd = opened(await TestEtcd.start());
  const a = opened(await ControllerProcess.startWithAuthority(endpointOf(etcd)));
  const b = opened(await ControllerProcess.startBeside(a, endpointOf(etcd)));
  await a.createPool();
  for (const index of [1, 2, 3, 4]) await a.addNode(`web-${index}`, `192.168.83.${index}`);
  const nodes = await Promise.all(
    [1, 2, 3].map(async (index) => {
      const name = `web-${index}`;
      const member = await a.joinNode(name);
      return new SimulatedNode((index === 3 ? b : a).nodeClient(member), name).watch();
    }),
  );
  for (const node of nodes) {
    await node.until('snapshot', () => node.table !== undefined);
    await node.report();
  }
  await b.until('sessions', (status) => status.controllers.reduce((sum, { sessions }) => sum + sessions, 0) === 3);
  await a.addNode('web-9', '192.168.83.9');
  const call = a.admin.watchConvergence({ node: 'web-9' });
  const seen: string[] = [];
  for await (const progress of readStream(call)) {
    const text = `${progress.applied}/${progress.nodes}`;
    if (seen.at(-1) !== text) seen.push(text);
    if (progress.done) {
      t.deepEqual(progress.down, ['web-4']);
      break;
    }
    const next = nodes[progress.applied];
    await next?.until('the new route', () => next.routes().length === 4);
    await next?.report();
  }
  t.deepEqual(seen, ['0/3', '1/3', '2/3', '3/3']);
});

test('P5 conditions of a node are seen by all controllers, and are events; cut off, it keeps its table and the others theirs', async (t) => {
  const opened = scope(t);
  const etcd = opened(await TestEtcd.start());
  const a = opened(await ControllerProcess.startWithAuthority(endpointOf(etcd)));
  const b = opened(await ControllerProcess.startBeside(a, endpointOf(etcd)));
  await a.createPool();
  await a.addNode('web-1', '192.168.83.1');
  const proxy = opened(await TcpProxy.start(a.port));
  const { credentials } = await a.joinNode('web-1');
  const client = opened(makeClient(services.node, { kind: 'tcp', host: '127.0.0.1', port: proxy.port }, credentials));
  const node = new SimulatedNode(client, 'web-1').watch();
  await node.until('snapshot', () => node.table !== undefined);
  const condition = { type: 'Docker', transient: false, sinceMs: 1 };
  await node.report([{ ...condition, ok: false, reason: 'RolledBack', message: 'dockerd said no' }]);
  await b.until('degraded', (status) => status.nodes?.degraded === 1);
  await node.report([{ ...condition, ok: true, reason: 'Ready', message: '' }]);
  await b.until('ready', (status) => status.nodes?.ready === 1);
  await a.addNode('web-2', '192.168.83.2');
  const peer = new SimulatedNode(await b.joined('web-2'), 'web-2').watch();
  await peer.until('a route to it', () => peer.routes().length === 1);
  await node.until('a route to the other', () => node.routes().length === 1);
  proxy.cut();
  await b.until('down', (status) => status.nodes?.down === 1);
  await b.addNode('web-3', '192.168.83.3');
  await peer.until('the next change', () => peer.routes().length === 2);
  t.deepEqual(peer.routes(), ['10.76.0.0/24 via 192.168.83.1', '10.76.2.0/24 via 192.168.83.3']);
  t.deepEqual(node.routes(), ['10.76.1.0/24 via 192.168.83.2']);
  // Nothing is withdrawn because of it: neither its lease, nor the others' routes to it.
  t.is((await b.nodes())[0]?.subnet, '10.76.0.0/24');
  t.is((await b.routes()).routes[0]?.subnet, '10.76.0.0/24');
  const { events } = await callUnary(
    b.admin.listEvents.bind(b.admin),
    { subject: 'node/web-1' },
    { timeoutMs: 60_000 },
  );
  const reasons = events.map(({ reason }) => reason);
  t.deepEqual(reasons, ['NodeAdded', 'TokenCreated', 'NodeCertified', 'NodeJoined', 'RolledBack', 'DockerReady']);
  proxy.mend();
  node.over(a.nodeClient({ credentials })).watch();
  await node.until('what it missed', () => node.routes().length === 2);
  t.is(node.heard.filter(({ kind }) => kind === 'snapshot').length, 1, 'as a change of what it has');
});
