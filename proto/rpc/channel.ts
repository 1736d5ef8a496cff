// The only place where clients are made: it sets their transport security, keepalive and limits.
import * as grpc from '@grpc/grpc-js';
import { XnetError } from '../errors.js';
import { type Endpoint, formatEndpoint } from './endpoint.js';
import { keepaliveOptions, maxAnswerBytes, maxMessageBytes } from './limits.js';
import { errorFromStatus } from './status.js';
import { type Credentials, clientTls } from './tls.js';

const clientOptions: grpc.ChannelOptions = {
  ...keepaliveOptions,
  'grpc.max_send_message_length': maxMessageBytes,
  // xnet repeats a mutation itself, with its operation id, or not at all.
  'grpc.enable_retries': 0,
  // Controllers are on the hosts' own network. grpc-js would use the proxy of http_proxy, which is for the web.
  'grpc.enable_http_proxy': 0,
  // gRPC's statistics, which nothing can query here.
  'grpc.enable_channelz': 0,
  // Do not share connections: another client's failed attempts, and the pauses after them, must not affect this one.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 5_000,
};

type ClientConstructor<C extends grpc.Client> = new (
  address: string,
  credentials: grpc.ChannelCredentials,
  options?: Partial<grpc.ChannelOptions>,
) => C;

/**
 * makeClient makes a client of one service at one endpoint. It connects on its first call; close() ends it.
 * @param credentials required for a TCP port; a unix socket needs none
 * @param maxBytes of an answer
 * @throws XnetError FailedPrecondition for a TCP port without credentials: nothing is sent in the clear
 */
export function makeClient<C extends grpc.Client>(
  service: ClientConstructor<C>,
  endpoint: Endpoint,
  credentials?: Credentials,
  maxBytes: number = maxAnswerBytes,
): C {
  const address = formatEndpoint(endpoint);
  const options = { ...clientOptions, 'grpc.max_receive_message_length': maxBytes };
  if (endpoint.kind === 'unix') return new service(address, grpc.credentials.createInsecure(), options);
  if (credentials === undefined) throw new XnetError('FailedPrecondition', `no certificate for ${address}`);
  const tls = clientTls(credentials);
  return new service(address, tls.credentials, { ...options, ...tls.options });
}

/**
 * isConnecting reports whether a client's connection is being made, so that its calls wait and were not sent. It is false
 * once the server ends the connection: calls that were sent before may still be answered.
 */
export function isConnecting(client: grpc.Client): boolean {
  return client.getChannel().getConnectivityState(false) === grpc.connectivityState.CONNECTING;
}

/** CallOptions bound one call. */
export type CallOptions = {
  /** Deadline of the call, in milliseconds from now. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
};

// A generated method has four overloads; this is the last one, from which TypeScript infers.
type UnaryMethod<Request, Response> = (
  request: Request,
  callback: grpc.requestCallback<Response>,
) => grpc.ClientUnaryCall;

type FullUnaryMethod<Request, Response> = (
  request: Request,
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
  callback: grpc.requestCallback<Response>,
) => grpc.ClientUnaryCall;

/**
 * callUnary makes one call and awaits its answer: `callUnary(client.report.bind(client), request, {timeoutMs: 5000})`.
 * @throws XnetError for every failure
 */
export function callUnary<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  options: CallOptions,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { signal, timeoutMs } = options;
    const call = (method as unknown as FullUnaryMethod<Request, Response>)(
      request,
      new grpc.Metadata(),
      { deadline: Date.now() + timeoutMs },
      (error, response) => {
        signal?.removeEventListener('abort', cancel);
        if (error !== null) reject(errorFromStatus(error));
        else if (response === undefined) reject(errorFromStatus(new Error('empty response')));
        else resolve(response);
      },
    );
    const cancel = () => call.cancel();
    if (signal?.aborted === true) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
  });
}

/** CallDefinition is a call of a service, as its definition has it. */
export type CallDefinition<Request, Response> = {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
};

/** unaryOf makes a call of any service a method for callUnary, on the connection of a client of another service. */
export function unaryOf<Request, Response>(
  client: grpc.Client,
  { path, requestSerialize, responseDeserialize }: CallDefinition<Request, Response>,
): UnaryMethod<Request, Response> {
  const method: FullUnaryMethod<Request, Response> = (request, metadata, options, callback) =>
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, callback);
  return method as unknown as UnaryMethod<Request, Response>;
}

/**
 * readStream yields the messages of a server's stream until it ends. Leaving the loop, or `signal`, cancels it.
 * @throws XnetError when the stream fails; not when `signal` ended it
 */
export async function* readStream<Response>(
  call: grpc.ClientReadableStream<Response>,
  signal?: AbortSignal,
): AsyncGenerator<Response, void, undefined> {
  const cancel = () => call.cancel();
  if (signal?.aborted === true) cancel();
  else signal?.addEventListener('abort', cancel, { once: true });
  try {
    for await (const message of call) yield message as Response;
  } catch (error) {
    if (signal?.aborted !== true) throw errorFromStatus(error);
  } finally {
    signal?.removeEventListener('abort', cancel);
    call.cancel();
  }
}
