// What operators do to nodes in the course of their lives, through xctl, with nodes that have no host.
import test from 'ava';
import { XnetError } from '../../proto/errors.js';
import { ControllerProcess } from '../support/controller-process.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { Xctl } from '../support/xctl.js';
import { words } from '../support/xctl-socket.js';

test('P3 a node is renamed and removed by force; its host is told on its stream, and when it comes back', async (t) => {
  const controller = await ControllerProcess.startWithAuthority();
  const xctl = new Xctl({ controller: `unix:${controller.socket}` });
  t.teardown(async () => {
    xctl.close();
    await controller.close();
  });
  const says = async (args: string, expected: RegExp, code = 0) => {
    const ran = await xctl.run(...words(args));
    t.is(ran.code, code, `${args}: ${ran.stderr}`);
    t.regex(code === 0 ? ran.stdout : ran.stderr, expected, args);
  };
  await controller.createPool();
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
  // On the same stream, and on another one, in which the host says its former name.
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
