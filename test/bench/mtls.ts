// The cost of mutual TLS: the same fleet in plaintext over a unix socket, and over TLS with certificates, one after the
// other in the same run.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pause } from '../../proto/process/backoff.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { ControllerProcess } from '../support/controller-process.js';
import { TestEtcd } from '../support/etcd.js';
import { type BenchContext, type BenchPart, ms, Wrong } from './figure.js';
import { settledKiB } from './process-usage.js';
import { addressOf, SimulatedFleet } from './simulated-fleet.js';
import { summaryOf } from './statistics.js';
import { monotonicMs } from './thin-node.js';

const plainProgram = fileURLToPath(new URL('./plain-controller.js', import.meta.url));
const firstJoiner = 50_000;
// After a storm of joins, the first changes take up to twice as long as later ones.
const warmUps = 6;
// The number of concurrent connections when their rate is measured.
const atOnce = 16;

/** The server that nodes connect to, and how they connect. */
type Subject = {
  readonly pid: number;
  readonly endpoint: Endpoint;
  readonly credentials: Credentials | undefined;
  readonly fleet: SimulatedFleet;
};

type Cost = {
  readonly storm: number;
  readonly join: { readonly median: number; readonly p99: number };
  readonly kibPerNode: number;
  readonly connectionsPerSecond: number;
};

async function inTheClear(
  etcd: TestEtcd,
  admin: ControllerProcess,
  measure: (subject: Subject) => Promise<Cost>,
): Promise<Cost> {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-plain-'));
  const socket = join(dir, 'n.sock');
  const child = fork(plainProgram, [etcd.endpoint, socket], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const endpoint: Endpoint = { kind: 'unix', path: socket };
  try {
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`the plain controller ended with ${code}`)));
    });
    const nobody = { clusterId: '', authority: [] };
    const adminAt: Endpoint = { kind: 'unix', path: admin.socket };
    const cluster = { endpoints: [endpoint], adminAt, trust: nobody, operator: nobody };
    const fleet = await SimulatedFleet.startIn(cluster);
    try {
      return await measure({ pid: child.pid ?? 0, endpoint, credentials: undefined, fleet });
    } finally {
      await fleet.close();
    }
  } finally {
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
}

async function withCertificates(
  etcd: TestEtcd,
  admin: ControllerProcess,
  measure: (subject: Subject) => Promise<Cost>,
): Promise<Cost> {
  await admin.init();
  const controller = await ControllerProcess.startBeside(admin, ['--etcd-endpoints', etcd.endpoint]);
  try {
    await admin.addNode('connects', addressOf(firstJoiner - 1));
    const { credentials } = await controller.joinNode('connects');
    const { endpoint, joinEndpoint: joinAt, pid } = controller;
    const trust = await controller.trust();
    const operator = await admin.credentialsFor('operator');
    const cluster = { endpoints: [endpoint], adminAt: admin.endpoint, joinAt, trust, operator };
    const fleet = await SimulatedFleet.startIn(cluster);
    try {
      return await measure({ pid, endpoint, credentials, fleet });
    } finally {
      await fleet.close();
    }
  } finally {
    await controller.close();
  }
}

// Connects, makes one call, and disconnects.
async function connectionRate({ endpoint, credentials }: Subject, count: number): Promise<number> {
  let left = count;
  const began = monotonicMs();
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const client = makeClient(services.node, endpoint, credentials);
      const refused = await callUnary(client.leave.bind(client), { nodeName: 'nobody' }, { timeoutMs: 20_000 }).then(
        () => '',
        (error: unknown) => String(error),
      );
      if (/Unavailable|Deadline/i.test(refused)) throw new Wrong(`a connection failed: ${refused}`);
      client.close();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (count * 1000) / (monotonicMs() - began);
}

async function costOf(admin: ControllerProcess, subject: Subject, quick: boolean): Promise<Cost> {
  const { fleet, pid } = subject;
  const count = quick ? 200 : 1_000;
  const settleMs = quick ? 2_000 : 6_000;
  const before = await settledKiB(pid, 2_000);
  const { failed, seconds } = await fleet.join(count);
  if (failed.length > 0) throw new Wrong(`${failed.length} joins failed: ${failed.slice(0, 3).join('; ')}`);
  const kibPerNode = ((await settledKiB(pid, settleMs)) - before) / count;
  const times: number[] = [];
  const rounds = warmUps + (quick ? 4 : 8);
  for (let round = 0; round < rounds; round += 1) {
    await pause(Math.min(5_000, count * 1.5) + 500);
    const began = monotonicMs();
    const { node } = await admin.addNode(`joiner-${round}`, addressOf(firstJoiner + round));
    const arrived = await fleet.arrivals(node?.subnet ?? '');
    if (round >= warmUps) times.push(...arrived.map((at) => at - began));
  }
  const connectionsPerSecond = await connectionRate(subject, quick ? 200 : 1_000);
  const { median, p99 } = summaryOf(times);
  return { storm: seconds, join: { median, p99 }, kibPerNode, connectionsPerSecond };
}

async function alone(how: typeof inTheClear, quick: boolean): Promise<Cost> {
  const etcd = await TestEtcd.start();
  const admin = await ControllerProcess.start(['--etcd-endpoints', etcd.endpoint]);
  try {
    await admin.createPool('10.0.0.0/9');
    return await how(etcd, admin, (subject) => costOf(admin, subject, quick));
  } finally {
    await admin.close();
    await etcd.close();
  }
}

async function run({ quick, log, tell }: BenchContext): Promise<void> {
  const count = quick ? 200 : 1_000;
  log(`${count} nodes in the clear over a unix socket`);
  const plain = await alone(inTheClear, quick);
  log(`${count} nodes over TLS, with certificates`);
  const mtls = await alone(withCertificates, quick);
  const rows: readonly (readonly [string, (cost: Cost) => string, number])[] = [
    [
      `one node joins ${count}, until they have heard`,
      ({ join: { median, p99 } }) => `p50 ${ms(median)}, p99 ${ms(p99)}`,
      mtls.join.p99 / plain.join.p99,
    ],
    [
      `${count} nodes join at once, until each has every route`,
      ({ storm }) => `${storm.toFixed(2)} s`,
      mtls.storm / plain.storm,
    ],
    [
      'memory of the controller per session',
      ({ kibPerNode }) => `${kibPerNode.toFixed(1)} KiB`,
      mtls.kibPerNode / plain.kibPerNode,
    ],
    [
      'new connections, each with one call',
      ({ connectionsPerSecond }) => `${Math.round(connectionsPerSecond)} a second`,
      plain.connectionsPerSecond / mtls.connectionsPerSecond,
    ],
  ];
  for (const [what, textOf, ratio] of rows) {
    tell({
      row: 'mtls',
      what: `what certificates cost: ${what}`,
      ours: `over mTLS ${textOf(mtls)}`,
      limit: `in the clear over a unix socket, no token, no audit: ${textOf(plain)}`,
      ratio,
      aim: '',
      met: undefined,
    });
  }
}

/** benchMtls measures it. */
export const benchMtls: BenchPart = { rows: ['mtls'], run };
