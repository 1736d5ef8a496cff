// A node that watches, as a process of its own on a machine of the lab. It joins, watches one controller after the other,
// reports what it has applied, and prints each message as one line of JSON (a WatchLine).
// usage: node watch-process.js TRUST TOKEN ENDPOINT,ENDPOINT     TRUST is JSON; endpoints are those of the API
import { once } from 'node:events';
import { follows, type NodeTable, withBookmark, withDelta, withSnapshot } from '../../node/table/node-table.js';
import { MessageReader } from '../../node/uplink/watch-stream.js';
import { formatIpv4, formatPrefix } from '../../proto/domain/address.js';
import { type Assignment, primaryLease } from '../../proto/domain/network.js';
import type { NodeServiceClient } from '../../proto/gen/xnet/v1/NodeService.js';
import { pause } from '../../proto/process/backoff.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import { joinHost, type Member, type Trust } from '../support/joining.js';
import type { WatchLine } from './watching.js';

const [trustText = '', token = '', endpointsText = ''] = process.argv.slice(2);
const hosts = endpointsText.split(',');
const fingerprint = 'chaos-observer';
const reportTimeoutMs = 5_000;

let table: NodeTable | undefined;
let assignment: Assignment | undefined;

function say(line: WatchLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function told(kind: 'snapshot' | 'delta', from: number): void {
  if (table === undefined) return;
  const routes = [...table.routes.values()].map(
    ({ subnet, nextHop }) => `${formatPrefix(subnet)} via ${formatIpv4(nextHop)}`,
  );
  say({ kind, from, revision: table.version.revision, routes: routes.sort() });
}

async function join(): Promise<Member> {
  const trust = JSON.parse(trustText) as Trust;
  for (;;) {
    for (const host of hosts) {
      const at: Endpoint = { kind: 'tcp', host, port: 7401 };
      try {
        return await joinHost(at, trust, { token });
      } catch {
        await pause(500);
      }
    }
  }
}

async function report(client: NodeServiceClient): Promise<void> {
  if (assignment === undefined || table === undefined) return;
  const peers = Math.max(0, table.routes.size - 1);
  await callUnary(
    client.report.bind(client),
    {
      nodeId: assignment.nodeId,
      generation: primaryLease(assignment).generation,
      applied: table.version,
      routes: { desired: peers, installed: peers, conflicting: 0, unreachable: 0 },
      hostFingerprint: fingerprint,
    },
    { timeoutMs: reportTimeoutMs },
  ).catch(() => undefined);
}

async function watch(client: NodeServiceClient, controller: string, nodeName: string): Promise<void> {
  const version = table?.version;
  const stream = client.watch({
    nodeName,
    nodeId: assignment?.nodeId ?? '',
    ...(version === undefined ? {} : { version }),
    hostFingerprint: fingerprint,
    daemonVersion: 'observer',
  });
  say({ kind: 'opened', controller, revision: version?.revision ?? 0 });
  const reader = new MessageReader({
    onAssignment: (next) => {
      assignment = next;
    },
    onSnapshot: (snapshot) => {
      table = withSnapshot(undefined, snapshot);
      told('snapshot', 0);
    },
    onDelta: (delta) => {
      const revision = table?.version.revision ?? 0;
      if (follows(table, delta)) {
        table = withDelta(table, delta);
        told('delta', delta.fromRevision);
      } else {
        say({ kind: 'gap', from: delta.fromRevision, revision });
        stream.cancel();
      }
    },
    onBookmark: (at) => {
      if (table !== undefined) table = withBookmark(table, at);
      say({ kind: 'bookmark', revision: at.revision });
    },
  });
  stream.on('data', (message) => {
    if (reader.read(message)) void report(client);
  });
  stream.on('error', (error) => say({ kind: 'ended', why: error.message }));
  await once(stream, 'close').catch(() => undefined);
}

const { credentials, nodeName } = await join();
for (let turn = 0; ; turn++) {
  const host = hosts[turn % hosts.length] ?? '';
  const client = makeClient(services.node, { kind: 'tcp', host, port: 7400 }, credentials);
  await watch(client, host, nodeName);
  client.close();
  await pause(500);
}
