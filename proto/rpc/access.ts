// Access control: the one interceptor of every server that admits and refuses calls.
// Invariant: a call without declared access is refused, and no service sees a call before its caller is identified.
import * as grpc from '@grpc/grpc-js';
import { XnetError } from '../errors.js';
import { descriptor } from '../gen/descriptor.js';
import { isPersonRole, type Role } from '../pki/identity.js';
import { CallLimits } from './call-limits.js';
import { proofOf } from './client-proof.js';
import { attachPeer, formatPeer, type Peer } from './peer.js';
import { statusFromError } from './status.js';

/** Access is the access that a call declares (proto/xnet/v1/access.proto). */
export type Access = Exclude<
  keyof (typeof descriptor)['nested']['xnet']['nested']['v1']['nested']['Access']['values'],
  'ACCESS_UNSPECIFIED'
>;

const people = (...allowed: readonly Role[]) => {
  return (peer: Peer) => peer.kind === 'local' || (peer.kind === 'certificate' && allowed.includes(peer.identity.role));
};

const rules: Readonly<Record<Access, (peer: Peer) => boolean>> = {
  ANYONE: () => true,
  NODE: (peer) => peer.kind === 'certificate' && peer.identity.role === 'node',
  VIEWER: people('viewer', 'operator', 'admin'),
  OPERATOR: people('operator', 'admin'),
  ADMIN: people('admin'),
  LOCAL: (peer) => peer.kind === 'local',
};

const option = '(xnet.v1.access)';

type ServiceNode = {
  readonly methods?: Readonly<Record<string, { readonly options?: Readonly<Record<string, unknown>> }>>;
};

/** declaredAccess maps the path of every call of ours, "/xnet.v1.AdminService/CreatePool", to its declared access. */
export const declaredAccess: ReadonlyMap<string, Access> = new Map(
  Object.entries(descriptor.nested.xnet.nested.v1.nested as Readonly<Record<string, ServiceNode>>).flatMap(
    ([service, { methods = {} }]) =>
      Object.entries(methods).flatMap(([method, { options }]): [string, Access][] => {
        const access = options?.[option];
        if (typeof access !== 'string' || !Object.hasOwn(rules, access)) return [];
        return [[`/xnet.v1.${service}/${method}`, access as Access]];
      }),
  ),
);

// Health only reveals whether a server is running; reflection reveals the whole contract.
const foreign: Readonly<Record<string, Access>> = { '/grpc.health.': 'ANYONE', '/grpc.reflection.': 'VIEWER' };

/** accessOf returns the access that a call requires; undefined: no caller may make it. */
export function accessOf(path: string): Access | undefined {
  const declared = declaredAccess.get(path);
  if (declared !== undefined) return declared;
  return Object.entries(foreign).find(([prefix]) => path.startsWith(prefix))?.[1];
}

/** mayCall reports whether a caller may make a call with this access. */
export function mayCall(access: Access, peer: Peer): boolean {
  return rules[access](peer);
}

function refusal(path: string, peer: Peer): XnetError {
  const call = path.slice(path.lastIndexOf('/') + 1);
  const access = accessOf(path);
  if (access === 'LOCAL') {
    return new XnetError('PermissionDenied', `${call} is answered only on the unix socket`, {
      hint: 'run the command as root on the machine of a controller',
    });
  }
  if (peer.kind === 'stranger') return new XnetError('Unauthenticated', `${call} needs a certificate that is valid`);
  return new XnetError('PermissionDenied', `${formatPeer(peer)} may not call ${call}`, {
    ...(peer.kind === 'certificate' && isPersonRole(peer.identity.role)
      ? { hint: `it needs a certificate of role ${(access ?? 'admin').toLowerCase()}` }
      : {}),
  });
}

/** Admission identifies the callers of one server, and refuses some of them. */
export type Admission = {
  /** 'local': unix sockets. 'certificates': the client has proved a certificate. 'strangers': it has none. */
  readonly from: 'local' | 'certificates' | 'strangers';
  /**
   * Returns why a caller is refused for all calls; undefined: it is not. Called for each call, and again by recheck().
   */
  readonly refuse?: (caller: Extract<Peer, { readonly kind: 'certificate' }>) => XnetError | undefined;
  /** Returns why calls on a connection ("192.168.83.7:40123") are refused; undefined: they are not. */
  readonly refuseConnection?: (connection: string) => XnetError | undefined;
};

function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, '').replace(/^::ffff:/, '');
}

