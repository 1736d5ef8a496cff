// The one place where a server is made: transport security, admission, limits, health and reflection are decided here,
// and every error that a handler throws is turned into a status.
// Invariant: a TCP port speaks TLS, and nothing else; only unix sockets are plain.
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { constants, type ServerHttp2Session } from 'node:http2';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { XnetError } from '../errors.js';
import { makeFolder } from '../process/folder.js';
import { AccessControl, type Admission, peerFrom } from './access.js';
import { Connections } from './connections.js';
import { packageDefinition } from './definitions.js';
import { type Endpoint, formatEndpoint } from './endpoint.js';
import { connectionLimits, joinLimits, requireDeadline, serverLimits } from './limits.js';
import { type CallObserver, observed } from './observe.js';
import { statusFromError } from './status.js';
import type { ServerTls } from './tls.js';

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
  /** alive asks whether the other end of a connection of a TCP port ("192.168.83.7:40123") answers within milliseconds. */
  alive(connection: string, withinMs: number): Promise<boolean>;
  /** recheck asks of every open stream anew whether its caller is refused, and ends those that are. */
  recheck(): void;
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
  await makeFolder(dirname(path));
  if (await socketAnswers(path)) {
    throw new XnetError('FailedPrecondition', `another process already listens on ${path}`);
  }
  await rm(path, { force: true });
}

function bind(server: grpc.Server, endpoint: Endpoint, credentials: grpc.ServerCredentials): Promise<Endpoint> {
  return new Promise((resolve, reject) => {
    server.bindAsync(formatEndpoint(endpoint), credentials, (error, port) => {
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

// A socket is reachable from the moment that it is bound, so it is bound in a folder that nobody else may enter, and
// moved to its place when its mode is right.
async function bindSocket(server: grpc.Server, path: string): Promise<Endpoint> {
  await prepareSocket(path);
  const folder = join(dirname(path), '.new');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  try {
    const inside = join(folder, 's');
    await bind(server, { kind: 'unix', path: inside }, grpc.ServerCredentials.createInsecure());
    await chmod(inside, 0o660);
    await rename(inside, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { kind: 'unix', path };
}

/** ServerOptions are what a server is made of. */
export type ServerOptions = {
  /** Unix sockets alone without `tls`, TCP ports alone with it. */
  readonly endpoints: readonly Endpoint[];
  readonly bindings: readonly ServiceBinding[];
  readonly tls?: ServerTls;
  /** See Admission. Only for a server that wants certificates. */
  readonly refuse?: Admission['refuse'];
  /** Sees every call of ours, those that are refused among them. */
  readonly observer?: CallObserver;
  /** How many connections may be there without a call; connectionLimits.mostSilent. */
  readonly mostSilent?: number;
};

/**
 * startServer listens on every endpoint, with the health and, except for strangers, the reflection service beside
 * `bindings`. Unix sockets get mode 0660.
 * @throws XnetError FailedPrecondition when an endpoint can't be listened on
 */
export async function startServer(options: ServerOptions): Promise<RpcServer> {
  const { endpoints, bindings, tls, refuse, observer } = options;
  // Its own lines on standard error are those of a library; what matters of them is thrown.
  grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  const from = tls?.clients ?? 'local';
  const connections = new Connections(options.mostSilent);
  const control = new AccessControl({
    from,
    refuseConnection: (connection) => connections.refusalOf(connection),
    ...(refuse === undefined ? {} : { refuse }),
  });
  const server = new grpc.Server({
    ...(from === 'strangers' ? joinLimits : serverLimits),
    interceptors: [
      ...(observer === undefined ? [] : [observed(observer, (call) => peerFrom(from, call))]),
      control.interceptor,
      requireDeadline,
    ],
  });
  const names = ['', ...bindings.flatMap(({ definition }) => serviceName(definition))];
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, 'NOT_SERVING'])));
  for (const { definition, implementation } of bindings) server.addService(definition, implementation);
  health.addToServer(server);
  if (from !== 'strangers') {
    new ReflectionService(packageDefinition, { services: names.filter((name) => name !== '') }).addToServer(server);
  }
  const bound: Endpoint[] = [];
  try {
    for (const endpoint of endpoints) {
      if (endpoint.kind === 'unix' && tls === undefined) bound.push(await bindSocket(server, endpoint.path));
      else if (endpoint.kind === 'tcp' && tls !== undefined) bound.push(await bind(server, endpoint, tls.credentials));
      else throw new XnetError('Internal', `${formatEndpoint(endpoint)}: TCP is for TLS, unix sockets are without`);
    }
    if (tls !== undefined && bound.length > 0) {
      connections.guard(server, from === 'strangers' ? connectionLimits.mostJoining : connectionLimits.most);
    }
  } catch (error) {
    server.forceShutdown();
    throw error;
  }
  return {
    endpoints: bound,
    alive: (connection, withinMs) => connections.alive(connection, withinMs),
    recheck: () => control.recheck(),
    health: {
      set: (serving) => {
        for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
      },
    },
    close: (graceMs) => closeServer(server, connections, bound, graceMs),
  };
}

function serviceName(definition: grpc.ServiceDefinition): string[] {
  const [method] = Object.values(definition);
  const name = method?.path.split('/')[1];
  return name === undefined ? [] : [name];
}

// The HTTP/2 sessions that are open. grpc-js hands out neither its HTTP/2 servers nor their sessions; its version is pinned.
function sessionsOf(server: grpc.Server): readonly ServerHttp2Session[] {
  const servers: unknown = Reflect.get(server, 'http2Servers');
  if (!(servers instanceof Map)) throw new XnetError('Internal', 'no HTTP/2 server to close');
  return [...(servers as Map<unknown, { readonly sessions: ReadonlySet<ServerHttp2Session> }>).values()].flatMap(
    ({ sessions }) => [...sessions],
  );
}

async function closeServer(
  server: grpc.Server,
  connections: Connections,
  endpoints: readonly Endpoint[],
  graceMs: number,
): Promise<void> {
  // tryShutdown waits for every socket, also for those that never complete a handshake.
  connections.cutSilent();
  const sessions = sessionsOf(server);
  await new Promise<void>((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      // Without channelz (serverLimits) grpc-js does not know the sessions that forceShutdown should destroy.
      for (const session of sessions) session.destroy(undefined, constants.NGHTTP2_CANCEL);
      connections.cutSilent();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
  for (const endpoint of endpoints) if (endpoint.kind === 'unix') await rm(endpoint.path, { force: true });
}
