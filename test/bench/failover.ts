// Kills one of two controllers, and measures the time until the other grants a lease to a client that tried the dead one
// first, and until every node is connected to the other.
import { pause } from '../../proto/process/backoff.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { ControllerProcess } from '../support/controller-process.js';
import { TestEtcd } from '../support/etcd.js';
import { transactionMs } from './etcd-rate.js';
import { type BenchContext, type BenchPart, ms, Wrong } from './figure.js';
import { addressOf, joinedAtOnce, SimulatedFleet } from './simulated-fleet.js';
import { summaryOf } from './statistics.js';
import { monotonicMs } from './thin-node.js';

const firstJoiner = 50_000;
const patienceMs = 30_000;

type Operator = { readonly order: readonly ControllerProcess[]; readonly credentials: Credentials };

/** leaseFrom tries the controllers in turn, as xctl does, until one has granted a lease. Returns when it was granted. */
async function leaseFrom(operator: Operator, name: string, address: string): Promise<number> {
  const request = { name, address, operationId: `failover-${name}` };
  const { order, credentials } = operator;
  const clients = order.map(({ endpoint }) => makeClient(services.admin, endpoint, credentials));
  try {
    for (const deadline = performance.now() + patienceMs; ; ) {
      for (const admin of clients) {
        try {
          await callUnary(admin.addNode.bind(admin), request, { timeoutMs: 5_000 });
          return monotonicMs();
        } catch (error) {
          if (performance.now() > deadline) throw new Wrong(`no lease within 30 s of a controller's end: ${error}`);
        }
      }
      await pause(5);
    }
  } finally {
    for (const admin of clients) admin.close();
  }
}

async function run({ quick, log, tell }: BenchContext): Promise<void> {
  const count = quick ? 200 : 1_000;
  const rounds = quick ? 2 : 5;
  const commitMs = await transactionMs(100);
  const etcd = await TestEtcd.start();
  const args = ['--etcd-endpoints', etcd.endpoint];
  const one = await ControllerProcess.startWithAuthority(args);
  const controllers = [one, await ControllerProcess.startBeside(one, args)] as const;
  const credentials = await one.credentialsFor('operator');
  const fleet = await SimulatedFleet.start(controllers);
  try {
    await controllers[1].createPool('10.0.0.0/9');
    log(`${count} nodes join the first of two controllers`);
    while (fleet.count < count) {
      const { failed } = await fleet.join(Math.min(joinedAtOnce, count - fleet.count));
      if (failed.length > 0) throw new Wrong(`${failed.length} joins failed: ${failed.slice(0, 3).join('; ')}`);
    }
    const leases: number[] = [];
    const reconnects: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await pause(Math.min(5_000, count * 1.5));
      // All nodes are connected to this one: they moved there when the other was killed.
      const [dying, other] = round % 2 === 0 ? controllers : [controllers[1], controllers[0]];
      log(`killing a controller with ${count} nodes`);
      const killedAt = monotonicMs();
      const gone = dying.kill('SIGKILL');
      const leased = await leaseFrom(
        { order: [dying, other], credentials },
        `joiner-${round}`,
        addressOf(firstJoiner + round),
      );
      leases.push(leased - killedAt);
      reconnects.push(Math.max(...(await fleet.reconnected(killedAt))) - killedAt);
      await gone;
      await dying.launch();
      await dying.ready();
    }
    const [lease, reconnect] = [summaryOf(leases), summaryOf(reconnects)];
    const from = `etcd transaction ${ms(commitMs)}`;
    tell({
      row: 'failover',
      what: 'kill -9 of one of two controllers, until the next lease is granted',
      ours: `p50 ${ms(lease.median)}, max ${ms(lease.max)}`,
      limit: from,
      ratio: lease.median / commitMs,
      aim: '< 1 s',
      met: lease.max < 1_000,
    });
    tell({
      row: 'failover',
      what: `the same, until the last of its ${count} nodes is connected to the other`,
      ours: `p50 ${ms(reconnect.median)}, max ${ms(reconnect.max)}`,
      limit: 'pauses of up to 200 ms, chosen so that not all come at once',
      ratio: reconnect.median / 200,
      aim: '< 2 s',
      met: reconnect.max < 2_000,
    });
  } finally {
    await fleet.close();
    for (const controller of controllers) await controller.close();
    await etcd.close();
  }
}

/** benchFailover measures it. */
export const benchFailover: BenchPart = { rows: ['failover'], run };
