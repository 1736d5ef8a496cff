// What one connection, one stream and one message may cost the other side. Options of grpc-js, which sets none by itself.
// Invariant: whatever a peer sends or does not send, what it holds here is bounded, and it goes when the peer is silent.
import * as grpc from '@grpc/grpc-js';
import { XnetError } from '../errors.js';
import type { Rate } from './allowance.js';
import { statusFromError } from './status.js';

/**
 * maxMessageBytes bounds what a server takes. The largest is a node's report: as many as 256 networks of its host and 32
 * conditions (convert.ts), in practice some kilobytes.
 */
export const maxMessageBytes = 256 * 1024;

/**
 * maxAnswerBytes bounds what a client takes. Chunks of the route table stay below 256 KiB; the largest is the list of
 * all nodes, about 400 bytes for each and as much again for every ten networks that its host reports.
 */
export const maxAnswerBytes = 64 * 1024 * 1024;

/**
 * keepaliveOptions find a peer that vanished without a word within 30 s: a ping after 20 s of silence, an answer
 * within 10 s.
 */
export const keepaliveOptions: grpc.ChannelOptions = {
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
};

/** serverLimits are what every server of ours is made with. */
export const serverLimits: grpc.ChannelOptions = {
  ...keepaliveOptions,
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxAnswerBytes,
  // Per connection. A node holds one stream and one call at a time, xctl a few.
  'grpc.max_concurrent_streams': 64,
  // Megabytes that one HTTP/2 session may hold before it gets no new streams (node:http2 maxSessionMemory): one answer of
  // the largest size.
  'grpc-node.max_session_memory': 64,
  // Connections are made anew now and then, so that a fleet spreads over controllers that have come since and nobody
  // stays on what an old certificate allowed. grpc-js varies it by 10 % either way. A watch that is cut goes on from
  // its revision.
  'grpc.max_connection_age_ms': 4 * 60 * 60_000,
  'grpc.max_connection_age_grace_ms': 30_000,
  // gRPC's own statistics, of every connection and every call: nobody can ask for them here.
  'grpc.enable_channelz': 0,
};

/** joinLimits are serverLimits for those who have no certificate yet: one small request, and away. */
export const joinLimits: grpc.ChannelOptions = {
  ...serverLimits,
  'grpc.max_receive_message_length': 16 * 1024,
  'grpc.max_send_message_length': 64 * 1024,
  'grpc.max_concurrent_streams': 4,
  'grpc-node.max_session_memory': 1,
  'grpc.max_connection_idle_ms': 10_000,
  'grpc.max_connection_age_ms': 60_000,
  'grpc.max_connection_age_grace_ms': 5_000,
};

/** CallerLimits bound what one identity, or one address without any, may do on one controller. */
export type CallerLimits = {
  /** Connections at once; beyond them, calls on the newest are refused. */
  readonly connections: number;
  /** Streams of answers at once, over all connections. */
  readonly streams: number;
  /** Calls that are answered; beyond them, they are refused. */
  readonly calls: Rate;
  /** HTTP/2 streams that are begun, whatever becomes of them; beyond them, connections end. */
  readonly begun: Rate;
  /** HTTP/2 streams that are reset by either side; beyond them, connections end (CVE-2023-44487, CVE-2025-8671). */
  readonly resets: Rate;
};

/**
 * callerLimits: a node holds one stream on one connection, and at times a second one; it reports after each change, at
 * most ten times a second. A person is also a program that manages a whole fleet. A stranger is all hosts that join from
 * one address.
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

/** connectionLimits bound the connections of one server, before it is known whose they are. */
export const connectionLimits = {
  /** On the API's port: a fleet of 5,000 hosts has twice as many at most. */
  most: 20_000,
  /** On the port for joining. */
  mostJoining: 2_048,
  /** That have not begun a call. What happens beyond them: see SilentSockets. */
  mostSilent: 1_024,
  /** From the connection to the first call: TLS, HTTP/2's preface, the headers of one request. */
  silenceMs: 10_000,
  /** New ones by address, since a handshake of TLS costs a controller some 2 ms. */
  byAddress: { burst: 5_000, perSecond: 100 },
} as const;

/** longestDeadlineMs is how long a caller may have a unary call open, in milliseconds. */
export const longestDeadlineMs = 60 * 60_000;

/**
 * requireDeadline is the interceptor of servers that refuses unary calls of ours without a deadline, or with one beyond
 * longestDeadlineMs: a caller that waits for ever holds its stream for ever. Health checks are not ours.
 */
export const requireDeadline: grpc.ServerInterceptor = (method, call) => {
  const isOurs = method.path.startsWith('/xnet.');
  if (!isOurs || method.responseStream || method.requestStream) return new grpc.ServerInterceptingCall(call);
  return new grpc.ServerInterceptingCall(call, {
    start: (next) => {
      const deadline = call.getDeadline();
      const leftMs = Number(deadline) - Date.now();
      // The difference allows for the time since the deadline was read.
      if (leftMs <= longestDeadlineMs + 1_000) {
        next();
        return;
      }
      const problem = leftMs === Number.POSITIVE_INFINITY ? 'no deadline' : 'a deadline too far away';
      const details = `the call has ${problem}: give one of at most ${longestDeadlineMs / 1000} s`;
      const { metadata } = statusFromError(new XnetError('InvalidArgument', details));
      call.sendStatus({ code: grpc.status.INVALID_ARGUMENT, details, ...(metadata === undefined ? {} : { metadata }) });
    },
  });
};
