// Access to every call, for each kind of caller.
import { Metadata } from '@grpc/grpc-js';
import test from 'ava';
import type { Identity } from '../../proto/pki/identity.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { attachPeer, type Peer } from '../../proto/rpc/peer.js';
import { startServer, unary } from '../../proto/rpc/server.js';
import { callerOf, reachable, requestOf, start } from '../support/access-cluster.js';
import { everyCall, withField } from '../support/every-call.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { until } from '../support/until.js';

// The calls that each role may make on the API's port, as in SECURITY.md. A new call is in none of these lists: it is
// refused to all, or this test fails until it is added to one.
const nodes = [
  'LookService/AnswerLook',
  ...['Leave', 'RenewCertificate', 'Report', 'Watch'].map((call) => `NodeService/${call}`),
];
const viewers = [
  ...['GetAuthority', 'GetNode', 'GetPool', 'GetStatus', 'ListCertificates', 'ListEvents', 'ListNodes', 'ListPools'],
  ...['ListRoutes', 'ListSubnets', 'WatchConvergence', 'WatchEvents', 'WatchNodes'],
].map((call) => `AdminService/${call}`);
viewers.push('BackupService/GetAdoption');
viewers.push(...['GetRollout', 'ListRollouts', 'WatchRollout'].map((call) => `RolloutService/${call}`));
viewers.push('IpamService/CheckIpam');
viewers.push('LifecycleService/WatchDeparture', 'HeldRouteService/ListHeldRoutes', 'NicService/ListNics');
viewers.push('NetworkService/GetNetwork', 'NetworkService/ListNetworks');
viewers.push('DiagnosisService/FindPathEnd');
const operators = [
  ...viewers,
  ...[
    ...['AddNode', 'CreatePool', 'CreateToken', 'ListTokens', 'ReleaseSubnet', 'RemoveNode', 'RemovePool'],
    ...['ReserveSubnet', 'RevokeNode', 'RevokeToken', 'SetNode', 'UnreserveSubnet'],
  ].map((call) => `AdminService/${call}`),
  ...['ReleaseFinding', 'ResizePool', 'SetPool'].map((call) => `IpamService/${call}`),
  ...['DrainNode', 'RenameNode', 'ReplaceNode'].map((call) => `LifecycleService/${call}`),
  ...['AddLease', 'EndLease'].map((call) => `LeaseService/${call}`),
  ...['ControlRollout', 'CreateRollout'].map((call) => `RolloutService/${call}`),
  'HeldRouteService/ApproveWithdrawals',
  ...['ChangeNetwork', 'CreateNetwork', 'RemoveNetwork'].map((call) => `NetworkService/${call}`),
  'DiagnosisService/LookAtNode',
  ...['AddStaticRoute', 'RemoveStaticRoute'].map((call) => `StaticRouteService/${call}`),
  ...['AddNic', 'RemoveNic'].map((call) => `NicService/${call}`),
];
const admins = [
  ...operators,
  ...['IssueCertificate', 'ListAudit', 'RemoveController', 'RevokeCertificate', 'RotateAuthority', 'VerifyAudit'].map(
    (call) => `AdminService/${call}`,
  ),
  ...['FinishAdoption', 'SaveBackup'].map((call) => `BackupService/${call}`),
];
const local = [
  ...admins,
  'AdminService/Init',
  ...['BeginRestore', 'FinishRestore', 'ReadClusterKey', 'WriteRestore'].map((call) => `BackupService/${call}`),
];
// What a caller may send to pass for another: whatever is attached to its own metadata, and headers of that content.
function claiming(peer: Peer): Metadata {
  const metadata = new Metadata();
  attachPeer(metadata, peer);
  for (const name of ['xnet-peer', 'peer']) metadata.set(`${name}-bin`, Buffer.from(JSON.stringify(peer)));
  return metadata;
}

// What a field of a type may hold; of any other: 1.
const samples = new Map<string, unknown>([
  ['string', 'web-2'],
  ['bytes', Buffer.from('web-2')],
]);

test('every call of every service declares its access', (t) => {
  t.true(everyCall.length > 30);
  for (const { name, declared } of everyCall) {
    t.true(typeof declared === 'string' && declared !== 'ACCESS_UNSPECIFIED', `${name} declares no access`);
  }
});

