// A named network by xctl: created on the selected nodes, shown per node, not removed while it is used, removed.
import test from 'ava';
import { formatPrefix } from '../../proto/domain/address.js';
import { ControllerProcess } from '../support/controller-process.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { json, list, part, Xctl } from '../support/xctl.js';
import { saysOf, words } from '../support/xctl-socket.js';

test('a network is created, shown and used; its containers prevent its removal, except with --disconnect', async (t) => {
  const controller = await ControllerProcess.startWithAuthority();
  const xctl = new Xctl({ controller: `unix:${controller.socket}` });
  t.teardown(async () => {
    xctl.close();
    await controller.close();
  });
  const says = saysOf(t, xctl);
  await controller.createPool();
  await says('pools create edge 10.90.0.0/16 --mode bridge', /^created/);
  const [one, two] = await Promise.all(
    [1, 2].map(async (index) => {
      const name = `web-${index}`;
      await controller.addNode(name, `192.168.83.${index}`, { subnet: `10.76.${index - 1}.0/24` });
      const node = new SimulatedNode(await controller.joined(name), name).watch();
      await node.until('its lease', () => node.uses().length === 1);
      await node.report([], node.uses(`10.76.${index - 1}.0/24`));
      return node;
    }),
  );
  if (one === undefined || two === undefined) throw new Error('two nodes');
  const blueOf = (node: SimulatedNode) => node.assignment?.leases.find(({ network }) => network === 'blue');
  const uses = (node: SimulatedNode, more: object = {}) =>
    node
      .uses(...(node.assignment?.leases ?? []).map(({ subnet }) => formatPrefix(subnet)))
      .map((use) => (use.subnet.network === blueOf(node)?.subnet.network ? { ...use, ...more } : use));

  await says('networks create Blue --all', /"Blue" is not a name/, 2);
  await says('networks create blue', /no node is selected/, 2);
  await says('networks create blue --all --node web-1', /leave out labels and nodes/, 2);
  await says('networks create blue --node web-1,web-7,web-8', /web-7[\s\S]*web-8/, 2);
  await says('networks create blue --pool edg --all', /there is no pool edg/, 3);
  await says(
    'networks create blue --pool edge --node web-1 --dry-run',
    /^would create network blue: a subnet .* 1 node /,
  );
  await says('networks list -o name', /^$/);
  await says('networks create blue --pool edge --node web-1', /^created network blue/);
  await says('networks create blue --pool edge --node web-1', /^unchanged: network blue/);
  await says('networks create blue --all', /already exists: it is for web-1/, 4);
  await one.until('the lease', () => blueOf(one) !== undefined);
  t.like(blueOf(one), { networkName: 'blue', bridgeName: 'br-blue', mode: 'bridge' });
  await two.until('the route', () => two.routes().includes('10.90.0.0/24 via 192.168.83.1'));
  await says('networks set blue --all', /^changed network blue: a subnet of pool edge for each of 2 nodes \(all\)/);
  await two.until('the lease of web-2', () => blueOf(two) !== undefined);
  await Promise.all([one.report([], uses(one, { inUse: true, attached: ['shop'] })), two.report([], uses(two))]);
  await says('networks include blue web-1 --wait', /^unchanged: network blue/);
  await says('networks show blue', /in force on 2 of 2 nodes[\s\S]*web-1 +10\.90\.0\.0\/24 +in force +shop/);
  await says('networks list', /blue +edge +all +ready +2\/2 +1 /);
  await says('leases end web-2 10.90.1.0/24 --yes', /is the lease of web-2 for network blue[\s\S]*networks exclude/, 4);

  await says('leases add web-2 --pool default --mode bridge --network red --bridge red0', /^leased/);
  await says('networks create red --pool edge --all', /^created network red/);
  await says('status', /web-2 can't have network red: its lease of 10\.76\.\d+\.0\/24 has network red already/, 8);
  await says('networks remove red --yes', /^remov/);
  for (const command of ['networks remove blue --dry-run', 'networks remove blue --yes']) {
    await says(command, /has active endpoints on 1 node\n[\s\S]*web-1: shop[\s\S]*--disconnect/, 4);
  }
  await says('networks exclude blue web-2', /\(all, not web-2\)/);
  await two.until('the end', () => blueOf(two)?.state === 'ending');
  await says(
    'networks remove blue --disconnect --dry-run',
    /^would remove network blue[\s\S]*would detach on web-1: shop/,
  );
  await says('networks remove blue --disconnect --yes', /--confirm blue/, 2);
  const removing = xctl.run(...words('networks remove blue --disconnect --confirm blue --wait -o json'));
  await Promise.all([one, two].map((node) => node.until('the end', () => blueOf(node)?.detach === true)));
  for (const node of [one, two]) await node.report([], uses(node, { inForce: false }));
  const removed = json(await removing);
  t.is(removed['network'], null);
  await one.until('no lease', () => blueOf(one) === undefined);
  await says('networks show blue', /there is no network "blue"/, 3);
  await says('pools show edge', /quarantined/);
  const events = list(json(await xctl.run('events', '--subject', 'network/blue', '-o', 'json')), 'events');
  t.deepEqual(
    events.map(({ reason }) => reason),
    ['NetworkCreated', 'NetworkChanged', 'NetworkChanged', 'NetworkRemoving', 'NetworkRemoved'],
  );
  const audit = list(json(await xctl.run('audit', '-o', 'json')), 'entries').find(
    ({ call, after }) => call === 'CreateNetwork' && after !== null,
  );
  t.truthy(part(part(audit ?? {}, 'after'), 'networks/blue'), 'the record is in the audit log');
});
