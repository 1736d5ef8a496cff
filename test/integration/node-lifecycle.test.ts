// Operations on nodes during their life, through xctl, with nodes that have no host.
import test, { type ExecutionContext } from 'ava';
import { XnetError } from '../../proto/errors.js';
import { ControllerProcess } from '../support/controller-process.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { Xctl } from '../support/xctl.js';
import { words } from '../support/xctl-socket.js';

type Story = { readonly controller: ControllerProcess; readonly xctl: Xctl; readonly says: Says };
type Says = (
  args: string,
  expected: RegExp,
  code?: number,
) => Promise<{ readonly stdout: string; readonly stderr: string }>;

async function story(t: ExecutionContext): Promise<Story> {
  const controller = await ControllerProcess.startWithAuthority();
  const xctl = new Xctl({ controller: `unix:${controller.socket}` });
  t.teardown(async () => {
    xctl.close();
    await controller.close();
  });
  await controller.createPool();
  const says: Says = async (args, expected, code = 0) => {
    const ran = await xctl.run(...words(args));
    t.is(ran.code, code, `${args}: ${ran.stderr}`);
    t.regex(code === 0 ? ran.stdout : ran.stderr, expected, args);
    return ran;
  };
  return { controller, xctl, says };
}

test('a node is drained, the drain is cancelled, it is drained again and leaves; each command can be repeated', async (t) => {
  const { controller, says } = await story(t);
  const nodes: SimulatedNode[] = [];
  for (const host of [1, 2]) {
    await controller.addNode(`web-${host}`, `192.168.83.${host}`);
    nodes.push(new SimulatedNode(await controller.joined(`web-${host}`), `web-${host}`).watch());
  }
  const [first, second] = nodes;
  if (first === undefined || second === undefined) return t.fail();
  for (const node of nodes) {
    await node.until('its assignment', () => node.assignment !== undefined && node.routes().length === 1);
    await node.reportContainers(['db', 'cache']);
  }
  await says('nodes list --schedulable -o name', /^web-1\nweb-2\n$/);
  await says('nodes drain web-1 --dry-run', /^would drain web-1: waits until no container uses its subnets\n$/);
  // The deadline passes while containers are there.
  const late = says('nodes drain web-1 --deadline 5s', /not drained in time; it stays cordoned/, 7);
  await first.until('draining', () => first.assignment?.availability === 'draining');
  await first.reportContainers(['db', 'cache']);
  const { stderr } = await late;
  t.regex(stderr, /web-1: 2 containers use its subnets: db, cache; \d+s left/);
  t.regex(stderr, /container db \(0123456789ab\) uses 10\.76\.0\.0\/24/);
  await says('nodes list --schedulable -o name', /^web-2\n$/);
  await says('nodes show web-1', /cordoned[\s\S]*DrainDeadline/);
  await says('nodes uncordon web-1', /cordoned → active/);
  // A daemon that reports no containers is named; the operator cancels the drain.
  const waits = says('nodes drain web-1 web-2 --timeout 5s', /2 of 2 failed/, 7);
  await first.until('draining', () => first.assignment?.availability === 'draining');
  await first.report();
  const { stderr: told } = await waits;
  t.regex(told, /xnetd simulated on its host does not report containers: upgrade it/);
  await says('nodes drain web-1 web-2 --cancel', /changed web-1: availability: draining → active\n.*web-2/);
  await says('nodes drain web-1 --cancel', /^unchanged: web-1\n$/);
  // A command that waits for one node does not drain another one again whose drain was cancelled meanwhile.
  const both = says('nodes drain web-1 web-2 --timeout 180s', /web-2 is not being drained any more/, 4);
  for (const node of nodes) await node.until('draining', () => node.assignment?.availability === 'draining');
  for (const name of ['web-2', 'web-1']) await says(`nodes drain ${name} --cancel`, /draining → active/);
  await both;
  await says('nodes list --schedulable -o name', /^web-1\nweb-2\n$/);
  // Drained by its report, and asked to leave.
  const leaves = says('nodes remove web-1 --wait --yes', /^removed web-1; 10\.76\.0\.0\/24 is in quarantine for /);
  await first.until('draining', () => first.assignment?.availability === 'draining');
  for (const told of [['db'], null]) {
    await first.reportContainers(told);
    t.false(first.assignment?.leave);
  }
  await first.reportContainers([]);
  await first.until('asked to leave', () => first.assignment?.leave === true);
  await says('nodes show web-1', /NodeDrained[\s\S]*NodeToLeave/);
  const pending = await first.leave(false);
  t.is(pending, 1);
  await says('nodes drain web-1 --cancel', /web-1 is leaving/, 4);
  await second.until('the withdrawal', () => second.routes().length === 0);
  await second.reportContainers([]);
  t.is(await first.leave(false), 0);
  await first.leave(true);
  const { stderr: steps } = await leaves;
  t.regex(steps, /restores the configuration of Docker[\s\S]*withdrew the routes/);
  await says('nodes remove web-1 --wait --yes', /there is no node "web-1"/, 3);
});

