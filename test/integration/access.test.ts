// Who may do what, tried from outside: every call there is, with every kind of certificate and with none.
import { createSecureServer } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Metadata } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { readClusterKey, unsealText } from '../../controller/authority/cluster-key.js';
import { EtcdStore } from '../../controller/store/etcd.js';
import { keys } from '../../controller/store/keys.js';
import { decode } from '../../controller/store/record-codec.js';
import {
  issue,
  keyOfRequest,
  type Lifetime,
  lifetimeFrom,
  makeAuthority,
  makeRequest,
  type Signer,
} from '../../proto/pki/certificate.js';
import { controllerHost, type Identity } from '../../proto/pki/identity.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import { attachPeer } from '../../proto/rpc/peer.js';
import { startServer, unary } from '../../proto/rpc/server.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { ControllerProcess } from '../support/controller-process.js';
import { TestEtcd } from '../support/etcd.js';
import { type Call, Caller, everyCall, withField } from '../support/every-call.js';
import type { Member } from '../support/joining.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { until } from '../support/until.js';

const hourMs = 3_600_000;

// What each may call on the API's port, as SECURITY.md has it. A call that is new stands in none of these: it is
// refused to everybody, or this test fails until somebody has decided whose it is.
const nodes = ['NodeService/Leave', 'NodeService/RenewCertificate', 'NodeService/Report', 'NodeService/Watch'];
const viewers = [
  ...['GetAuthority', 'GetNode', 'GetPool', 'GetStatus', 'ListCertificates', 'ListEvents', 'ListNodes', 'ListPools'],
  ...['ListRoutes', 'ListSubnets', 'WatchConvergence', 'WatchEvents', 'WatchNodes'],
].map((call) => `AdminService/${call}`);
const operators = [
  ...viewers,
  ...[
    ...['AddNode', 'CreatePool', 'CreateToken', 'ListTokens', 'ReleaseSubnet', 'RemoveNode', 'RemovePool'],
    ...['ReserveSubnet', 'RevokeNode', 'RevokeToken', 'SetNode', 'UnreserveSubnet'],
  ].map((call) => `AdminService/${call}`),
];
const admins = [
  ...operators,
  ...['IssueCertificate', 'ListAudit', 'RemoveController', 'RevokeCertificate', 'RotateAuthority', 'VerifyAudit'].map(
    (call) => `AdminService/${call}`,
  ),
];
const local = [...admins, 'AdminService/Init'];

type Cluster = { readonly etcd: TestEtcd; readonly controller: ControllerProcess; readonly victim: Member };

async function start(t: ExecutionContext): Promise<Cluster> {
  const etcd = await TestEtcd.start();
  t.teardown(() => etcd.close());
  const controller = await ControllerProcess.startWithAuthority(['--etcd-endpoints', etcd.endpoint]);
  t.teardown(() => controller.close());
  await controller.createPool();
  await controller.addNode('web-1', '192.168.83.1');
  await controller.addNode('web-2', '192.168.83.2');
  return { etcd, controller, victim: await controller.joinNode('web-2') };
}

function callerOf(t: ExecutionContext, endpoint: Endpoint, credentials?: Credentials): Caller {
  const caller = new Caller(endpoint, credentials);
  t.teardown(() => caller.close());
  return caller;
}

// A call that could change something says that it is not to.
function requestOf({ fields }: Call): object {
  return fields.some(({ path }) => path === 'dryRun') ? { dryRun: true } : {};
}

async function reachable(caller: Caller): Promise<string[]> {
  const reached: string[] = [];
  for (const call of everyCall) {
    const { outcome } = await caller.attempt(call, requestOf(call));
    if (!['PermissionDenied', 'Unauthenticated', 'UNIMPLEMENTED'].includes(outcome)) reached.push(call.name);
  }
  return reached.sort();
}