/** peerFrom returns the caller of a call, on a server with this kind of clients. */
export function peerFrom(from: Admission['from'], call: grpc.ServerInterceptingCallInterface): Peer {
  if (from === 'local') return { kind: 'local' };
  const address = addressOf(call.getPeer());
  if (from === 'strangers') return { kind: 'stranger', address };
  const certificate = call.getAuthContext().sslPeerCertificate;
  const proof = certificate === undefined ? undefined : proofOf(certificate);
  // The certificate was valid when the connection was made, which may be hours ago.
  if (proof === undefined || proof.notAfterMs <= Date.now()) return { kind: 'stranger', address };
  const { identity, serial } = proof;
  return { kind: 'certificate', identity, serial, address };
}

type Caller = Extract<Peer, { readonly kind: 'certificate' }>;
type Live = { readonly caller: Caller; readonly end: (why: XnetError) => void };

/** AccessControl admits the calls of one server. */
export class AccessControl {
  readonly #admission: Admission;
  // Open streams: ended if their caller is refused later.
  readonly #live = new Set<Live>();
  readonly #limits = new CallLimits();

  constructor(admission: Admission) {
    this.#admission = admission;
  }

  /** recheck ends the streams of callers that are refused by now. */
  recheck(): void {
    for (const { caller, end } of [...this.#live]) {
      const why = this.#admission.refuse?.(caller);
      if (why !== undefined) end(why);
    }
  }

  /** interceptor must precede all other interceptors except the observer's. */
  readonly interceptor: grpc.ServerInterceptor = (method, call) =>
    new AdmittedCall(call, {
      peer: () => peerFrom(this.#admission.from, call),
      refusal: (peer) => {
        // A call counts whether it is admitted or not.
        const tooMany =
          this.#admission.refuseConnection?.(call.getPeer()) ?? this.#limits.refusalOf(peer, method.responseStream);
        return this.#refusal(method.path, peer) ?? tooMany;
      },
      live: (caller, end) => {
        if (!method.responseStream) return () => undefined;
        const live = { caller, end };
        const ended = this.#limits.opened(caller);
        this.#live.add(live);
        return () => {
          this.#live.delete(live);
          ended();
        };
      },
    });

  #refusal(path: string, peer: Peer): XnetError | undefined {
    const access = accessOf(path);
    if (access === undefined || !mayCall(access, peer)) return refusal(path, peer);
    return peer.kind === 'certificate' ? this.#admission.refuse?.(peer) : undefined;
  }
}

type Admitting = {
  readonly peer: () => Peer;
  readonly refusal: (peer: Peer) => XnetError | undefined;
  /** Records an open stream and how to end it. Returns its removal. */
  readonly live: (caller: Caller, end: Live['end']) => () => void;
};

// One incoming call. A separate class, because ending a stream from outside must also reach the service.
class AdmittedCall extends grpc.ServerInterceptingCall {
  readonly #call: grpc.ServerInterceptingCallInterface;
  readonly #admitting: Admitting;
  #forget: () => void = () => undefined;
  #ended = false;

  constructor(call: grpc.ServerInterceptingCallInterface, admitting: Admitting) {
    super(call);
    this.#call = call;
    this.#admitting = admitting;
  }

  override start(listener: Parameters<grpc.ServerInterceptingCall['start']>[0]): void {
    this.#call.start({
      onReceiveMetadata: (metadata) => {
        const peer = this.#admitting.peer();
        const why = this.#admitting.refusal(peer);
        if (why !== undefined) {
          this.#end(why);
          return;
        }
        attachPeer(metadata, peer);
        if (peer.kind === 'certificate') {
          this.#forget = this.#admitting.live(peer, (error) => {
            this.#end(error);
            listener.onCancel();
          });
        }
        listener.onReceiveMetadata(metadata);
      },
      onReceiveMessage: (message) => listener.onReceiveMessage(message),
      onReceiveHalfClose: () => listener.onReceiveHalfClose(),
      onCancel: () => {
        this.#forget();
        listener.onCancel();
      },
    });
  }

  #end(error: XnetError): void {
    this.#forget();
    this.#ended = true;
    const { code, details, metadata } = statusFromError(error) as grpc.StatusObject;
    this.#call.sendStatus({ code, details, metadata });
  }

  override sendStatus(status: Parameters<grpc.ServerInterceptingCall['sendStatus']>[0]): void {
    this.#forget();
    // The cancelled service ends its call a second time.
    if (!this.#ended) super.sendStatus(status);
  }

  override sendMessage(message: unknown, callback: () => void): void {
    if (!this.#ended) super.sendMessage(message, callback);
  }
}
