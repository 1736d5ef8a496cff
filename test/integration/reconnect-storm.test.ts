// The controller of many nodes is killed and started again: all of them connect at the same moment, each with a handshake.
// XNET_STORM_NODES sets how many nodes; 1,000 take some minutes, most of it to join them.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { callUnary } from '../../proto/rpc/channel.js';
import { SimulatedFleet } from '../bench/simulated-fleet.js';
import { monotonicMs } from '../bench/thin-node.js';
import { ControllerProcess } from '../support/controller-process.js';
import { TestEtcd } from '../support/etcd.js';
import { historyOf, keysOf } from '../support/etcd-history.js';
import { endpointOf, scope } from '../support/opened.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const count = Number(process.env['XNET_STORM_NODES'] ?? 80);
const joinedAtOnce = 200;
// Memory that one node may take while all of them connect, beyond what the controller had before with all of them. What a
// process takes by itself differs between versions of Node.js.
const kibPerNode = 384;

// Returns a figure of proc(5), status: "VmHWM", the most that was ever resident. KiB.
function memoryKiB(pid: number, figure: 'VmHWM' | 'VmRSS'): number {
  return Number(new RegExp(`^${figure}:\\s*(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

test('C17 all nodes reconnect to a controller that was killed: none is lost, and no handshake is thrown away', async (t) => {
  t.timeout(1_200_000);
  const opened = scope(t);
  const etcd = opened(await TestEtcd.start());
  const controller = opened(await ControllerProcess.startWithAuthority(endpointOf(etcd)));
  await controller.createPool('10.0.0.0/9');
  const proxy = opened(await TcpProxy.start(controller.port));
  const fleet = opened(
    await SimulatedFleet.startIn({
      endpoints: [{ kind: 'tcp', host: '127.0.0.1', port: proxy.port }],
      adminAt: controller.endpoint,
      joinAt: controller.joinEndpoint,
      trust: await controller.trust(),
      operator: await controller.credentialsFor('operator'),
    }),
  );
  while (fleet.count < count) {
    const { failed } = await fleet.join(Math.min(joinedAtOnce, count - fleet.count));
    t.deepEqual(failed, []);
  }
  const settledKiB = memoryKiB(controller.pid, 'VmRSS');
  const handshakes = proxy.answered;

  await controller.kill();
  const killedAt = monotonicMs();
  await controller.launch();
  await controller.ready();
  const openAt = monotonicMs();
  const times = await fleet.reconnected(killedAt);
  const mostKiB = memoryKiB(controller.pid, 'VmHWM');
  const begun = proxy.answered - handshakes;
  t.log(
    `${count} nodes: the last after ${Math.round(Math.max(...times) - openAt)} ms; ${begun} handshakes; ` +
      `at most ${Math.round(mostKiB / 1024)} MiB (${Math.round(settledKiB / 1024)} before); load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}`,
  );
  t.is(times.length, count);
  // A node that was cut off half way begins another one.
  t.true(begun < 2 * count, `${begun} handshakes for ${count} nodes`);
  t.true(mostKiB < settledKiB + count * kibPerNode, `${mostKiB} KiB, ${settledKiB} KiB before`);
  await controller.until('their sessions', ({ controllers }) => controllers.some(({ sessions }) => sessions === count));
  t.deepEqual(keysOf(etcd.endpoint, 'absences/'), []);
  t.is(keysOf(etcd.endpoint, 'sessions/').length, count);

  // Each stream is the one that the controller feeds.
  const { node } = await controller.addNode('one-more', '10.255.0.1');
  t.is((await fleet.arrivals(node?.subnet ?? '', openAt)).length, count);
  const { nodes = [] } = await callUnary(controller.admin.listNodes.bind(controller.admin), {}, { timeoutMs: 60_000 });
  t.is(new Set(nodes.map(({ subnet }) => subnet)).size, count + 1, 'every lease is as it was');
  const ended = [...(await historyOf(etcd.endpoint))].flatMap(({ changes }) =>
    changes.flatMap((change) => (change.kind === 'put' && /^nodes\//.test(change.entry.key) ? [change.entry.key] : [])),
  );
  t.is(ended.length, count + 1, 'each node was written once: when it was added');
});
