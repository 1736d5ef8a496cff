// Backups of real controllers over real etcds: saved, restored after everything is lost, and adopted by the nodes.
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ControllerProcess } from '../support/controller-process.js';
import { TestEtcd } from '../support/etcd.js';
import { endpointOf, scope } from '../support/opened.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { json, part, Xctl } from '../support/xctl.js';

function xctlOf(t: ExecutionContext, controller: ControllerProcess) {
  const xctl = scope(t)(new Xctl({ controller: `unix:${controller.socket}` }));
  const pass = join(xctl.home, 'pass');
  writeFileSync(pass, 'correct horse battery\n', { mode: 0o600 });
  const file = join(xctl.home, 'fleet.backup');
  const backup = (verb: string, ...more: readonly string[]) =>
    xctl.run('backup', verb, ...(verb === 'adopt' ? [] : [file, '--passphrase-file', pass]), ...more);
  return { file, pass, backup };
}

test('C8 all of etcd and the controller’s folder are lost: a backup brings them back, and hosts that joined since are adopted', async (t) => {
  const opened = scope(t);
  const etcd = opened(await TestEtcd.start());
  const controller = opened(await ControllerProcess.startWithAuthority(endpointOf(etcd)));
  await controller.createPool();
  const { backup, file, pass } = xctlOf(t, controller);
  const join = async (index: number) => {
    const name = `web-${index}`;
    await controller.addNode(name, `192.168.83.${index}`);
    const member = await controller.joinNode(name);
    const node = new SimulatedNode(controller.nodeClient(member), name).watch();
    return { node, member };
  };
  const first = [await join(1), await join(2)];
  t.is((await backup('save')).code, 0);
  t.is(statSync(file).mode & 0o777, 0o600);
  const again = await backup('save');
  t.is(again.code, 4);
  t.regex(again.stderr, /already exists/);
  t.is((await backup('verify')).code, 0);
  const admin = new Xctl();
  t.teardown(() => admin.close());
  await admin.signIn(await controller.credentialsFor('admin'), [`127.0.0.1:${controller.port}`]);
  const remote = ['backup', 'save', `${file}.2`, '--passphrase-file', pass];
  const keyless = await admin.run(...remote, '--controller', `127.0.0.1:${controller.port}`);
  t.is(keyless.code, 5);
  t.regex(keyless.stderr, /the cluster key is sent only on the unix socket of a controller/);
  t.is((await admin.run(...remote, '--without-key')).code, 0, 'an admin elsewhere gets the records alone');
  t.false(readFileSync(`${file}.2`, 'utf8').includes(readFileSync(`${controller.dir}/cluster.key`, 'utf8').trim()));
  const hosts = [...first, await join(3), await join(4), await join(5)];
  for (const { node } of hosts) await node.until('all others', () => node.routes().length === 4);
  const before = hosts.map(({ node }) => node.routes());
  await controller.kill();
  await etcd.kill();
  etcd.wipe();
  for (const name of ['cluster.key', 'store.json', 'ages.json', 'registration', 'audit']) {
    rmSync(`${controller.dir}/${name}`, { recursive: true, force: true });
  }
  await etcd.launch();
  await controller.launch();
  await controller.until('an empty store', ({ clusterId }) => clusterId !== '');
  const restored = await backup('restore', '--yes');
  t.is(restored.code, 0, restored.stderr);
  const refused = await t.throwsAsync(controller.addNode('new', '192.168.83.99'));
  t.regex(refused?.message ?? '', /being adopted/);
  await controller.ready();
  for (const { node, member } of hosts) {
    node.heard.length = 0;
    node.over(controller.nodeClient(member)).watch();
    await node.until('its lease', () => node.heard.some(({ kind }) => kind === 'assignment'));
    if (node.name === 'web-1') t.is((await backup('adopt')).code, 8, 'the others are missing');
    await node.report();
  }
  const adopted = await backup('adopt', '--wait', '-o', 'json');
  t.deepEqual(part(json(adopted), 'adoption')['adopted'], ['web-3', 'web-4', 'web-5'], adopted.stderr);
  for (const { node } of hosts) await node.until('a table', () => node.heard.some(({ kind }) => kind === 'snapshot'));
  t.deepEqual(
    hosts.map(({ node }) => node.routes()),
    before,
  );
});
