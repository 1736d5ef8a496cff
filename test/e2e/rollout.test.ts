// A fleet goes from one pool to another by `xctl apply`, and back, on real Docker engines with containers running.
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import type { Container } from '../../deploy/lab/container.js';
import { engineLines, tryEngine } from '../../deploy/lab/engines.js';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { pollUntil } from '../../deploy/lab/poll.js';
import { programCommand } from '../../deploy/lab/programs.js';
import type { RolloutStep__Output } from '../../proto/gen/xnet/v1/RolloutStep.js';
import { pause } from '../../proto/process/backoff.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { Mesh, type MeshPlace } from '../chaos/mesh.js';
import { overlapsIn } from '../support/controller.js';
import { historyOf } from '../support/etcd-history.js';
import { answeredIn, unexplainedLosses, watchDockerds, windowsIn } from '../support/rollout-probes.js';

// Two minutes with 4 hosts; CONTRIBUTING.md says how to run it with more.
const hosts = Number(process.env['XNET_ROLLOUT_HOSTS'] ?? 4);
const rooted = process.getuid?.() === 0;
const [line = '28'] = engineLines.slice(-1);
const engine = rooted ? await tryEngine(line) : { line, why: 'it needs root' };
const title = 'a fleet goes to another pool one host at a time, over the death of the controller, and back';
const longestMs = 1_500_000;
const done = 'STEP_STATE_DONE';
const undone = 'STEP_STATE_UNDONE';
const daemonJson = '{\n\t"max-concurrent-downloads": 2 }\n';

// Limits concurrent work on all hosts: dockerds that start load every core.
async function fewAtOnce(all: readonly LabHost[], work: (host: LabHost) => Promise<void>): Promise<void> {
  const left = all.values();
  const worker = async () => {
    for (const host of left) await work(host);
  };
  await Promise.all([worker(), worker(), worker()]);
}

// Adds a host's container to the mesh once it runs with an address of the host's subnet.
async function joinMesh(mesh: Mesh<MeshPlace>, container: Container<LabHost>, subnet: string): Promise<void> {
  const network = subnet.slice(0, subnet.lastIndexOf('.') + 1);
  const { host } = container;
  await pollUntil(
    `the container of ${host.name} runs in ${subnet}`,
    async () => {
      const address = await container.address();
      if (!address.startsWith(network)) return false;
      mesh.add({ host: host.name, address, enter: await container.enter(), environment: host.environment() });
      return true;
    },
    { timeoutMs: longestMs },
  );
}

type World = {
  readonly mesh: Mesh<MeshPlace>;
  readonly containers: Container<LabHost>[];
  /** The settled state of a host's step after which its container last joined the mesh. */
  readonly joinedAfter: Map<string, string>;
};

// Follows the rollout until `signal` aborts: a restarted container rejoins the mesh.
async function followSteps(world: World, steps: Steps, signal: AbortSignal): Promise<void> {
  const { mesh, containers, joinedAfter } = world;
  while (!signal.aborted) {
    for (const { nodeName, state, grantedSubnet, fromSubnet } of await steps()) {
      const container = containers.find(({ host }) => host.name === nodeName);
      if ((state !== done && state !== undone) || joinedAfter.get(nodeName) === state || container === undefined)
        continue;
      await mesh.remove(nodeName);
      await joinMesh(mesh, container, state === done ? grantedSubnet : fromSubnet);
      joinedAfter.set(nodeName, state);
    }
    await pause(250, signal);
  }
}

type Steps = () => Promise<readonly RolloutStep__Output[]>;

