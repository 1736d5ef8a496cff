// A controller with two workers behind one port: nodes are spread over them by address, each hears of changes made at the
// other, and a worker that is killed takes nothing with it.

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import type { WatchResponse__Output } from '../../proto/gen/xnet/v1/WatchResponse.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { HealthProbe } from '../../proto/rpc/health-probe.js';
import type { PortSource } from '../../proto/rpc/port-source.js';
import { startServer } from '../../proto/rpc/server.js';
import { ServerTls } from '../../proto/rpc/server-tls.js';
import { ControllerProcess, watchedMain } from '../support/controller-process.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { makeTestAuthority } from '../support/test-authority.js';
import { until } from '../support/until.js';

const options = { timeoutMs: 60_000 };

type Line = { readonly msg?: string; readonly worker?: number; readonly pid?: number };

function pidsOf(controller: ControllerProcess, worker: number): readonly number[] {
  const lines = controller.output
    .split('\n')
    .flatMap((text) => (text.startsWith('{') ? [JSON.parse(text) as Line] : []));
  return lines.flatMap((line) => (line.msg === 'worker started' && line.worker === worker ? [line.pid ?? 0] : []));
}

// Never 0, which would signal the test's own process group.
function pidOf(controller: ControllerProcess, worker: number): number {
  const pid = pidsOf(controller, worker).at(-1);
  if (!pid) throw new Error(`worker ${worker} was not started`);
  return pid;
}

async function sessionsOf(controller: ControllerProcess): Promise<readonly number[]> {
  const controllers = (await controller.status())?.controllers ?? [];
  return controllers.map(({ sessions }) => sessions);
}

