// The one place where a server is made: transport security, limits, health and reflection are decided here, and every
// error that a handler throws is turned into a status.
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { XnetError } from '../errors.js';
import { keepaliveOptions, maxAnswerBytes, maxMessageBytes } from './channel.js';
import { packageDefinition } from './definitions.js';
import { type Endpoint, formatEndpoint } from './endpoint.js';
import { statusFromError } from './status.js';

const serverOptions: grpc.ChannelOptions = {
  ...keepaliveOptions,
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxAnswerBytes,
  // Per connection. A node holds one stream and one call at a time; grpc-js itself sets no limit.
  'grpc.max_concurrent_streams': 64,
  // gRPC's own statistics, of every connection and every call: nobody can ask for them here.
  'grpc.enable_channelz': 0,
  // Megabytes that one HTTP/2 session may hold (node:http2 maxSessionMemory).
  'grpc-node.max_session_memory': 64,
};

/** Health is what standard health probes are told, for the server ('') and for each service. */
export type Health = {
  /** set changes the answer of all services at once. */
  set(serving: boolean): void;
};

/** RpcServer is a running server. */
export type RpcServer = {
  readonly health: Health;
  /** Where it really listens, with the port that was bound. */
  readonly endpoints: readonly Endpoint[];
  /** close ends all streams after at most `graceMs` milliseconds. */
  close(graceMs: number): Promise<void>;
};

/** ServiceBinding is one service and what implements it. */
export type ServiceBinding = {
  readonly definition: grpc.ServiceDefinition;
  readonly implementation: grpc.UntypedServiceImplementation;
};

/** unary makes a gRPC handler of an async function. What it throws becomes the status. */
export function unary<Request, Response>(
  handle: (request: Request, call: grpc.ServerUnaryCall<Request, Response>) => Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    handle(call.request, call).then(
      (response) => callback(null, response),
      (error: unknown) => callback(statusFromError(error)),
    );
  };
}

/**
 * serverStream makes a gRPC handler of an async function that writes until it returns or `signal` says that the client
 * is gone.
 */
export function serverStream<Request, Response>(
  handle: (request: Request, call: grpc.ServerWritableStream<Request, Response>, signal: AbortSignal) => Promise<void>,
): grpc.handleServerStreamingCall<Request, Response> {
  return (call) => {
    const gone = new AbortController();
    call.once('cancelled', () => gone.abort());
    call.once('close', () => gone.abort());
    handle(call.request, call, gone.signal).then(
      () => call.end(),
      (error: unknown) => call.emit('error', statusFromError(error)),
    );
  };
}

async function socketAnswers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

// A socket file outlives the process that made it. One that nobody answers on is left over and goes.
async function prepareSocket(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (await socketAnswers(path)) {
    throw new XnetError('FailedPrecondition', `another process already listens on ${path}`);
  }
  await rm(path, { force: true });
}

function bind(server: grpc.Server, endpoint: Endpoint): Promise<Endpoint> {
  return new Promise((resolve, reject) => {
    server.bindAsync(formatEndpoint(endpoint), grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error !== null) {
        reject(
          new XnetError('FailedPrecondition', `can't listen on ${formatEndpoint(endpoint)}: ${error.message}`, {
            cause: error,
          }),
        );
      } else resolve(endpoint.kind === 'tcp' ? { ...endpoint, port } : endpoint);
    });
  });
}

/**
 * startServer listens on every endpoint, with the health and reflection services beside `bindings`. Unix sockets get
 * mode 0660.
 * @throws XnetError FailedPrecondition when an endpoint can't be listened on
 */
export async function startServer(
  endpoints: readonly Endpoint[],
  bindings: readonly ServiceBinding[],
): Promise<RpcServer> {
  // Its own lines on standard error are those of a library; what matters of them is thrown.
  grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  const server = new grpc.Server(serverOptions);
  const names = ['', ...bindings.flatMap(({ definition }) => serviceName(definition))];
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, 'NOT_SERVING'])));
  for (const { definition, implementation } of bindings) server.addService(definition, implementation);
  health.addToServer(server);
  new ReflectionService(packageDefinition, { services: names.filter((name) => name !== '') }).addToServer(server);
  const bound: Endpoint[] = [];
  try {
    for (const endpoint of endpoints) {
      if (endpoint.kind === 'unix') await prepareSocket(endpoint.path);
      bound.push(await bind(server, endpoint));
      if (endpoint.kind === 'unix') await chmod(endpoint.path, 0o660);
    }
  } catch (error) {
    server.forceShutdown();
    throw error;
  }
  return {
    endpoints: bound,
    health: {
      set: (serving) => {
        for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
      },
    },
    close: (graceMs) => closeServer(server, bound, graceMs),
  };
}

function serviceName(definition: grpc.ServiceDefinition): string[] {
  const [method] = Object.values(definition);
  const name = method?.path.split('/')[1];
  return name === undefined ? [] : [name];
}

async function closeServer(server: grpc.Server, endpoints: readonly Endpoint[], graceMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const force = setTimeout(() => server.forceShutdown(), graceMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
  for (const endpoint of endpoints) if (endpoint.kind === 'unix') await rm(endpoint.path, { force: true });
}