test('a call that declares nothing is refused, even on a unix socket', async (t) => {
  let reached = 0;
  const { GetStatus } = services.admin.service;
  const undeclared = { ...GetStatus, path: '/xnet.v1.AdminService/Undeclared' };
  const other = { ...GetStatus, path: '/other.Service/GetStatus' };
  const handler = unary(async () => {
    reached += 1;
    return {};
  });
  const server = await startServer({
    endpoints: [{ kind: 'unix', path: `/tmp/xnet-access-${process.pid}.sock` }],
    bindings: [
      { definition: { Undeclared: undeclared }, implementation: { Undeclared: handler } },
      { definition: { GetStatus: other }, implementation: { GetStatus: handler } },
      { definition: services.admin.service, implementation: { GetStatus: handler } },
    ],
  });
  t.teardown(() => server.close(100));
  const [endpoint] = server.endpoints;
  const [declared] = everyCall.filter(({ name }) => name === 'AdminService/GetStatus');
  if (endpoint === undefined || declared === undefined) return t.fail();
  const caller = callerOf(t, endpoint);
  for (const { path } of [undeclared, other]) {
    t.is((await caller.attempt({ ...declared, path })).outcome, 'PermissionDenied', path);
  }
  t.is(reached, 0);
  t.is((await caller.attempt(declared)).outcome, 'OK');
  t.is(reached, 1);
});

test('a node can make five of all calls, whatever it sends', async (t) => {
  const { controller } = await start(t);
  const { credentials } = await controller.joinNode('web-1');
  const caller = callerOf(t, controller.endpoint, credentials);
  const before = await controller.contents();
  // All calls of other roles, with each field in turn naming an existing object.
  for (const call of everyCall.filter(({ name }) => !nodes.includes(name))) {
    const requests = [
      {},
      ...call.fields.map(({ path, type, isMessage }) => withField(path, isMessage ? {} : (samples.get(type) ?? 1))),
    ];
    for (const request of requests) {
      const { outcome, answer } = await caller.attempt(call, request);
      t.true(['PermissionDenied', 'UNIMPLEMENTED'].includes(outcome), `${call.name}: ${outcome}`);
      t.is(answer, undefined);
    }
  }
  t.deepEqual(await controller.contents(), before, 'something was changed');
  // Last, since the lease may end with Leave.
  t.deepEqual(await reachable(caller), nodes);
});

test('a node can act for no other', async (t) => {
  const { controller, victim } = await start(t);
  const { nodeId, credentials } = await controller.joinNode('web-1');
  const other = new SimulatedNode(controller.nodeClient(victim), 'web-2').watch();
  await other.until('a table', () => other.table !== undefined);
  await other.report();
  const about = async () => {
    const request = { node: victim.nodeId };
    const { node } = await callUnary(controller.admin.getNode.bind(controller.admin), request, { timeoutMs: 60_000 });
    return node;
  };
  await until('its stream is known', async () => (await about())?.controller !== '');
  const before = await about();
  const caller = callerOf(t, controller.endpoint, credentials);
  const named: string[] = [];
  for (const call of everyCall.filter(({ name }) => nodes.includes(name))) {
    for (const { path } of call.fields.filter(({ type }) => type === 'string')) {
      for (const value of [victim.nodeId, 'web-2']) {
        const { outcome, message } = await caller.attempt(call, { ...withField(path, value), done: true });
        // A request need not name the node of the certificate, and can name no other.
        if (/^node(Id|Name)$/.test(path)) {
          t.is(outcome, 'PermissionDenied', `${call.name} ${path}: ${message}`);
          t.regex(message, /can't act for/);
          named.push(`${call.name} ${path}`);
        }
      }
    }
    // Who calls is not what the call says of its caller, either.
    const identity: Identity = { clusterId: credentials.clusterId, role: 'node', id: victim.nodeId };
    const forged = claiming({ kind: 'certificate', identity, serial: '1', address: '127.0.0.1' });
    if (!call.fields.some(({ path }) => path === 'nodeId')) continue;
    t.is((await caller.attempt(call, { nodeId: victim.nodeId }, forged)).outcome, 'PermissionDenied', call.name);
  }
  t.deepEqual([...new Set(named)].sort(), [
    'NodeService/Leave nodeId',
    'NodeService/Leave nodeName',
    'NodeService/Report nodeId',
    'NodeService/Watch nodeId',
    'NodeService/Watch nodeName',
  ]);
  t.deepEqual(await about(), before);
  t.deepEqual(
    other.heard.filter(({ kind }) => kind === 'ended'),
    [],
    'the stream of the other was ended',
  );
  // Nor is it local because it says so.
  const forged = claiming({ kind: 'local' });
  for (const call of everyCall.filter(({ name }) => local.includes(name))) {
    t.is((await caller.attempt(call, requestOf(call), forged)).outcome, 'PermissionDenied', call.name);
  }
  t.not((await about())?.id, nodeId);
});

test('a node receives the route to another node, and nothing else about it', async (t) => {
  const { controller, victim } = await start(t);
  const { admin } = controller;
  await callUnary(
    admin.setNode.bind(admin),
    { node: 'web-2', setLabels: { owner: 'canary-label' } },
    { timeoutMs: 60_000 },
  );
  const { nodeClient } = controller;
  const client = nodeClient.call(controller, victim);
  const status = {
    nodeId: victim.nodeId,
    generation: 1,
    kernelVersion: 'canary-kernel',
    dockerVersion: 'canary-engine',
  };
  const other = new SimulatedNode(client, 'web-2').watch();
  await other.until('a table', () => other.table !== undefined);
  await callUnary(client.report.bind(client), status, { timeoutMs: 60_000 });
  const { credentials } = await controller.joinNode('web-1');
  const stream = controller.nodeClient({ credentials }).watch({ hostFingerprint: 'f' });
  const messages: string[] = [];
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.on('data', (message: { snapshot?: { last?: boolean } | null }) => {
      messages.push(JSON.stringify(message));
      if (message.snapshot?.last === true) resolve();
    });
  });
  stream.on('error', () => undefined);
  stream.cancel();
  const text = messages.join('\n');
  t.regex(text, /"nodeName":"web-2"/, 'its route is there');
  for (const secret of ['canary', victim.nodeId, '"labels"', '"token', '"hash"'])
    t.false(text.includes(secret), secret);
});

