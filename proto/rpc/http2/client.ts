// A gRPC client on node:http2, for the bundles of xctl and xnetd: unary calls, and calls that are answered by a stream. It
// replaces @grpc/grpc-js there (cli/scripts/bundle.js), which also has balancing, service configs, proxies and statistics,
// takes as long to load as all the rest of xctl, and a third longer for a call.
// Invariant: it behaves as grpc-js does (test/contract/client*.test.ts), with one exception: a call after a failed
// connection makes a new one at once. The programs have their own pauses between attempts.
import { Readable } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { messageOf } from '../../errors.js';
import { checkEndpoint, type Endpoint, formatEndpoint } from '../endpoint.js';
import { type CallListener, type CallOrigin, OutgoingCall } from './call.js';
import { callError, status, statusWith } from './call-status.js';
import { Http2Connection } from './connection.js';
import { Metadata } from './metadata.js';

export { status } from './call-status.js';
export { Metadata } from './metadata.js';

/** ClientCredentials are the transport security of a client; none on a unix socket. */
export type ClientCredentials = { readonly context: SecureContext | undefined };

/** credentials makes ClientCredentials. */
export const credentials = {
  createInsecure: (): ClientCredentials => ({ context: undefined }),
  createFromSecureContext: (context: SecureContext): ClientCredentials => ({ context }),
};

/** connectivityState has the states of a channel. */
export const connectivityState = { IDLE: 0, CONNECTING: 1, READY: 2 } as const;

type ChannelOptions = Readonly<Record<string, string | number | undefined>>;
type CallOptions = { readonly deadline?: number | Date };
type Callback<Response> = (error: Error | null, response?: Response) => void;

type Method<Request, Response> = {
  readonly path: string;
  readonly originalName?: string;
  readonly responseStream: boolean;
  readonly requestSerialize: (value: Request) => Uint8Array;
  readonly responseDeserialize: (bytes: Buffer) => Response;
};

// Four megabytes, as gRPC has it.
const defaultLongest = 4 * 1024 * 1024;

class AnswerStream<Response> extends Readable {
  #call: OutgoingCall | undefined;

  constructor(start: (listener: CallListener) => OutgoingCall, deserialize: (bytes: Buffer) => Response) {
    super({ objectMode: true });
    this.#call = start({
      onMessage: (bytes) => {
        let message: Response;
        try {
          message = deserialize(bytes);
        } catch (error) {
          this.#call?.fail(statusWith(status.INTERNAL, `Response message parsing error: ${messageOf(error)}`));
          return;
        }
        if (!this.push(message)) this.#call?.pause();
      },
      onStatus: (ended) => {
        if (ended.code === status.OK) this.push(null);
        else this.destroy(callError(ended));
      },
    });
  }

  cancel(): void {
    this.#call?.cancel();
  }

  override _read(): void {
    this.#call?.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#call?.cancel();
    done(error);
  }
}

class Channel implements CallOrigin {
  readonly authority: string;
  readonly longestAnswer: number;
  readonly #endpoint: Endpoint;
  readonly #options: ChannelOptions;
  readonly #context: SecureContext | undefined;
  #connection: Http2Connection | undefined;
  #isClosed = false;

  constructor(address: string, { context }: ClientCredentials, options: ChannelOptions) {
    const checked = checkEndpoint(address);
    if ('problem' in checked) throw new Error(checked.problem);
    this.#endpoint = checked.value;
    this.#context = context;
    this.#options = options;
    this.authority = this.#endpoint.kind === 'unix' ? 'localhost' : formatEndpoint(this.#endpoint);
    this.longestAnswer = Number(options['grpc.max_receive_message_length'] ?? defaultLongest);
  }

