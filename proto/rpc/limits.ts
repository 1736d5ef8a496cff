// The limits of connections, streams and messages. Options of grpc-js, which sets none by default.
// Invariant: whatever a peer sends or does not send, its resources here are bounded, and are released when the peer is
// silent.
import type * as grpc from '@grpc/grpc-js';
import type { Rate } from './allowance.js';

/**
 * maxMessageBytes is the largest message that a server accepts, in bytes. The largest is a node's report: up to 256
 * networks of its host and 32 conditions (convert.ts), in practice some kilobytes.
 */
export const maxMessageBytes = 256 * 1024;

/**
 * maxAnswerBytes is the largest message that a client accepts, in bytes. Chunks of the route table stay below 256 KiB;
 * the largest is the list of all nodes, about 400 bytes for each and as much again for every ten networks that its host
 * reports.
 */
export const maxAnswerBytes = 64 * 1024 * 1024;

/**
 * keepaliveOptions detect a peer that vanished silently within 30 s: a ping after 20 s of silence, an answer within 10
 * s.
 */
export const keepaliveOptions: grpc.ChannelOptions = {
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
};

/** serverLimits are the options of every xnet server. */
export const serverLimits: grpc.ChannelOptions = {
  ...keepaliveOptions,
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxAnswerBytes,
  // Per connection. A node holds one stream and one call at a time, xctl a few.
  'grpc.max_concurrent_streams': 64,
  // Megabytes that one HTTP/2 session may hold before it gets no new streams (node:http2 maxSessionMemory): one
  // response of the largest size.
  'grpc-node.max_session_memory': 64,
  // Connections are renewed periodically, so that a fleet spreads over controllers that were added since, and no client
  // keeps the permissions of an old certificate. grpc-js varies the age by 10 % either way. An interrupted watch
  // resumes from its revision.
  'grpc.max_connection_age_ms': 4 * 60 * 60_000,
  'grpc.max_connection_age_grace_ms': 30_000,
  // gRPC's statistics of every connection and every call, which nothing can query here.
  'grpc.enable_channelz': 0,
};

/** mostPreviewPeers is the number of peers that a controller names at most to a host that is about to join: it asks each. */
export const mostPreviewPeers = 32;

/** maxJoinAnswerBytes is the largest answer to a host that joins, in bytes. */
export const maxJoinAnswerBytes = 64 * 1024;

/** joinLimits are serverLimits for clients without a certificate: one small request each. */
export const joinLimits: grpc.ChannelOptions = {
  ...serverLimits,
  'grpc.max_receive_message_length': 16 * 1024,
  'grpc.max_send_message_length': maxJoinAnswerBytes,
  'grpc.max_concurrent_streams': 4,
  'grpc-node.max_session_memory': 1,
  'grpc.max_connection_idle_ms': 10_000,
  'grpc.max_connection_age_ms': 60_000,
  'grpc.max_connection_age_grace_ms': 5_000,
};

/** CallerLimits bound what one identity, or one address without an identity, may do on one controller. */
export type CallerLimits = {
  /** Maximum number of connections; calls on the newest beyond it are refused. */
  readonly connections: number;
  /** Maximum number of response streams, over all connections. */
  readonly streams: number;
  /** Rate of answered calls; excess calls are refused. */
  readonly calls: Rate;
  /** Rate of HTTP/2 streams begun, whatever their outcome; beyond it, connections end. */
  readonly begun: Rate;
  /** Rate of HTTP/2 streams reset by either side; beyond it, connections end (CVE-2023-44487, CVE-2025-8671). */
  readonly resets: Rate;
};

/**
 * callerLimits are the limits of each kind of caller. A node holds one stream on one connection, and at times a second
 * one; it reports after each change, at most ten times a second. A person may also be a program that manages a whole
 * fleet. A stranger is all hosts that join from one address.
 */
export const callerLimits = {
  node: {
    connections: 16,
    streams: 8,
    calls: { burst: 200, perSecond: 20 },
    begun: { burst: 400, perSecond: 40 },
    resets: { burst: 200, perSecond: 5 },
  },
  person: {
    connections: 64,
    streams: 256,
    calls: { burst: 10_000, perSecond: 2_000 },
    begun: { burst: 20_000, perSecond: 4_000 },
    resets: { burst: 1_000, perSecond: 50 },
  },
  stranger: {
    connections: 2_048,
    streams: 0,
    calls: { burst: 5_000, perSecond: 200 },
    begun: { burst: 5_000, perSecond: 200 },
    resets: { burst: 200, perSecond: 5 },
  },
} as const satisfies Record<string, CallerLimits>;

/** connectionLimits bound the connections of one server before their client is identified. */
export const connectionLimits = {
  /**
   * Connections that the kernel holds until this process takes them; beyond, it drops the packets that open one. Linux
   * allows 4,096 by default (net.core.somaxconn), Node.js asks for 511.
   */
  backlog: 4_096,
  /** On the API's port: twice the number of hosts in a fleet of 5,000, with a margin. */
  most: 20_000,
  /** On the join port. */
  mostJoining: 2_048,
  /**
   * Connections that have not begun a call, most of which wait for their turn (Turns) and cost some kilobytes. Beyond this
   * limit: see SilentSockets.
   */
  mostSilent: 4_096,
  /** Milliseconds from its turn to the first call of a connection: TLS, HTTP/2's preface, the headers of one request. */
  silenceMs: 10_000,
  /** New connections by address: a TLS handshake takes 2 to 5 ms of a controller's processor time (ARCHITECTURE.md). */
  byAddress: { burst: 5_000, perSecond: 100 },
} as const;