if ('why' in engine) {
  console.log(`SKIP ${title}: ${engine.why}`);
  test.skip(title, () => undefined);
} else {
  test(title, async (t) => {
    t.timeout(longestMs);
    const fleet = await Fleet.create({ hosts, engine, mode: 'bip', pool: '10.76.0.0/16' });
    t.teardown(() => fleet.close());
    const all = fleet.lab.hosts;
    for (const host of all) writeFileSync(host.daemonJson, daemonJson);
    await Promise.all([fewAtOnce(all, (host) => host.startDockerd()), fleet.startControllers()]);
    await fleet.createPool();
    await fleet.xctl('pools', 'create', 'b', '10.77.0.0/16');
    await fewAtOnce(all, (host) => fleet.join(host, '--on-running', 'restart'));
    const ready = (state: string | undefined) => state === 'NODE_STATE_READY';
    await fleet.until('all are ready', (nodes) => nodes.every(({ state }) => ready(state)), longestMs);

    const mesh = new Mesh<MeshPlace>();
    t.teardown(() => mesh.stop());
    const containers: Container<LabHost>[] = [];
    await fewAtOnce(all, async (host) => {
      containers.push(await host.runContainer({ name: `c-${host.name}`, options: ['--restart=always'] }));
    });
    const subnets = async () => new Map((await fleet.nodes()).map(({ name, subnet }) => [name, subnet]));
    const before = await subnets();
    const filesBefore = all.map((host) => readFileSync(host.daemonJson, 'utf8'));
    for (const container of containers) await joinMesh(mesh, container, before.get(container.host.name) ?? '');

    const stop = new AbortController();
    t.teardown(() => stop.abort());
    const downs = watchDockerds(all, stop.signal);
    const { control } = fleet.lab;
    const client = makeClient(services.rollout, {
      kind: 'unix',
      path: control.inside('/run/xnet-controller/controller.sock'),
    });
    t.teardown(() => client.close());
    // There is no rollout at first, and no controller for a while.
    const steps: Steps = async () => {
      const answer = await callUnary(client.getRollout.bind(client), {}, { timeoutMs: 60_000 }).catch(() => undefined);
      return answer?.steps ?? [];
    };
    const joinedAfter = new Map<string, string>();
    const following = followSteps({ mesh, containers, joinedAfter }, steps, stop.signal);
    const xctl = (input: string, ...args: readonly string[]) => {
      const command = [...programCommand('xctl'), ...args, '--timeout', '20m'] as const;
      return control.exec(command, { input, timeoutMs: longestMs });
    };

    const reached = (after: string) =>
      pollUntil(
        'every container is back and reaches every other one',
        async () =>
          all.every(({ name }) => joinedAfter.get(name) === after) && mesh.silentSince(Date.now() - 2_000).length === 0,
        { timeoutMs: longestMs },
      );
    // Subnets that are named are those of the former pool.
    const exported = (await fleet.xctl('export')).replaceAll(/^ +subnet: .*\n/gm, '');
    const applying = xctl(exported.replaceAll('pool: default', 'pool: b'), 'apply', '-f', '-', '--yes');
    const refused = applying.then(({ stdout, stderr }) => {
      throw new Error(`apply has ended: ${stdout}${stderr}`);
    });
    const isHalfWay = async () => {
      const states = (await steps()).map(({ state }) => state);
      const finished = states.filter((state) => state === done).length;
      return finished >= Math.floor(hosts / 3) && states.includes('STEP_STATE_PERMITTED');
    };
    const halfWay = pollUntil('a third is done, and the next one restarts Docker', isHalfWay, { timeoutMs: longestMs });
    await Promise.race([halfWay, refused]);
    refused.catch(() => undefined);
    const [controller] = fleet.controllers;
    if (controller === undefined) return t.fail();
    controller.process.kill('SIGKILL');
    await controller.process.exited;
    await fleet.restartController(controller);
    const applied = await applying;
    t.is(applied.code, 0, applied.stderr + applied.stdout);
    t.true([...(await subnets()).values()].every((subnet) => subnet.startsWith('10.77.')));
    await reached(done);

    const undoing = await xctl('', 'rollouts', 'undo', 'r-', '--yes', '--watch');
    t.is(undoing.code, 0, undoing.stderr + undoing.stdout);
    t.deepEqual(await subnets(), before);
    t.deepEqual(
      all.map((host) => readFileSync(host.daemonJson, 'utf8')),
      filesBefore,
    );

    await reached(undone);
    stop.abort();
    await following;
    await mesh.stop();
    const seen = await downs;
    t.is(seen.most, 1, 'dockerds down at once');
    t.is(seen.hosts.size, hosts, 'every one of them was seen down');
    const etcd = `unix://${control.inside('/var/lib/xnet/controller-1/etcd.run/client:0')}`;
    const history = await historyOf(etcd);
    t.deepEqual(overlapsIn(history), []);
    const { windows, most } = windowsIn(history);
    t.is(most, 1, 'steps in flight at any revision');
    t.is(windows.length, 2 * hosts);
    t.deepEqual(unexplainedLosses(mesh.flows, windows), []);
    // Without the host that changed just before, whose container may not have come back to the mesh yet.
    const fewest = Math.min(...windows.map((window) => answeredIn(mesh.flows, window)));
    return t.true(fewest >= (hosts - 2) * (hosts - 3), `flows that were watched in a step: ${fewest}`);
  });
}
