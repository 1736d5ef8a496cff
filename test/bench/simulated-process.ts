// A process with many thin nodes, controlled by the benchmark that forked it (SimulatedFleet).

import { messageOf, XnetError } from '../../proto/errors.js';
import type { AdminServiceClient } from '../../proto/gen/xnet/v1/AdminService.js';
import { makeRequest, type Request } from '../../proto/pki/certificate.js';
import { pause } from '../../proto/process/backoff.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { joinHost, type Trust } from '../support/joining.js';
import { ownAddresses } from './own-addresses.js';
import { Hearing, monotonicMs, ThinNode } from './thin-node.js';

/** Newcomer is a node to add: "s-12" at "10.128.0.12". */
export type Newcomer = { readonly name: string; readonly address: string };

/** Cluster holds the endpoints that nodes use. */
export type Cluster = {
  /** Endpoints of the controllers' API. All nodes connect to the first one first. */
  readonly endpoints: readonly Endpoint[];
  /** Where nodes are added; absent: at the first endpoint. */
  readonly adminAt?: Endpoint;
  /** Where hosts join; absent: there are no certificates, so they need not join. */
  readonly joinAt?: Endpoint;
  readonly trust: Trust;
  /** Credentials of the operator who adds nodes. */
  readonly operator: Credentials;
};

/** Asked is a request of the benchmark. */
export type Asked =
  /** Creates keys for `count` future nodes: real hosts create their own, on their own processors. */
  | { readonly ask: 'keys'; readonly count: number }
  /** Adds nodes, all at once, joins each with its token, and makes it watch and report. Answered when all have joined. */
  | { readonly ask: 'join'; readonly cluster: Cluster; readonly nodes: readonly Newcomer[] }
  /** Answered when all nodes are at this revision and have reported it. */
  | { readonly ask: 'reported'; readonly revision: number }
  /** Answered with the times at which nodes received a route; all other times are forgotten. */
  | { readonly ask: 'arrivals'; readonly subnet: string }
  /** Answered when all nodes have a stream that began after this time. */
  | { readonly ask: 'reconnected'; readonly sinceMs: number };

/** Answers holds the type of the answer to each request. */
export type Answers = {
  readonly keys: { readonly count: number };
  readonly join: {
    /** "s-12: why it is not a node" */
    readonly failed: readonly string[];
    readonly subnets: readonly string[];
    /** The newest revision at which one of them was added. */
    readonly revision: number;
  };
  readonly reported: {
    readonly atMs: number;
    readonly learntAtMs: number;
    readonly missing: readonly string[];
    readonly bytes: number;
    readonly discontinuities: number;
  };
  readonly arrivals: { readonly times: readonly number[] };
  readonly reconnected: { readonly times: readonly number[]; readonly missing: readonly string[] };
};

// No event announces that a thousand nodes have reached a state.
const lookEveryMs = 5;
const patienceMs = 180_000;

const hearing = new Hearing();
const nodes: ThinNode[] = [];
const requests: Request[] = [];

// As xctl and xnetd do where a controller has more to do than it can: the same request again, which is done once.
async function repeated<T>(call: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + patienceMs; ; ) {
    try {
      return await call();
    } catch (error) {
      const isPassing =
        error instanceof XnetError && ['Unavailable', 'DeadlineExceeded', 'NotWritable'].includes(error.code);
      if (!isPassing || performance.now() > deadline) throw error;
      await pause(500);
    }
  }
}

async function join(cluster: Cluster, newcomers: readonly Newcomer[]): Promise<Answers['join']> {
  const { endpoints, joinAt, trust, operator } = cluster;
  const at = cluster.adminAt ?? endpoints[0];
  if (at === undefined) throw new Error('no endpoint');
  const admin: AdminServiceClient = makeClient(services.admin, at, operator);
  const failed: string[] = [];
  const subnets: string[] = [];
  let newest = 0;
  await Promise.all(
    newcomers.map(async ({ name, address }) => {
      try {
        const { node, revision, joinToken } = await repeated(() =>
          callUnary(
            admin.addNode.bind(admin),
            { name, address, operationId: `join-${name}` },
            { timeoutMs: patienceMs },
          ),
        );
        subnets.push(node?.subnet ?? '');
        newest = Math.max(newest, revision);
        const request = requests.pop() ?? (await makeRequest());
        const member =
          joinAt === undefined
            ? { nodeId: node?.id ?? '', nodeName: name, credentials: operator }
            : await repeated(() => joinHost(joinAt, trust, { token: joinToken?.token ?? '', request }));
        const thin = new ThinNode(member, endpoints, hearing);
        nodes.push(thin);
        void thin.run();
      } catch (error) {
        failed.push(`${name}: ${messageOf(error)}`);
      }
    }),
  );
  admin.close();
  return { failed, subnets, revision: newest };
}

async function all(holds: (node: ThinNode) => boolean): Promise<readonly string[]> {
  const deadline = performance.now() + patienceMs;
  let missing: readonly ThinNode[] = nodes;
  for (;;) {
    missing = missing.filter((node) => !holds(node));
    if (missing.length === 0 || performance.now() > deadline) {
      return missing.slice(0, 5).map(({ name, trouble }) => `${name}: ${trouble}`);
    }
    await pause(lookEveryMs);
  }
}

async function answer(asked: Asked): Promise<Answers[Asked['ask']]> {
  switch (asked.ask) {
    case 'keys': {
      for (let made = 0; made < asked.count; made += 1) requests.push(await makeRequest());
      return { count: requests.length };
    }
    case 'join':
      return join(asked.cluster, asked.nodes);
    case 'reported': {
      const missing = await all(({ reported }) => reported >= asked.revision);
      const { bytes, discontinuities } = hearing;
      const learntAtMs = nodes.reduce((latest, { learntAt }) => Math.max(latest, learntAt), 0);
      return { atMs: monotonicMs(), learntAtMs, missing, bytes, discontinuities };
    }
    case 'arrivals': {
      const times = hearing.arrivals.get(asked.subnet) ?? [];
      return { times };
    }
    case 'reconnected': {
      const missing = await all(({ connectedAt }) => connectedAt !== undefined && connectedAt > asked.sinceMs);
      return { times: nodes.flatMap(({ connectedAt }) => connectedAt ?? []), missing };
    }
  }
}

ownAddresses();
process.on('message', (asked: Asked) => {
  answer(asked).then(
    (answered) => process.send?.({ answered }),
    (error: unknown) => process.send?.({ problem: messageOf(error) }),
  );
});
// The benchmark has ended.
process.on('disconnect', () => process.exit());
