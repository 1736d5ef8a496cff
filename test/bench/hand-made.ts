// The alternatives to xnet: subnets and routes made by hand on two hosts, and Docker's own overlay.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Container } from '../../deploy/lab/container.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { pause } from '../../proto/process/backoff.js';
import { monotonicMs } from './thin-node.js';

const handPool = '10.77.0.0/16';

/** setSubnetByHand sets the subnet of a host's Docker, "10.77.1.0/24" for number 1, by daemon.json and a restart. */
async function setSubnetByHand(host: LabHost, number: number): Promise<void> {
  mkdirSync(dirname(host.daemonJson), { recursive: true });
  writeFileSync(host.daemonJson, `${JSON.stringify({ bip: `10.77.${number}.1/24` })}\n`);
  await host.restartDockerd();
}

/** routeByHand makes containers of one host reach those of another without NAT, as an operator with a shell would. */
async function routeByHand(host: LabHost, peer: LabHost, peerNumber: number): Promise<void> {
  await host.run(['ip', 'route', 'add', `10.77.${peerNumber}.0/24`, 'via', peer.address]);
  await host.run(['iptables', '-I', 'DOCKER-USER', '-s', handPool, '-d', handPool, '-j', 'ACCEPT']);
  await host.run(['iptables', '-t', 'nat', '-I', 'POSTROUTING', '-s', handPool, '-d', handPool, '-j', 'ACCEPT']);
  // Engines from 28 on drop packets from other hosts to a container's address.
  await host.run(['iptables', '-t', 'raw', '-I', 'PREROUTING', '-s', handPool, '-d', handPool, '-j', 'ACCEPT']);
}

/** HandMade describes two hosts whose containers were connected by hand. */
export type HandMade = {
  readonly containers: readonly [Container, Container];
  /** From the first command on the second host until its container has answered the first one's, in milliseconds. */
  readonly joinMs: number;
};

/** connectByHand connects two hosts with running dockerds, the first one first. */
export async function connectByHand(first: LabHost, second: LabHost): Promise<HandMade> {
  await setSubnetByHand(first, 1);
  const one = await first.runContainer({ name: 'by-hand-1' });
  await second.loadImage();
  const began = monotonicMs();
  await setSubnetByHand(second, 2);
  await Promise.all([routeByHand(first, second, 2), routeByHand(second, first, 1)]);
  const two = await second.runContainer({ name: 'by-hand-2' });
  await untilReached(one, await two.address());
  return { containers: [one, two], joinMs: monotonicMs() - began };
}

/** untilReached sends echo requests until one is answered. */
export async function untilReached(from: Container, address: string): Promise<void> {
  for (const deadline = performance.now() + 30_000; !(await from.ping(address, 1)); await pause(10)) {
    if (performance.now() > deadline) throw new Error(`${from.name} does not reach ${address}`);
  }
}

/** connectBySwarm creates a swarm of two hosts and an overlay network with a container on each. */
export async function connectBySwarm(first: LabHost, second: LabHost): Promise<readonly [Container, Container]> {
  await first.docker('swarm', 'init', `--advertise-addr=${first.address}`, '--task-history-limit=1');
  const token = (await first.docker('swarm', 'join-token', '--quiet', 'worker')).trim();
  await second.docker(
    'swarm',
    'join',
    `--token=${token}`,
    `--advertise-addr=${second.address}`,
    `${first.address}:2377`,
  );
  await first.docker('network', 'create', '--driver=overlay', '--attachable', 'between');
  // A worker receives the network when the first container requests it.
  const containers = [
    await first.runContainer({ name: 'swarm-1', network: 'between' }),
    await second.runContainer({ name: 'swarm-2', network: 'between' }),
  ] as const;
  await untilReached(containers[0], await containers[1].address('between'));
  return containers;
}