  connection(): Http2Connection {
    if (this.#connection === undefined || this.#connection.isEnding) this.#connection = this.#connect();
    return this.#connection;
  }

  #connect(): Http2Connection {
    const options = this.#options;
    const serverName = String(options['grpc.ssl_target_name_override'] ?? this.authority.replace(/:\d+$/, ''));
    const connection = new Http2Connection({
      endpoint: this.#endpoint,
      tls: this.#context && { context: this.#context, serverName },
      pingEveryMs: Number(options['grpc.keepalive_time_ms'] ?? 2 ** 31 - 1),
      pingTimeoutMs: Number(options['grpc.keepalive_timeout_ms'] ?? 20_000),
    });
    if (this.#isClosed) connection.close();
    return connection;
  }

  getConnectivityState(): number {
    if (this.#connection === undefined || this.#connection.isEnding) return connectivityState.IDLE;
    return this.#connection.isReady ? connectivityState.READY : connectivityState.CONNECTING;
  }

  close(): void {
    this.#isClosed = true;
    this.#connection?.close();
  }
}

/** GenericClient makes calls of one service, or of several, at one endpoint. It connects on its first call. */
export class GenericClient {
  readonly #channel: Channel;
  readonly #longestRequest: number;

  constructor(address: string, security: ClientCredentials, options: ChannelOptions = {}) {
    this.#channel = new Channel(address, security, options);
    this.#longestRequest = Number(options['grpc.max_send_message_length'] ?? Number.POSITIVE_INFINITY);
  }

  /** getChannel returns the state of the connection, in the form of grpc-js. */
  getChannel(): { getConnectivityState(): number } {
    return this.#channel;
  }

  /** close ends its connection when its calls have ended. */
  close(): void {
    this.#channel.close();
  }

  #begin<Request>(
    path: string,
    serialize: (value: Request) => Uint8Array,
    request: Request,
    { metadata, options }: { readonly metadata: Metadata; readonly options: CallOptions },
    listener: CallListener,
  ): OutgoingCall {
    const { deadline } = options;
    let message: Uint8Array = Buffer.alloc(0);
    let problem: string | undefined;
    let code: number = status.INTERNAL;
    try {
      message = serialize(request);
      if (message.length > this.#longestRequest) {
        code = status.RESOURCE_EXHAUSTED;
        problem = `Attempted to send message with a size larger than ${this.#longestRequest}`;
      }
    } catch (error) {
      problem = `Request message serialization failure: ${messageOf(error)}`;
    }
    const outgoing = { path, message, metadata, deadline: deadline === undefined ? undefined : Number(deadline) };
    const call = new OutgoingCall(this.#channel, outgoing, listener);
    if (problem !== undefined) call.fail(statusWith(code, problem));
    return call;
  }

  /** makeUnaryRequest makes a call with one answer; `callback` gets it, or the error. */
  makeUnaryRequest<Request, Response>(
    path: string,
    serialize: (value: Request) => Uint8Array,
    deserialize: (bytes: Buffer) => Response,
    request: Request,
    metadata: Metadata,
    options: CallOptions,
    callback: Callback<Response>,
  ): { cancel(): void } {
    const answers: Buffer[] = [];
    const call = this.#begin(
      path,
      serialize,
      request,
      { metadata, options },
      {
        onMessage: (bytes) => {
          if (answers.push(bytes) > 1) call.fail(statusWith(status.UNIMPLEMENTED, 'Too many responses received'));
        },
        onStatus: (ended) => {
          const [bytes] = answers;
          if (ended.code !== status.OK) return callback(callError(ended));
          if (bytes === undefined) {
            return callback(callError(statusWith(status.UNIMPLEMENTED, 'No message received')));
          }
          let response: Response;
          try {
            response = deserialize(bytes);
          } catch (error) {
            const details = `Response message parsing error: ${messageOf(error)}`;
            return callback(callError(statusWith(status.INTERNAL, details)));
          }
          callback(null, response);
        },
      },
    );
    return call;
  }

  /** makeServerStreamRequest makes a call that is answered by a stream. */
  makeServerStreamRequest<Request, Response>(
    path: string,
    serialize: (value: Request) => Uint8Array,
    deserialize: (bytes: Buffer) => Response,
    request: Request,
    metadata: Metadata = new Metadata(),
    options: CallOptions = {},
  ): Readable & { cancel(): void } {
    return new AnswerStream(
      (listener) => this.#begin(path, serialize, request, { metadata, options }, listener),
      deserialize,
    );
  }
}

/** makeGenericClientConstructor returns the class of a service's clients, which have a method for each of its calls. */
export function makeGenericClientConstructor(
  service: Readonly<Record<string, Method<unknown, unknown>>>,
): typeof GenericClient & { readonly service: typeof service } {
  class ServiceClient extends GenericClient {
    static readonly service = service;
  }
  for (const [name, { path, originalName, responseStream, requestSerialize, responseDeserialize }] of Object.entries(
    service,
  )) {
    const method = responseStream
      ? function (this: GenericClient, request: unknown, metadata?: Metadata, options?: CallOptions) {
          return this.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata, options);
        }
      : function (
          this: GenericClient,
          request: unknown,
          metadata: Metadata,
          options: CallOptions,
          callback: Callback<unknown>,
        ) {
          return this.makeUnaryRequest(
            path,
            requestSerialize,
            responseDeserialize,
            request,
            metadata,
            options,
            callback,
          );
        };
    for (const key of new Set([name, originalName ?? name])) {
      Object.defineProperty(ServiceClient.prototype, key, { value: method, configurable: true, writable: true });
    }
  }
  return ServiceClient;
}