test('every call of every service declares who may make it', (t) => {
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

test('a node can make four calls of all there are, whatever it sends', async (t) => {
  const { controller } = await start(t);
  const { credentials } = await controller.joinNode('web-1');
  const caller = callerOf(t, controller.endpoint, credentials);
  const before = await controller.contents();
  // Everybody else's calls with every field that there is naming something that exists, one at a time.
  for (const call of everyCall.filter(({ name }) => !nodes.includes(name))) {
    const requests = [{}, ...call.fields.map(({ path, type }) => withField(path, type === 'string' ? 'web-2' : 1))];
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

test('a node can speak for no other', async (t) => {
  const { controller, victim } = await start(t);
  const { nodeId, credentials } = await controller.joinNode('web-1');
  const other = new SimulatedNode(controller.nodeClient(victim), 'web-2').watch();
  await other.until('a table', () => other.table !== undefined);
  await other.report();
  const about = async () => {
    const request = { node: victim.nodeId };
    const { node } = await callUnary(controller.admin.getNode.bind(controller.admin), request, { timeoutMs: 30_000 });
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
        // Whom the certificate names, a request need not; whom it does not name, it can't.
        if (/^node(Id|Name)$/.test(path)) {
          t.is(outcome, 'PermissionDenied', `${call.name} ${path}: ${message}`);
          t.regex(message, /can't speak for/);
          named.push(`${call.name} ${path}`);
        }
      }
    }
    // Who calls is not what the call says of its caller, either.
    const forged = new Metadata();
    const identity: Identity = { clusterId: credentials.clusterId, role: 'node', id: victim.nodeId };
    attachPeer(forged, { kind: 'certificate', identity, serial: '1', address: '127.0.0.1' });
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
  const forged = new Metadata();
  attachPeer(forged, { kind: 'local' });
  for (const call of everyCall.filter(({ name }) => local.includes(name))) {
    t.is((await caller.attempt(call, requestOf(call), forged)).outcome, 'PermissionDenied', call.name);
  }
  t.not((await about())?.id, nodeId);
});

test('a node is told the route to another, and nothing else of it', async (t) => {
  const { controller, victim } = await start(t);
  const { admin } = controller;
  await callUnary(
    admin.setNode.bind(admin),
    { node: 'web-2', setLabels: { owner: 'canary-label' } },
    { timeoutMs: 9e3 },
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
  await callUnary(client.report.bind(client), status, { timeoutMs: 9e3 });
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

test('viewers look, operators operate, admins administer, and what is local is local', async (t) => {
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

test('a value of an enum that this version does not have is refused, whichever call has it', async (t) => {
  const { controller } = await start(t);
  const socket = callerOf(t, { kind: 'unix', path: controller.socket });
  const before = await controller.contents();
  // What the calls want besides, so that nothing else is wrong with them.
  const right = { name: 'new', cidr: '10.99.0.0/16', address: '192.168.83.9', node: 'web-1' };
  const tried: string[] = [];
  // What a node says that it holds, it was told by a controller, perhaps a newer one: see the test of accepted stores.
  for (const call of everyCall.filter(({ name }) => !name.startsWith('NodeService/'))) {
    for (const { path, type } of call.fields) {
      if (!['Mode', 'Availability', 'NodeState', 'SubnetState'].includes(type)) continue;
      const { outcome, message } = await socket.attempt(call, { ...right, ...withField(path, 99) });
      t.is(outcome, 'InvalidArgument', `${call.name} ${path}: ${message}`);
      t.regex(message, /99/);
      tried.push(`${call.name} ${path}`);
    }
  }
  t.deepEqual(tried.sort(), [
    'AdminService/AddNode mode',
    'AdminService/CreatePool mode',
    'AdminService/SetNode availability',
    'AdminService/SetNode mode',
  ]);
  t.deepEqual(await controller.contents(), before, 'nothing was changed');
});

test('on the port for joining there is nothing but joining, whoever asks', async (t) => {
  const { controller, victim } = await start(t);
  const trust = await controller.trust();
  for (const credentials of [trust, victim.credentials, await controller.credentialsFor('admin')]) {
    const caller = callerOf(t, controller.joinEndpoint, credentials);
    for (const call of everyCall.filter(({ name }) => name !== 'JoinService/Join')) {
      const { outcome } = await caller.attempt(call, requestOf(call));
      t.true(['Unauthenticated', 'PermissionDenied', 'UNIMPLEMENTED'].includes(outcome), `${call.name}: ${outcome}`);
    }
    const [join] = everyCall.filter(({ name }) => name === 'JoinService/Join');
    if (join === undefined) return t.fail();
    t.is((await caller.attempt(join)).outcome, 'Unauthenticated', 'a call without a token');
  }
});

// The authority of a cluster with its private key, as whoever has its store and its cluster key would have it.
async function signerOf({ etcd, controller }: Cluster): Promise<Signer> {
  const store = new EtcdStore({ endpoints: [etcd.endpoint], prefix: '/xnet/v1/' });
  const entry = await store.read(keys.authority);
  await store.close();
  const decoded = decode('authority', entry?.value ?? '');
  const clusterKey = await readClusterKey(`${controller.dir}/cluster.key`);
  if (!('record' in decoded) || clusterKey === undefined) throw new Error('no authority');
  const { certificate, sealedKey } = decoded.record;
  return { certificate, key: unsealText(clusterKey, sealedKey, certificate) };
}

async function certify(signer: Signer, identity: Identity, lifetime: Lifetime, authority: readonly string[]) {
  const { key, csr } = await makeRequest();
  const { certificate } = await issue(signer, { identity, publicKey: await keyOfRequest(csr), ...lifetime });
  return { clusterId: identity.clusterId, authority, own: { certificate, key } };
}

test('certificates that prove nothing are refused', async (t) => {
  const cluster = await start(t);
  const { controller, victim } = cluster;
  const { clusterId, authority } = await controller.trust();
  const signer = await signerOf(cluster);
  const foreign = await makeAuthority(clusterId, Date.now());
  const at = Date.now();
  const valid = lifetimeFrom(at, hourMs);
  const node: Identity = { clusterId, role: 'node', id: victim.nodeId };
  const as = (by: Signer, identity: Identity, lifetime: Lifetime = valid) => certify(by, identity, lifetime, authority);
  const [report] = everyCall.filter(({ name }) => name === 'NodeService/Report');
  const [status] = everyCall.filter(({ name }) => name === 'AdminService/GetStatus');
  if (report === undefined || status === undefined) return t.fail();
  const ask = async (credentials: Credentials) => {
    const caller = callerOf(t, controller.endpoint, credentials);
    return { node: await caller.attempt(report, { generation: 1 }), person: await caller.attempt(status) };
  };

  // One that is as it should be, made in the same way: what is refused below is not refused for another reason.
  t.is((await ask(await as(signer, node))).node.outcome, 'OK');
  t.is((await ask(await as(signer, { clusterId, role: 'viewer', id: 'eve' }))).person.outcome, 'OK');

  const past = { notBeforeMs: at - 2 * hourMs, notAfterMs: at - 1_000 };
  const future = { notBeforeMs: at + hourMs, notAfterMs: at + 2 * hourMs };
  const never: readonly (readonly [string, Credentials])[] = [
    ['of another authority', await as(foreign, node)],
    ['expired', await as(signer, node, past)],
    ['not yet valid', await as(signer, node, future)],
    ['none', { clusterId, authority }],
  ];
  for (const [what, credentials] of never) {
    const { node: asked, person } = await ask(credentials);
    t.is(asked.outcome, 'UNAVAILABLE', `${what}: ${asked.message}`);
    t.is(person.outcome, 'UNAVAILABLE', what);
  }

  // The authority signs these; they give no access all the same.
  const elsewhere = { clusterId: 'another', role: 'admin', id: 'eve' } as const;
  const empty: readonly (readonly [string, Credentials])[] = [
    ['of another cluster', { ...(await as(signer, elsewhere)), clusterId }],
    ['of a controller', await as(signer, { clusterId, role: 'controller', id: 'ctl-1' })],
    ['of a node that there is not', await as(signer, { clusterId, role: 'node', id: 'n-none' })],
  ];
  for (const [what, credentials] of empty) {
    const { node: asked, person } = await ask(credentials);
    t.true(['PermissionDenied', 'Unauthenticated', 'NotFound'].includes(asked.outcome), `${what}: ${asked.outcome}`);
    t.true(['PermissionDenied', 'Unauthenticated'].includes(person.outcome), `${what}: ${person.outcome}`);
  }

  // What was valid when the connection was made is asked for again with every call.
  const short = await as(signer, node, { notBeforeMs: at - hourMs, notAfterMs: Date.now() + 3_000 });
  const caller = callerOf(t, controller.endpoint, short);
  t.is((await caller.attempt(report, { generation: 1 })).outcome, 'OK');
  await until('it has expired', async () => {
    const { outcome } = await caller.attempt(report, { generation: 1 });
    return outcome === 'Unauthenticated';
  });

  // Nobody else is a controller: not a node, though its certificate is of the authority; not who has the name of one by
  // another authority, or an authority of the same name.
  const ctl = { clusterId, role: 'controller', id: 'ctl-1' } as const;
  for (const [what, expected, { own }] of [
    ['a node', 'UNAVAILABLE', await as(signer, node)],
    ['another authority', 'UNAVAILABLE', await as(foreign, ctl)],
    ['another cluster', 'UNAVAILABLE', await as(signer, { ...ctl, clusterId: 'another' })],
    // Made in the same way, and right: nobody implements the call there.
    ['a controller', 'UNIMPLEMENTED', await as(signer, ctl)],
  ] as const) {
    const server = createSecureServer({ cert: own.certificate, key: own.key });
    const answer = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' };
    server.on('stream', (stream) => stream.respond(answer, { endStream: true }));
    t.teardown(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const led = callerOf(t, { kind: 'tcp', host: '127.0.0.1', port }, victim.credentials);
    t.is((await led.attempt(report, { generation: 1 })).outcome, expected, what);
  }
});

test('no TCP port speaks anything but TLS 1.3', async (t) => {
  const { controller, victim } = await start(t);
  const { clusterId, authority, own } = victim.credentials;
  for (const port of [controller.port, controller.joinPort]) {
    const protocolOf = (maxVersion: 'TLSv1.3' | 'TLSv1.2' | 'TLSv1.1') =>
      new Promise<string>((resolve) => {
        const socket = connectTls({
          host: '127.0.0.1',
          port,
          ca: [...authority],
          servername: controllerHost(clusterId),
          minVersion: 'TLSv1',
          maxVersion,
          ciphers: 'DEFAULT:@SECLEVEL=0',
          ALPNProtocols: ['h2'],
          ...(own === undefined ? {} : { cert: own.certificate, key: own.key }),
        });
        socket.once('secureConnect', () => {
          resolve(socket.getProtocol() ?? '');
          socket.destroy();
        });
        socket.once('error', (error) => resolve(error.message));
      });
    t.is(await protocolOf('TLSv1.3'), 'TLSv1.3');
    for (const old of ['TLSv1.2', 'TLSv1.1'] as const) t.regex(await protocolOf(old), /alert protocol version/, old);
    // The preface of HTTP/2 in the clear: what comes back is no HTTP/2 (a frame of settings: type 4 at its fourth byte).
    const heard = await new Promise<Buffer>((resolve) => {
      const chunks: Buffer[] = [];
      const socket = connectTcp({ host: '127.0.0.1', port }, () => socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.once('error', () => resolve(Buffer.concat(chunks)));
      socket.once('close', () => resolve(Buffer.concat(chunks)));
    });
    t.true(heard.length === 0 || heard[0] === 21, 'an alert of TLS, or nothing');
  }
});