test('two workers serve one port: nodes are spread by address, and a killed worker is started again alone', async (t) => {
  const controller = await ControllerProcess.startWithAuthority(['--workers', '2']);
  t.teardown(() => controller.close());
  await controller.createPool();
  await until('both workers are controllers', async () => (await sessionsOf(controller)).length === 2);
  // Before that, all addresses go to the one that has.
  await until('both have opened the ports', async () => controller.output.match(/"listen: open"/g)?.length === 2);
  t.deepEqual(readdirSync(join(controller.dir, 'workers')), ['2']);
  const registrations = [
    controller.registration(),
    readFileSync(join(controller.dir, 'workers/2/registration'), 'utf8'),
  ];
  t.regex(registrations[1] ?? '', /-2-[0-9a-f]{4}\n$/, 'a name of its own');

  const nodes: SimulatedNode[] = [];
  const asked: string[] = [];
  // The first two have one address. Of three addresses, each worker gets one at least, whatever else is connected.
  for (const [number, from] of [1, 1, 2, 3].map((from, index) => [index + 1, from])) {
    await controller.addNode(`web-${number}`, `192.168.83.${number}`);
    const { credentials } = await controller.joinNode(`web-${number}`);
    const proxy = await TcpProxy.start(controller.port, `127.0.1.${from}`);
    t.teardown(() => proxy.close());
    const endpoint = { kind: 'tcp', host: '127.0.0.1', port: proxy.port } as const;
    const client = makeClient(services.node, endpoint, credentials);
    const look = makeClient(services.look, endpoint, credentials);
    t.teardown(() => [client, look].map((one) => one.close()));
    // A second stream of the same host would replace the first one: the question is read where SimulatedNode reads.
    const watch = client.watch.bind(client);
    client.watch = ((...args: Parameters<typeof watch>) => {
      const stream = watch(...args);
      stream.on('data', ({ look: question }: WatchResponse__Output) => {
        if (!question) return;
        asked.push(`web-${number}`);
        const answer = { id: question.id, findings: { problem: `heard by web-${number}` } };
        callUnary(look.answerLook.bind(look), answer, options).catch((error: unknown) => t.fail(String(error)));
      });
      return stream;
    }) as typeof client.watch;
    const node = new SimulatedNode(client, `web-${number}`).watch();
    await node.until('it has a table', () => node.table !== undefined);
    nodes.push(node);
  }
  await until('their sessions are in the store, of both workers', async () => {
    const [one = 0, two = 0] = await sessionsOf(controller);
    return one > 0 && two > 0 && one + two === nodes.length;
  });

  // A change reaches the nodes of both.
  await controller.addNode('web-5', '192.168.83.5');
  for (const node of nodes) await node.until('it has the routes to all', () => node.routes().length === 4);

  // Whichever worker is asked, the one that the node is connected to asks it: its address is the same as the other's.
  const diagnosis = makeClient(services.diagnosis, { kind: 'unix', path: controller.socket });
  t.teardown(() => diagnosis.close());
  const question = { path: { address: '10.76.0.1' } };
  for (const node of nodes) {
    const { findings } = await callUnary(diagnosis.lookAtNode.bind(diagnosis), { node: node.name, question }, options);
    t.is(findings?.problem, `heard by ${node.name}`);
  }
  t.deepEqual(asked, ['web-1', 'web-2', 'web-3', 'web-4']);

  // The streams at the other one go on; those of the killed one can open again.
  const before = pidOf(controller, 2);
  const second = (await controller.status())?.controllers.find(({ id }) =>
    id.startsWith(registrations[1]?.trim() ?? '-'),
  );
  const ended = () => nodes.filter((node) => node.heard.some(({ kind }) => kind === 'ended'));
  process.kill(before, 'SIGKILL');
  await until('its streams have ended', async () => ended().length === second?.sessions);
  const gone = ended();
  t.is(gone.includes(nodes[0] as SimulatedNode), gone.includes(nodes[1] as SimulatedNode), 'one address, one worker');
  await until('the supervisor has noticed', async () =>
    /"worker":2,"how":"signal SIGKILL".*a worker ended, restarting it/.test(controller.output),
  );
  for (const node of gone) node.watch();
  await controller.addNode('web-6', '192.168.83.6');
  for (const node of nodes) await node.until('it has the new route', () => node.routes().length === 5);
  await until('worker 2 is a controller again', async () => {
    const status = await controller.status();
    return pidsOf(controller, 2).length === 2 && status?.controllers.length === 2 && status.problems.length === 0;
  });
  t.is(pidsOf(controller, 1).length, 1, 'the other one was not started again');

  // One signal ends all, the sessions first.
  const pids = [...pidsOf(controller, 1), ...pidsOf(controller, 2)];
  await controller.kill('SIGTERM');
  t.is(await controller.exited(), 0, controller.output);
  t.regex(controller.output, /all workers stopped/);
  for (const pid of pids) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('a worker that hangs is replaced; workers end with their supervisor; those that can’t start end the controller with their error; one process goes on with the same data', async (t) => {
  const controller = await ControllerProcess.start(['--workers', '2'], watchedMain);
  t.teardown(() => controller.close());
  const registration = controller.registration();
  // Before that, its start is limited by the service manager.
  await until('both workers serve', async () => /all workers serve/.test(controller.output));
  const stopped = pidOf(controller, 2);
  process.kill(stopped, 'SIGSTOP');
  await until('it was killed', async () =>
    /"worker":2,"reason":"it has sent no message for 12 s"[\s\S]*"worker":2,"how":"signal SIGKILL"/.test(
      controller.output,
    ),
  );
  t.throws(() => process.kill(stopped, 0), { code: 'ESRCH' });
  await until('another one serves', async () => {
    const { length } = pidsOf(controller, 2);
    return length > 1 && (await controller.status())?.controllers.length === 2;
  });
  const pids = [1, 2].map((worker) => pidOf(controller, worker));
  await controller.kill('SIGKILL');
  const isGone = (pid: number) => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  };
  await until('both workers are gone', async () => pids.every(isGone));

  await controller.launch(['--etcd-endpoints', 'https://127.0.0.1:1', '--etcd-ca', '/nonexistent.pem']);
  t.is(await controller.exited(), 2, controller.output);
  t.regex(controller.output, /worker \d: can't read --etcd-ca \/nonexistent\.pem/);

  await controller.launch(['--workers', '1']);
  await controller.ready();
  t.is(controller.registration(), registration);
});

test('a connection that was passed on closes, however it ends, so that it counts no longer', async (t) => {
  const authority = await makeTestAuthority();
  const listening = createServer({ pauseOnConnect: true });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  t.teardown(() => listening.close());
  const address = listening.address();
  if (address === null || typeof address === 'string') return t.fail();
  const endpoint = { kind: 'tcp', host: '127.0.0.1', port: address.port } as const;
  let passed = 0;
  let closed = 0;
  const ports: PortSource = {
    check: async () => undefined,
    open: async (endpoint, _most, take) => {
      listening.on('connection', (socket) => {
        passed += 1;
        // As the supervisor's channel does, which counts by this event.
        socket.once('close', () => {
          closed += 1;
        });
        take(socket);
      });
      return { endpoint, close: () => listening.removeAllListeners('connection') };
    },
  };
  const tls = new ServerTls(authority.server, 'certificates');
  const server = await startServer({ endpoints: [endpoint], bindings: [], tls, ports });
  const probe = new HealthProbe(endpoint, await authority.credentialsFor('node', 'n-1'));
  t.is(await probe.ask(60_000), undefined, 'a call is answered');
  t.deepEqual([passed, closed], [1, 0]);
  probe.close();
  await until('the connection of a client that closes', async () => closed === 1);
  for (const end of ['destroy', 'resetAndDestroy', 'end'] as const) {
    const count = closed;
    const socket = connect({ host: '127.0.0.1', port: address.port });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write('nothing of TLS');
    socket[end]();
    await until(`a client that knows no TLS: ${end}`, async () => closed === count + 1);
  }
  const stays = new HealthProbe(endpoint, await authority.credentialsFor('node', 'n-2'));
  t.is(await stays.ask(60_000), undefined);
  await server.close(50);
  await until('all of them close when the server closes', async () => closed === passed);
  stays.close();
});