test('P3 a node is renamed and removed by force; its host is fenced on its stream, and when it comes back', async (t) => {
  const { controller, says } = await story(t);
  await controller.addNode('web-1', '192.168.83.1');
  await controller.addNode('web-2', '192.168.83.2');
  const client = await controller.joined('web-1');
  const first = new SimulatedNode(client, 'web-1').watch();
  await first.until('its assignment', () => first.assignment?.nodeName === 'web-1');

  await says('nodes rename web-1 web-2', /there is a node web-2 already/, 4);
  await says('nodes rename web-1 db-1 --dry-run', /^would rename web-1: name: web-1 → db-1\n$/);
  await says('nodes rename web-1 db-1', /^renamed db-1: name: web-1 → db-1\n$/);
  await says('nodes rename db-1 db-1', /^unchanged: db-1\n$/);
  await says('nodes list -o name', /^db-1\nweb-2\n$/);
  // On the same stream, and on a new one, in which the host uses its former name.
  await first.until('its new name', () => first.assignment?.nodeName === 'db-1');
  first.leaveStream();
  const again = new SimulatedNode(client, 'web-1', first.fingerprint).watch();
  await again.until('its assignment', () => again.assignment?.nodeName === 'db-1');
  await again.report();

  const fenceOf = (node: SimulatedNode) => node.heard.flatMap((heard) => (heard.kind === 'ended' ? [heard.error] : []));
  await says('nodes remove db-1 --force --confirm db-1', /^removed db-1; 10\.76\.0\.0\/24 is in quarantine/);
  await again.until('the end', () => fenceOf(again).length > 0);
  const back = new SimulatedNode(client, 'db-1', first.fingerprint).watch();
  await back.until('the end', () => fenceOf(back).length > 0);
  const status = await controller.status();
  for (const node of [again, back]) {
    const [error] = fenceOf(node);
    t.true(error instanceof XnetError && error.code === 'NotFound');
    t.like(error?.fence, { reason: 'removed', clusterId: status?.clusterId, epoch: status?.epoch });
    t.true((error?.fence?.revision ?? 0) > 0);
  }
});

test('P4 the host of a node is replaced: the new one gets its name and subnet, the former one is fenced', async (t) => {
  const { controller, says } = await story(t);
  await controller.addNode('web-1', '192.168.83.1');
  await controller.addNode('web-2', '192.168.83.2');
  const client = await controller.joined('web-1');
  const former = new SimulatedNode(client, 'web-1').watch();
  await former.until('its assignment', () => former.assignment !== undefined);
  await former.report();
  await says('nodes replace web-1 --address 192.168.83.9 --yes', /drain it first: xctl nodes drain web-1/, 4);
  await says('nodes replace web-1 --address 192.168.83.2 --force --confirm web-1', /is that of node web-2/, 4);
  await says('nodes replace web-1 --address 192.168.83.9 --force --dry-run', /^would replace web-1: its host at /);
  const force = 'nodes replace web-1 --address 192.168.83.9 --force --confirm web-1';
  await says(`${force} --name web-2`, /web-2/, 4);
  await says('nodes list -o name', /^web-1\nweb-2\n$/);
  await says(`${force} --name web-9`, /web-9[\s\S]*fenced[\s\S]*XJT1-/);
  const ends = (node: SimulatedNode) => node.heard.flatMap((heard) => (heard.kind === 'ended' ? [heard.error] : []));
  await former.until('the end', () => ends(former).length > 0);
  const back = new SimulatedNode(client, 'web-1', former.fingerprint).watch();
  await back.until('the end', () => ends(back).length > 0);
  for (const node of [former, back]) {
    t.like(ends(node)[0], { code: 'PermissionDenied' });
    t.is(ends(node)[0]?.fence?.reason, 'replaced');
  }
  // The new host has the same node, with the next generation of its lease.
  const next = new SimulatedNode(await controller.joined('web-9'), 'web-9').watch();
  await next.until('its assignment', () => next.assignment !== undefined);
  t.is(next.assignment?.nodeId, former.assignment?.nodeId);
  t.is(next.primary?.generation, (former.primary?.generation ?? 0) + 1);
  t.deepEqual(next.primary?.subnet, former.primary?.subnet);
  await says('nodes show web-9', /192\.168\.83\.9[\s\S]*NodeReplaced/);
});
