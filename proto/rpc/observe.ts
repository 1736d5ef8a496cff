// Observes calls: caller, call, outcome.
// Invariant: a call refused before its handler is observed like a served one, and the caller gets its answer only after
// the observer has handled it.
import * as grpc from '@grpc/grpc-js';
import type { ErrorCode, XnetError } from '../errors.js';
import type { Peer } from './peer.js';
import { codeOfStatus, statusFromError } from './status.js';

/** ObservedCall is one call. */
export type ObservedCall = {
  /** "AddNode" */
  readonly name: string;
  readonly peer: Peer;
  /** The request; undefined until it arrives. */
  request: unknown;
};

/** CallResult is the outcome of a call. */
export type CallResult = { readonly outcome: 'OK' | ErrorCode; readonly message: string };

/** CallObserver observes calls. */
export type CallObserver = {
  /** before may refuse a call before its handler runs, with the error that it resolves to. Undefined: it does not. */
  readonly before: (call: ObservedCall) => Promise<XnetError | undefined> | undefined;
  /** around must call `run`, which starts the handler. */
  readonly around: (call: ObservedCall, run: () => void) => void;
  /** ended is awaited before the caller gets the answer. It never throws. Undefined: nothing to await. */
  readonly ended: (call: ObservedCall, ending: CallResult) => Promise<void> | undefined;
};

/**
 * observed returns the interceptor by which an observer sees the calls of our services. It must be the server's first,
 * so that it also sees what the others refuse.
 */
export function observed(
  observer: CallObserver,
  peerFrom: (call: grpc.ServerInterceptingCallInterface) => Peer,
): grpc.ServerInterceptor {
  return (method, callee) => {
    if (!method.path.startsWith('/xnet.')) return new grpc.ServerInterceptingCall(callee);
    const name = method.path.slice(method.path.lastIndexOf('/') + 1);
    const call: ObservedCall = { name, peer: peerFrom(callee), request: undefined };
    const intercepting: grpc.ServerInterceptingCall = new grpc.ServerInterceptingCall(callee, {
      start: (next) => {
        next({
          onReceiveMessage: (message, forward) => {
            call.request = message;
            forward(message);
          },
          onReceiveHalfClose: (forward) => {
            const go = (refusal: XnetError | undefined) => {
              if (refusal === undefined) observer.around(call, forward);
              else intercepting.sendStatus(statusOf(refusal));
            };
            const asked = observer.before(call);
            if (asked === undefined) go(undefined);
            else void asked.then(go);
          },
        });
      },
      sendStatus: (status, next) => {
        const outcome = status.code === grpc.status.OK ? 'OK' : codeOfStatus(status);
        const taken = observer.ended(call, { outcome, message: status.details ?? '' });
        if (taken === undefined) next(status);
        else void taken.then(() => next(status));
      },
    });
    return intercepting;
  };
}

function statusOf(error: XnetError): Parameters<grpc.ServerInterceptingCall['sendStatus']>[0] {
  const { code, details, metadata } = statusFromError(error);
  return {
    code: code ?? grpc.status.INTERNAL,
    details: details ?? '',
    ...(metadata === undefined ? {} : { metadata }),
  };
}
