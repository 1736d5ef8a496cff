// Records written into the store by hand, with etcdctl: how real controllers treat them.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { formatPrefix } from '../../proto/domain/address.js';
import { exitCodes } from '../../proto/errors.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { ControllerProcess } from '../support/controller-process.js';
import { TestEtcd } from '../support/etcd.js';
import { deleteKey, putKey } from '../support/etcd-history.js';
import { prefix } from '../support/pools.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { Xctl } from '../support/xctl.js';

async function start(t: ExecutionContext) {
  const etcd = await TestEtcd.start();
  const controller = await ControllerProcess.start(['--etcd-endpoints', etcd.endpoint]);
  t.teardown(async () => {
    await controller.close();
    await etcd.close();
  });
  return { etcd, controller };
}

const lease = (node: string) => JSON.stringify({ state: 'leased', node, generation: 1, sinceMs: 1 });
const anyRange = (cidr: string) => ({
  cidr,
  subnetLength: 24,
  mode: 'bip',
  networkName: 'xnet',
  bridgeName: 'xnet0',
  quarantineSeconds: 0,
  reservations: [],
  createdMs: 1,
});

test('no pool is created beside one that can’t be read, nor over subnets in the store', async (t) => {
  const { etcd, controller } = await start(t);
  await controller.createPool();
  for (const index of [1, 2]) await controller.addNode(`web-${index}`, `192.168.83.${index}`);
  const member = await controller.joinNode('web-1');
  const node = new SimulatedNode(controller.nodeClient(member), 'web-1').watch();
  await node.until('snapshot', () => node.routes().length === 1);
  const before = node.routes();
  const restart = async () => {
    await controller.kill('SIGTERM');
    await controller.launch();
    await controller.ready();
  };
  for (const garbled of ['{nope', JSON.stringify({ ...anyRange('10.76.0.0/16'), mode: 'overlay' })]) {
    putKey(etcd.endpoint, 'pools/default', garbled);
    await controller.until('told of', (status) => status.undecodable.some(({ key }) => key === 'pools/default'));
    const unreadable = { message: /the record pools\/default can't be relied on/ };
    await t.throwsAsync(controller.addNode('web-3', '192.168.83.3'), unreadable);
    await restart();
    await t.throwsAsync(controller.createPool('10.76.0.0/16', 'again'), unreadable);
    await t.throwsAsync(controller.createPool('10.80.0.0/16', 'elsewhere'), unreadable);
    await t.throwsAsync(controller.addNode('web-3', '192.168.83.3'), unreadable);
    t.is((await controller.nodes()).length, 2);
  }
  deleteKey(etcd.endpoint, 'pools/default');
  await controller.until('named', ({ problems }) => problems.some(({ text }) => /there is no pool default/.test(text)));
  await restart();
  await t.throwsAsync(controller.createPool('10.76.0.0/20', 'again'), {
    message: /overlaps subnets in the store: subnets\/default\/10.76.0.0-24, subnets\/default\/10.76.1.0-24/,
  });
  putKey(etcd.endpoint, 'pools/default', JSON.stringify(anyRange('10.76.0.0/16')));
  await controller.until('well again', ({ problems, undecodable }) => problems.length + undecodable.length === 0);
  t.is((await controller.addNode('web-3', '192.168.83.3')).node?.subnet, '10.76.2.0/24');
  node.over(controller.nodeClient(member)).watch();
  await node.until('the third', () => node.routes().length === 2);
  t.deepEqual(node.routes().slice(0, 1), before);
});

test('of contradicting records the older one applies; status names the other, and no route is withdrawn', async (t) => {
  const { etcd, controller } = await start(t);
  await controller.createPool();
  const ids: string[] = [];
  for (const index of [1, 2, 3]) {
    const { node } = await controller.addNode(`web-${index}`, `192.168.83.${index}`);
    ids.push(node?.id ?? '');
  }
  const [first = '', second = '', third = ''] = ids;
  const node = new SimulatedNode(await controller.joined('web-1'), 'web-1').watch();
  await node.until('snapshot', () => node.routes().length === 2);
  await controller.joinNode('web-2');
  await controller.joinNode('web-3');
  const before = node.routes();
  const { assignment } = node;
  const clusterId = (await controller.status())?.clusterId ?? '';
  const xctl = new Xctl({ controller: `unix:${controller.socket}` });
  t.teardown(() => xctl.close());
  const written: Record<string, string> = {
    'pools/other': JSON.stringify(anyRange('10.76.0.0/20')),
    'subnets/other/10.76.1.0-24': lease(third),
    'subnets/default/10.76.9.0-24': lease(first),
    'subnets/default/10.76.0.0-23': lease('n-ghost'),
    'subnets/default/10.76.2.128-25': lease('n-ghost'),
    'subnets/nowhere/10.99.0.0-24': lease('n-ghost'),
    'names/web-9': JSON.stringify({ node: second }),
    'addresses/192.168.83.77': JSON.stringify({ node: 'n-ghost' }),
    cluster: JSON.stringify({ id: 'another', epoch: 1, createdMs: 1, schema: 1 }),
  };
  for (const [key, value] of Object.entries(written)) putKey(etcd.endpoint, key, value);
  const named = ({ problems, undecodable }: NonNullable<Awaited<ReturnType<typeof controller.status>>>) => {
    const said = [...problems.map(({ text }) => text), ...undecodable.map(({ key }) => `the record ${key} `)];
    return Object.keys(written).filter((key) => said.some((text) => text.startsWith(`the record ${key} `)));
  };
  await controller.until('all named', (status) => named(status).length === Object.keys(written).length);
  const { code, stdout, stderr } = await xctl.run('status');
  t.is(code, exitCodes.problemsFound, stderr);
  t.regex(stdout, /subnets\/other\/10\.76\.1\.0-24 contradicts others/);
  t.is((await controller.status())?.clusterId, clusterId);
  // The bad records had no effect: the next lease overlaps none of them, and existing leases stay.
  const added = await controller.addNode('web-4', '192.168.83.4');
  t.is(added.node?.subnet, '10.76.3.0/24');
  await node.until('the new one', () => node.routes().length === 3);
  t.deepEqual(node.routes().slice(0, 2), before);
  t.deepEqual(node.assignment, assignment);
  await t.throwsAsync(controller.addNode('web-9', '192.168.83.9'), { message: /the name web-9 is held by the record/ });
  await t.throwsAsync(controller.addNode('web-8', '192.168.83.77'), { message: /address 192.168.83.77 is held by/ });
  for (const key of Object.keys(written)) if (key !== 'cluster') deleteKey(etcd.endpoint, key);
  await controller.until('only the cluster is left', ({ problems }) => problems.length === 0);
  putKey(etcd.endpoint, 'cluster', JSON.stringify({ id: clusterId, epoch: 1, createdMs: 1, schema: 1 }));
  await controller.until('well again', ({ undecodable }) => undecodable.length === 0);
  t.deepEqual(node.routes().slice(0, 2), before);
  t.is(node.heard.filter(({ kind }) => kind === 'ended').length, 0);

  // A record that is deleted alone counts as missing, and its deletion is not acted on.
  for (const key of [`nodes/${second}`, 'subnets/default/10.76.2.0-24']) deleteKey(etcd.endpoint, key);
  await controller.until('both are missed', ({ problems }) =>
    [`n-|its node ${second} does not exist`, 'it has no lease'].every((text) =>
      problems.some((problem) => new RegExp(text).test(problem.text)),
    ),
  );
  await controller.addNode('web-5', '192.168.83.5');
  await node.until('another', () => node.routes().length === 4);
  t.deepEqual(node.routes().slice(0, 2), before);
  await controller.removeNode('web-2');
  await controller.removeNode('web-3');
  await controller.until('well again', ({ problems }) => problems.length === 0);
  await node.until('they went in order', () => node.routes().length === 2);
});

test('C8 after a restored store was accepted, lost leases are not granted to others and return with their hosts', async (t) => {
  const controller = await ControllerProcess.startWithAuthority();
  t.teardown(() => controller.close());
  await controller.createPool();
  for (const index of [1, 2, 3]) await controller.addNode(`web-${index}`, `192.168.83.${index}`);
  const clients = new Map([['web-1', await controller.joinNode('web-1')]]);
  await controller.kill('SIGTERM');
  const [own, backup] = [join(controller.dir, 'etcd'), join(controller.dir, 'backup')];
  cpSync(own, backup, { recursive: true });
  await controller.launch();
  await controller.ready();

  // After the backup: web-3 is removed; web-4, web-5 and another web-2 come.
  await controller.removeNode('web-3');
  await controller.removeNode('web-2');
  for (const [name, host] of [
    ['web-4', 4],
    ['web-5', 5],
    ['web-2', 22],
  ] as const) {
    await controller.addNode(name, `192.168.83.${host}`);
    clients.set(name, await controller.joinNode(name));
  }
  const nodes = new Map<string, SimulatedNode>();
  for (const [name, member] of clients) {
    const node = new SimulatedNode(controller.nodeClient(member), name).watch();
    await node.until('snapshot', () => node.table !== undefined);
    nodes.set(name, node);
  }
  const node = (name: string) => nodes.get(name) ?? new SimulatedNode(controller.node, name);
  const subnetOf = (name: string) => formatPrefix(node(name).primary?.subnet ?? prefix('0.0.0.0/0'));
  await controller.kill('SIGTERM');
  rmSync(own, { recursive: true });
  cpSync(backup, own, { recursive: true });
  await controller.launch(['--accept-store']);
  await controller.ready();

  // Nothing is given that may be in use, until the operator says that it is not.
  await t.throwsAsync(controller.addNode('web-9', '192.168.83.9'), {
    message: /of 256, 3 are leased, 0 reserved, 253 in quarantine/,
  });
  await t.throwsAsync(controller.addNode('web-9', '192.168.83.9', { subnet: '10.76.40.0/24' }), {
    message: /may have been leased after the backup/,
  });
  await callUnary(
    controller.admin.releaseSubnet.bind(controller.admin),
    { cidr: '10.76.40.0/24' },
    { timeoutMs: 60_000 },
  );
  t.is((await controller.addNode('web-9', '192.168.83.9')).node?.subnet, '10.76.40.0/24');

  // Nodes of the backup are awaited: no peer adds a route to them.
  await controller.until('told of', ({ problems }) =>
    problems.some(({ text }) => /3 of its nodes have not .*: web-1, web-2, web-3/.test(text)),
  );
  t.deepEqual((await controller.routes()).unresolved, ['10.76.0.0/24', '10.76.1.0/24', '10.76.2.0/24']);
  const back = (name: string) =>
    node(name)
      .over(controller.nodeClient(clients.get(name) ?? { credentials: { clusterId: '', authority: [] } }))
      .watch();
  back('web-1');
  await controller.until('web-1 is back', ({ problems }) => problems.some(({ text }) => /2 of its nodes/.test(text)));

  // Hosts that the store lost return with their subnets; one whose name is taken gets that reason, and keeps its
  // configuration.
  for (const name of ['web-4', 'web-5']) {
    const before = node(name).assignment;
    node(name).heard.length = 0;
    back(name);
    await node(name).until('adopted', () => node(name).heard.some(({ kind }) => kind === 'assignment'));
    // The list of its nics is from the former epoch; the restored store begins a new one.
    const withoutNics = (assignment: typeof before) => assignment && { ...assignment, nics: undefined };
    t.truthy(before);
    t.deepEqual(withoutNics(node(name).assignment), withoutNics(before));
    await node(name).report();
  }
  const { routes } = await controller.routes();
  t.deepEqual(
    routes.map(({ subnet }) => subnet).sort(),
    ['10.76.0.0/24', '10.76.40.0/24', subnetOf('web-4'), subnetOf('web-5')].sort(),
  );
  node('web-2').heard.length = 0;
  back('web-2');
  await node('web-2').until('refused', () => node('web-2').heard.at(-1)?.kind === 'ended');
  const last = node('web-2').heard.at(-1);
  t.is(last?.kind === 'ended' ? last.error.code : '', 'Unavailable');
  t.regex(last?.kind === 'ended' ? last.error.message : '', /there is another node web-2/);
  await controller.removeNode('web-2');
  await controller.removeNode('web-3');
  back('web-2');
  await node('web-2').until('adopted', () => node('web-2').heard.at(-1)?.kind === 'snapshot');
  await controller.until('nobody is waited for', ({ problems }) => problems.length === 0);
  const { events } = await callUnary(controller.admin.listEvents.bind(controller.admin), {}, { timeoutMs: 60_000 });
  const told = events.filter(({ warning }) => warning).map(({ reason, subject }) => `${reason} ${subject}`);
  t.deepEqual(told, [
    'NodeAdopted node/web-4',
    'NodeAdopted node/web-5',
    'NodeNotAdopted node/web-2',
    'NodeAdopted node/web-2',
  ]);

  // A host that was removed regularly gets that reason, and does not return.
  await controller.removeNode('web-5');
  node('web-5').heard.length = 0;
  back('web-5');
  await node('web-5').until('refused', () => node('web-5').heard.at(-1)?.kind === 'ended');
  const end = node('web-5').heard.at(-1);
  t.is(end?.kind === 'ended' ? end.error.code : '', 'NotFound');
});
