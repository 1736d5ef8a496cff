// The only place where servers are made: it sets their transport security, admission, limits, health and reflection,
// and turns every exception of a handler into a status.
// Invariant: a TCP port speaks only TLS; only unix sockets are plain.
import { rm } from 'node:fs/promises';
import { constants, type ServerHttp2Session } from 'node:http2';
import * as grpc from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { XnetError } from '../errors.js';
import { placeSocket } from '../process/unix-socket.js';
import { AccessControl, type Admission, peerFrom } from './access.js';
import { Connections } from './connections.js';
import { requireDeadline } from './deadlines.js';
import { type Endpoint, formatEndpoint } from './endpoint.js';
import { FieldCheck } from './known-fields.js';
import { connectionLimits, joinLimits, serverLimits } from './limits.js';
import { type CallObserver, observed } from './observe.js';
import { openPort, type PortSource, type ServedPort } from './port-source.js';
import { addReflection } from './reflection.js';
import type { ServerTls } from './server-tls.js';
import { statusFromError } from './status.js';

/** Health sets the answers of the standard health service, for the server ('') and for each service. */
export type Health = {
  /** set changes the answer of all services at once. */
  set(serving: boolean): void;
};

/** RpcServer is a running server. */
export type RpcServer = {
  readonly health: Health;
  /** The addresses it listens on, with the actual ports. */
  readonly endpoints: readonly Endpoint[];
  /**
   * alive reports whether the other end of a TCP connection ("192.168.83.7:40123") answers within `withinMs`
   * milliseconds.
   */
  alive(connection: string, withinMs: number): Promise<boolean>;
  /** recheck decides again for every open stream whether its caller is refused, and ends those that are. */
  recheck(): void;
  /** close ends all streams after at most `graceMs` milliseconds. */
  close(graceMs: number): Promise<void>;
};

/** ServiceBinding is one service and its implementation. */
export type ServiceBinding = {
  readonly definition: grpc.ServiceDefinition;
  readonly implementation: grpc.UntypedServiceImplementation;
};

/** unary makes a gRPC handler from an async function. Its exception becomes the status. */
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
 * serverStream makes a gRPC handler from an async function that writes until it returns or `signal` reports that the
 * client has disconnected.
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

// Gives the connections of TCP ports to a server, each by way of an HTTP/2 server that does not listen itself.
async function openPorts(
  server: grpc.Server,
  endpoints: readonly Endpoint[],
  {
    open,
    tls,
    guard,
  }: { readonly open: PortSource['open']; readonly tls: ServerTls; readonly guard: (most: number) => void },
): Promise<readonly ServedPort[]> {
  const most = mostOf(tls);
  const injectors = endpoints.map((endpoint) => {
    if (endpoint.kind !== 'tcp') throw misplaced(endpoint);
    return { endpoint, injector: server.createConnectionInjector(tls.credentials) };
  });
  // Before the first connection.
  if (injectors.length > 0) guard(most);
  const opened: ServedPort[] = [];
  try {
    for (const { endpoint, injector } of injectors) {
      opened.push(await open(endpoint, most, (socket) => injector.injectConnection(socket)));
    }
  } catch (error) {
    for (const port of opened) port.close();
    throw error;
  }
  return opened;
}

function misplaced(endpoint: Endpoint): XnetError {
  return new XnetError('Internal', `${formatEndpoint(endpoint)}: TCP is for TLS, unix sockets are without`);
}

function mostOf(tls: ServerTls): number {
  return tls.clients === 'strangers' ? connectionLimits.mostJoining : connectionLimits.most;
}

function bindSocket(server: grpc.Server, endpoint: Endpoint): Promise<Endpoint> {
  if (endpoint.kind !== 'unix') throw misplaced(endpoint);
  const bind = (path: string) =>
    new Promise<void>((resolve, reject) => {
      server.bindAsync(formatEndpoint({ kind: 'unix', path }), grpc.ServerCredentials.createInsecure(), (error) => {
        if (error === null) resolve();
        else {
          const message = `can't listen on ${formatEndpoint(endpoint)}: ${error.message}`;
          reject(new XnetError('FailedPrecondition', message, { cause: error }));
        }
      });
    });
  return placeSocket(endpoint.path, bind).then(() => endpoint);
}

/** ServerOptions are the options of startServer. */
export type ServerOptions = {
  /** Only unix sockets without `tls`, only TCP ports with it. */
  readonly endpoints: readonly Endpoint[];
  readonly bindings: readonly ServiceBinding[];
  readonly tls?: ServerTls;
  /** See Admission. Only for a server that requires certificates. */
  readonly refuse?: Admission['refuse'];
  /** Observes every call of our services, including refused ones. */
  readonly observer?: CallObserver;
  /** Maximum number of connections without a call; default connectionLimits.mostSilent. */
  readonly mostSilent?: number;
  /** Gives the connections of TCP ports; absent: the server listens by itself. */
  readonly ports?: PortSource;
};

/**
 * startServer listens on every endpoint and serves `bindings`, health and, except to strangers, reflection. Unix
 * sockets get mode 0660.
 * @throws XnetError FailedPrecondition when an endpoint can't be listened on
 */
export async function startServer(options: ServerOptions): Promise<RpcServer> {
  const { endpoints, bindings, tls, refuse, observer, ports } = options;
  // Silences the library's own lines on standard error; its relevant errors are thrown.
  grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  const from = tls?.clients ?? 'local';
  const connections = new Connections(options.mostSilent);
  const control = new AccessControl({
    from,
    refuseConnection: (connection) => connections.refusalOf(connection),
    ...(refuse === undefined ? {} : { refuse }),
  });
  const known = new FieldCheck();
  const server = new grpc.Server({
    ...(from === 'strangers' ? joinLimits : serverLimits),
    interceptors: [
      ...(observer === undefined ? [] : [observed(observer, (call) => peerFrom(from, call))]),
      control.interceptor,
      requireDeadline,
      known.interceptor,
    ],
  });
  const names = ['', ...bindings.flatMap(({ definition }) => serviceName(definition))];
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, 'NOT_SERVING'])));
  let isServing = false;
  for (const { definition, implementation } of bindings) server.addService(known.noting(definition), implementation);
  health.addToServer(server);
  const described = names.filter((name) => name !== '');
  if (from !== 'strangers') addReflection(server, described);
  const bound: Endpoint[] = [];
  const opened: ServedPort[] = [];
  try {
    if (tls === undefined) for (const endpoint of endpoints) bound.push(await bindSocket(server, endpoint));
    else {
      const guard = (most: number) => connections.guard(server, most);
      opened.push(...(await openPorts(server, endpoints, { open: ports?.open ?? openPort, tls, guard })));
      bound.push(...opened.map(({ endpoint }) => endpoint));
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
        if (serving === isServing) return;
        isServing = serving;
        for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
      },
    },
    close: (graceMs) => {
      for (const port of opened) port.close();
      return closeServer(server, connections, bound, graceMs);
    },
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
