// The connection to the controllers: one watch stream to any of them, and the calls beside it. Calls use the connection
// of the stream until the certificate is renewed; then they get a connection of their own, with the new certificate.
// Invariant: at most one stream at a time. Losing it changes nothing on the host; it is reopened, at another controller
// first, with backoff and jitter so that a fleet does not reconnect all at once.
import { XnetError } from '../../proto/errors.js';
import type { Findings } from '../../proto/gen/xnet/v1/Findings.js';
import type { LeaveRequest } from '../../proto/gen/xnet/v1/LeaveRequest.js';
import type { LeaveResponse__Output } from '../../proto/gen/xnet/v1/LeaveResponse.js';
import type { NodeServiceClient } from '../../proto/gen/xnet/v1/NodeService.js';
import type { RenewCertificateResponse__Output } from '../../proto/gen/xnet/v1/RenewCertificateResponse.js';
import type { ReportRequest } from '../../proto/gen/xnet/v1/ReportRequest.js';
import type { ReportResponse__Output } from '../../proto/gen/xnet/v1/ReportResponse.js';
import type { WatchRequest } from '../../proto/gen/xnet/v1/WatchRequest.js';
import { Alarm } from '../../proto/process/backoff.js';
import type { Logger } from '../../proto/process/log.js';
import { callUnary, makeClient, unaryOf } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import { type Endpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';
import { errorFromStatus } from '../../proto/rpc/status.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { explainConnectionError } from './connection-errors.js';
import { type EndedStream, WatchBackoff } from './watch-backoff.js';
import { MessageReader, type WatchListener } from './watch-stream.js';

/** UplinkOptions are the controllers to connect to, and the identity to use. */
export type UplinkOptions = {
  /** Read before each connection attempt. */
  readonly controllers: { readonly endpoints: readonly Endpoint[] };
  /** Returns the certificate and the trusted authorities for a connection; undefined: unix sockets need none. */
  readonly identity: { credentials(): Promise<Credentials> } | undefined;
  readonly hostFingerprint: string;
  readonly log: Logger;
};

/** Watcher supplies the request of each stream, and receives its messages. */
export type Watcher = {
  /** watchRequest is the request of the next stream. */
  watchRequest(): WatchRequest;
  /** onState is called when a stream has delivered its first message, and when it has ended. */
  onState(state: UplinkState): void;
} & WatchListener;

/** UplinkState is the state of the connection. */
export type UplinkState =
  | { readonly connected: true; readonly endpoint: string }
  | { readonly connected: false; readonly error: XnetError };

type Watched = Omit<EndedStream, 'code'> & {
  readonly error: XnetError;
  /** It was ended by reopen(). */
  readonly reopened: boolean;
};

const nothing = { tookIn: false, livedMs: 0, reopened: false } as const;
const callTimeoutMs = 10_000;
const nobodyMs = 10_000;

/** Uplink is the connection to the controllers. */
export class Uplink {
  readonly #options: UplinkOptions;
  #stream: { readonly endpoint: Endpoint; readonly client: NodeServiceClient } | undefined;
  // Used for calls instead of the stream's client: it has a newer certificate.
  #renewed: NodeServiceClient | undefined;
  #cancelStream: (() => void) | undefined;
  readonly #alarm = new Alarm();
  #isWoken = false;

  constructor(options: UplinkOptions) {
    this.#options = options;
  }

  /** reopen ends the stream, so that the next one is opened with a new request at once. */
  reopen(): void {
    this.#cancelStream?.();
  }

  /**
   * wake starts the next attempt at once because the certificate has changed: earlier refusals, and the attempt
   * under way, do not apply to the new one.
   */
  wake(): void {
    this.#isWoken = true;
    this.#alarm.ring();
  }

  /** run keeps a stream open until `signal` aborts. */
  async run(watcher: Watcher, signal: AbortSignal): Promise<void> {
    const { controllers, log } = this.#options;
    let next = Math.floor(Math.random() * controllers.endpoints.length);
    const attempts = new WatchBackoff(() => controllers.endpoints.length);
    const end = () => {
      this.#cancelStream?.();
      this.#alarm.ring();
    };
    signal.addEventListener('abort', end, { once: true });
    while (!signal.aborted) {
      if (this.#isWoken) attempts.reset();
      this.#isWoken = false;
      const known = controllers.endpoints;
      const endpoint = known[next % known.length];
      if (endpoint === undefined) {
        // No controller is known at present: the cached table stays in force.
        await this.#alarm.wait(nobodyMs);
        continue;
      }
      const { error, reopened, ...ended } = await this.#watch(endpoint, watcher, signal);
      if (signal.aborted) return;
      if (reopened) continue;
      next += 1;
      const { code, message: reason, hint } = error;
      const pauseMs = Math.round(attempts.pauseMs({ ...ended, code }, Math.random()));
      const why = { code, reason, ...(hint === undefined ? {} : { hint }), attempt: attempts.inRow, pauseMs };
      log.warn({ controller: formatEndpoint(endpoint), ...why }, 'watch: ended');
      watcher.onState({ connected: false, error });
      // wake() was called during the attempt.
      if (pauseMs > 0 && !this.#isWoken) await this.#alarm.wait(pauseMs);
    }
  }

  async #watch(endpoint: Endpoint, watcher: Watcher, signal: AbortSignal): Promise<Watched> {
    let client: NodeServiceClient;
    try {
      // One client per attempt: the backoff of gRPC must not add to ours.
      client = makeClient(services.node, endpoint, await this.#options.identity?.credentials());
    } catch (error) {
      return { error: errorFromStatus(error), ...nothing };
    }
    if (signal.aborted) {
      client.close();
      return { error: new XnetError('Cancelled', 'interrupted'), ...nothing };
    }
    const stream = client.watch(watcher.watchRequest());
    const reader = new MessageReader(watcher);
    // The time of the first message, in milliseconds.
    let heardAt: number | undefined;
    let tookIn = false;
    let reopened = false;
    this.#cancelStream = () => {
      reopened = true;
      stream.cancel();
    };
    const error = await new Promise<XnetError>((resolve) => {
      stream.on('data', (message) => {
        try {
          tookIn = reader.read(message) || tookIn;
        } catch (cause) {
          resolve(errorFromStatus(cause));
          stream.cancel();
          return;
        }
        if (heardAt !== undefined) return;
        heardAt = performance.now();
        this.#stream = { endpoint, client };
        watcher.onState({ connected: true, endpoint: formatEndpoint(endpoint) });
      });
      stream.on('error', (cause) => resolve(explainConnectionError(errorFromStatus(cause))));
      stream.on('end', () => resolve(new XnetError('Unavailable', 'the controller ended the stream')));
    });
    this.#cancelStream = undefined;
    this.#stream = undefined;
    this.#renewed?.close();
    this.#renewed = undefined;
    client.close();
    return { error, reopened, tookIn, livedMs: heardAt === undefined ? 0 : performance.now() - heardAt };
  }

  /**
   * showNewest makes calls use the newest certificate: a controller refuses calls on a connection whose certificate has
   * expired. The stream stays open.
   */
  async showNewest(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) return;
    const client = makeClient(services.node, stream.endpoint, await this.#options.identity?.credentials());
    if (this.#stream !== stream) {
      client.close();
      return;
    }
    this.#renewed?.close();
    this.#renewed = client;
  }

  #connected(): NodeServiceClient {
    const client = this.#renewed ?? this.#stream?.client;
    if (client === undefined) throw new XnetError('Unavailable', 'no controller is connected');
    return client;
  }

  /** renew asks for a certificate for a request (PKCS #10, PEM). Throws XnetError. */
  async renew({ csr }: { readonly csr: string }, signal: AbortSignal): Promise<RenewCertificateResponse__Output> {
    const { hostFingerprint } = this.#options;
    const client = this.#connected();
    return callUnary(
      client.renewCertificate.bind(client),
      { csr, hostFingerprint },
      { timeoutMs: callTimeoutMs, signal },
    );
  }

  /** answer sends the answer to a question about a path, on the connection of the stream. Throws XnetError. */
  async answer(id: string, findings: Findings): Promise<void> {
    const { AnswerLook: call } = services.look.service;
    await callUnary(unaryOf(this.#connected(), call), { id, findings }, { timeoutMs: callTimeoutMs });
  }

  /** report sends a status. Throws XnetError. */
  async report(request: ReportRequest, signal: AbortSignal): Promise<ReportResponse__Output> {
    const { hostFingerprint } = this.#options;
    const client = this.#connected();
    return callUnary(client.report.bind(client), { ...request, hostFingerprint }, { timeoutMs: callTimeoutMs, signal });
  }
}

/** CallTarget is the controllers to call, and the identity to use. */
export type CallTarget = {
  readonly controllers: readonly Endpoint[];
  /** Undefined: every controller is a unix socket. */
  readonly credentials: Credentials | undefined;
};

async function callAny<T>(
  { controllers, credentials }: CallTarget,
  call: (client: NodeServiceClient) => Promise<T>,
): Promise<T> {
  let last = new XnetError('Unavailable', 'no controller is known');
  for (const endpoint of controllers) {
    const client = makeClient(services.node, endpoint, credentials);
    try {
      return await call(client);
    } catch (error) {
      last = explainConnectionError(errorFromStatus(error));
      if (last.code !== 'Unavailable' && last.code !== 'DeadlineExceeded') throw last;
      last = new XnetError(last.code, `${formatEndpoint(endpoint)}: ${last.message}`, {
        ...(last.hint === undefined ? {} : { hint: last.hint }),
        cause: error,
      });
    } finally {
      client.close();
    }
  }
  throw last;
}

/**
 * callLeave calls the controllers, one after the other, to end this node's lease.
 * @throws XnetError the error of the last one
 */
export function callLeave(
  target: CallTarget,
  request: LeaveRequest,
  signal: AbortSignal,
): Promise<LeaveResponse__Output> {
  return callAny(target, (client) =>
    callUnary(client.leave.bind(client), request, { timeoutMs: callTimeoutMs, signal }),
  );
}

/** NodeStanding is the controllers' view of a node: it is a member, it was removed, or it is refused. */
export type NodeStanding =
  | { readonly is: 'member' | 'removed' }
  /** `why` is the controller's message. */
  | { readonly is: 'refused'; readonly why: string };

// No lease has this generation (controller/registry/add-node.ts starts with 1), so a report with it changes nothing.
const noGeneration = 0;

/**
 * callStanding asks the controllers, one after the other, whether a node is a member. It changes nothing.
 * @throws XnetError Unavailable when none of them answers
 */
export async function callStanding(target: CallTarget, nodeId: string, signal: AbortSignal): Promise<NodeStanding> {
  try {
    const report = { nodeId, generation: noGeneration };
    await callAny(target, (client) =>
      callUnary(client.report.bind(client), report, { timeoutMs: callTimeoutMs, signal }),
    );
    return { is: 'member' };
  } catch (error) {
    const { code, message } = errorFromStatus(error);
    if (code === 'Fenced') return { is: 'member' };
    if (code === 'NotFound') return { is: 'removed' };
    if (code === 'PermissionDenied' || code === 'Unauthenticated') return { is: 'refused', why: message };
    throw error;
  }
}
