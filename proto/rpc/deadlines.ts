// The deadlines that servers demand of calls.
import * as grpc from '@grpc/grpc-js';
import { XnetError } from '../errors.js';
import { statusFromError } from './status.js';

/** longestDeadlineMs is the longest permitted deadline of a unary call, in milliseconds. */
export const longestDeadlineMs = 60 * 60_000;

/**
 * requireDeadline is the server interceptor that refuses unary calls of ours without a deadline, or with one beyond
 * longestDeadlineMs: an endless call would hold its stream forever. Health checks are exempt.
 */
export const requireDeadline: grpc.ServerInterceptor = (method, call) => {
  const isOurs = method.path.startsWith('/xnet.');
  if (!isOurs || method.responseStream || method.requestStream) return new grpc.ServerInterceptingCall(call);
  return new grpc.ServerInterceptingCall(call, {
    start: (next) => {
      const deadline = call.getDeadline();
      const leftMs = Number(deadline) - Date.now();
      // The margin allows for the time since the deadline was read.
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