test('viewers read, operators change, admins administer, and local calls stay local', async (t) => {
  const { controller } = await start(t);
  for (const [role, expected] of [
    ['viewer', viewers],
    ['operator', operators],
    ['admin', admins],
  ] as const) {
    const caller = callerOf(t, controller.endpoint, await controller.credentialsFor(role));
    t.deepEqual(await reachable(caller), [...expected].sort(), role);
  }
  const socket = callerOf(t, { kind: 'unix', path: controller.socket });
  t.deepEqual(await reachable(socket), [...local].sort());
});

test('C19 a value of an enum that this version does not have is refused, whichever call has it', async (t) => {
  const { controller } = await start(t);
  const socket = callerOf(t, { kind: 'unix', path: controller.socket });
  const before = await controller.contents();
  // Other required arguments of the calls, so that only one is wrong.
  const right = { name: 'new', cidr: '10.99.0.0/16', address: '192.168.83.9', node: 'web-1' };
  const tried: string[] = [];
  // A node may report leases that it got from a newer controller: see the test of accepted stores.
  for (const call of everyCall.filter(({ name }) => !name.startsWith('NodeService/'))) {
    for (const { path, type } of call.fields) {
      if (!['Mode', 'Availability', 'NodeState', 'SubnetState'].includes(type)) continue;
      const [field = '', ...within] = path.split('.').reverse();
      const value = { ...right, [field]: 99 };
      const request = within.length === 0 ? value : withField(within.reverse().join('.'), value);
      const { outcome, message } = await socket.attempt(call, request);
      t.is(outcome, 'InvalidArgument', `${call.name} ${path}: ${message}`);
      t.regex(message, /99/);
      tried.push(`${call.name} ${path}`);
    }
  }
  t.deepEqual(tried.sort(), [
    'AdminService/AddNode mode',
    'AdminService/CreatePool mode',
    'AdminService/CreateToken adopt.mode',
    'AdminService/SetNode availability',
    'AdminService/SetNode mode',
    'IpamService/SetPool mode',
    'LeaseService/AddLease mode',
    'RolloutService/CreateRollout mode',
  ]);
  t.deepEqual(await controller.contents(), before, 'nothing was changed');
});

test('the join port serves only the two calls of joining, for every caller', async (t) => {
  const { controller, victim } = await start(t);
  const trust = await controller.trust();
  for (const credentials of [trust, victim.credentials, await controller.credentialsFor('admin')]) {
    const caller = callerOf(t, controller.joinEndpoint, credentials);
    for (const call of everyCall.filter(
      ({ name }) => name !== 'JoinService/Join' && name !== 'JoinService/PreviewJoin',
    )) {
      const { outcome } = await caller.attempt(call, requestOf(call));
      t.true(['Unauthenticated', 'PermissionDenied', 'UNIMPLEMENTED'].includes(outcome), `${call.name}: ${outcome}`);
    }
    for (const name of ['JoinService/Join', 'JoinService/PreviewJoin']) {
      const join = everyCall.find((call) => call.name === name);
      if (join === undefined) return t.fail(name);
      t.is((await caller.attempt(join)).outcome, 'Unauthenticated', `${name} without a token`);
    }
  }
});
