// A node that can run thousands of times in one process: it watches on a connection of its own, reports what it has
// received, and stores only its revision.
// Invariant: it costs little more than its connection. Messages, which are the same for all nodes, are parsed once
// (Hearing).
import { type ClientReadableStream, makeGenericClientConstructor } from '@grpc/grpc-js';
import { formatPrefix } from '../../proto/domain/address.js';
import type { NodeServiceClient } from '../../proto/gen/xnet/v1/NodeService.js';
import type { Version } from '../../proto/gen/xnet/v1/Version.js';
import { backoffMs, pause } from '../../proto/process/backoff.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { deltaFromWire, requireVersion } from '../../proto/rpc/convert.js';
import { services } from '../../proto/rpc/definitions.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import type { Member } from '../support/joining.js';

/** monotonicMs returns the machine's monotonic clock, the same in every process, in milliseconds with a fraction. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const { service } = services.node;
const UnreadNodeService = makeGenericClientConstructor(
  { ...service, Watch: { ...service.Watch, responseDeserialize: (message: Buffer) => message } },
  'NodeService',
) as unknown as typeof services.node;

type Message = {
  readonly assignment?: { readonly nodeId: string; readonly generation: number };
  /** A change applies to a table at this revision or later. */
  readonly from?: number;
  /** The version of the table after the message. */
  readonly version?: Version & { readonly revision: number };
  /** "10.76.3.0/24" of every route in a delta. */
  readonly subnets: readonly string[];
};

function readMessage(buffer: Buffer): Message {
  const { assignment, snapshot, delta, bookmark } = service.Watch.responseDeserialize(buffer);
  if (assignment) return { assignment, subnets: [] };
  if (delta) {
    const { fromRevision: from, to, upserts } = deltaFromWire(delta);
    return { from, version: to, subnets: upserts.map(({ subnet }) => formatPrefix(subnet)) };
  }
  if (snapshot) return snapshot.last ? { version: requireVersion(snapshot.version), subnets: [] } : { subnets: [] };
  return bookmark ? { version: requireVersion(bookmark.version), subnets: [] } : { subnets: [] };
}

/** Hearing parses messages for many nodes. */
export class Hearing {
  /** The times at which nodes received a route, by subnet: "10.76.3.0/24". */
  readonly arrivals = new Map<string, number[]>();
  bytes = 0;
  /** Number of changes that did not continue the node's table. */
  discontinuities = 0;
  #last: { readonly buffer: Buffer; readonly message: Message } | undefined;

  hear(buffer: Buffer): Message {
    const now = monotonicMs();
    this.bytes += buffer.length;
    if (this.#last?.buffer.equals(buffer) !== true) this.#last = { buffer, message: readMessage(buffer) };
    const { message } = this.#last;
    for (const subnet of message.subnets) {
      const times = this.arrivals.get(subnet);
      if (times === undefined) this.arrivals.set(subnet, [now]);
      else times.push(now);
    }
    return message;
  }
}

// The same as in xnetd (node/uplink/uplink.ts).
const backoff = { firstMs: 200, longestMs: 8_000 };

/** ThinNode is one such node. It watches until it is stopped. */
export class ThinNode {
  readonly name: string;
  /** When its table last changed, as monotonicMs. */
  learntAt = 0;
  /** The revision that it has reported. */
  reported = 0;
  /** When its present stream delivered its first message; undefined if it has not. */
  connectedAt: number | undefined;
  /** Why its last report or stream failed. */
  trouble = '';
  readonly #member: Member;
  readonly #endpoints: readonly Endpoint[];
  readonly #hearing: Hearing;
  #client: NodeServiceClient | undefined;
  #stream: ClientReadableStream<unknown> | undefined;
  #assignment: Message['assignment'];
  #version: Message['version'];
  #spreadMs = 0;
  #reporting = false;
  #stopped = false;

  constructor(member: Member, endpoints: readonly Endpoint[], hearing: Hearing) {
    this.name = member.nodeName;
    this.#member = member;
    this.#endpoints = endpoints;
    this.#hearing = hearing;
  }

  /** revision returns the revision of its table; 0 if it has none. */
  get revision(): number {
    return this.#version?.revision ?? 0;
  }

  /** run watches one controller after the other, as xnetd does. */
  async run(): Promise<void> {
    let attempt = 0;
    for (let next = 0; !this.#stopped; next += 1) {
      const endpoint = this.#endpoints[next % this.#endpoints.length];
      if (endpoint === undefined) return;
      const heard = await this.#watch(endpoint);
      attempt = heard ? 1 : attempt + 1;
      if (attempt < this.#endpoints.length && !heard) continue;
      if (!this.#stopped) await pause(backoffMs(Math.ceil(attempt / this.#endpoints.length), backoff, Math.random()));
    }
  }

  async #watch(endpoint: Endpoint): Promise<boolean> {
    const client = makeClient(UnreadNodeService, endpoint, this.#member.credentials);
    const stream = client.watch({
      nodeName: this.name,
      nodeId: this.#assignment?.nodeId ?? '',
      ...(this.#version === undefined ? {} : { version: this.#version }),
      fresh: false,
      hostFingerprint: this.name,
      daemonVersion: 'simulated',
    });
    this.#client = client;
    this.#stream = stream;
    let heard = false;
    await new Promise<void>((resolve) => {
      stream.on('data', (message) => {
        if (!heard) this.connectedAt = monotonicMs();
        heard = true;
        this.#take(this.#hearing.hear(message as unknown as Buffer));
      });
      stream.on('error', (error) => {
        this.trouble = error.message;
        resolve();
      });
      stream.on('end', resolve);
    });
    this.connectedAt = undefined;
    this.#client = undefined;
    client.close();
    return heard;
  }

  #take({ assignment, from, version }: Message): void {
    if (from !== undefined && from > this.revision) {
      // As in xnetd: a new stream begins at the table's revision.
      this.#hearing.discontinuities += 1;
      this.#stream?.cancel();
      return;
    }
    if (assignment !== undefined) this.#assignment = assignment;
    if (version !== undefined) {
      this.#version = version;
      this.learntAt = monotonicMs();
    }
    if (this.#assignment !== undefined && this.revision > this.reported) void this.#report();
  }

  // Sends one report at a time, always with the newest state, spread as the controller requests.
  async #report(): Promise<void> {
    if (this.#reporting) return;
    this.#reporting = true;
    while (!this.#stopped && this.#client !== undefined && this.revision > this.reported) {
      if (this.#spreadMs > 0) await pause(Math.random() * this.#spreadMs);
      const version = this.#version;
      const client = this.#client;
      if (client === undefined || version === undefined) break;
      try {
        const { spreadMs } = await callUnary(
          client.report.bind(client),
          {
            nodeId: this.#assignment?.nodeId ?? '',
            generation: this.#assignment?.generation ?? 0,
            applied: version,
            routes: { desired: 1, installed: 1, conflicting: 0, unreachable: 0 },
            conditions: [{ type: 'Routes', ok: true, reason: 'Installed', message: '' }],
            daemonVersion: 'simulated',
            kernelVersion: '6.1',
            dockerVersion: '28.0',
            hostNetworks: [],
          },
          { timeoutMs: 30_000 },
        );
        this.#spreadMs = spreadMs;
        this.reported = version.revision;
      } catch (error) {
        this.trouble = String(error);
        await pause(500);
      }
    }
    this.#reporting = false;
  }

  /** stop ends the node. */
  stop(): void {
    this.#stopped = true;
    this.#stream?.cancel();
  }
}
