// The only file that imports dockerode: Engine over a unix socket.
// Invariant: every answer is validated before it is used, and no call waits forever. The library is loaded by the first
// call that finds a socket (0.2 s, 18 MB), so a host without Docker never loads it.
import { statSync } from 'node:fs';
import type Dockerode from 'dockerode';
import * as v from 'valibot';
import { formatIpv4, formatPrefix, type Ipv4 } from '../../../proto/domain/address.js';
import { errnoOf, messageOf, XnetError } from '../../../proto/errors.js';
import { backoffMs, pause } from '../../../proto/process/backoff.js';
import type { Attachment, Engine, EngineEvent, NetworkToCreate } from './engine.js';
import {
  attachmentFrom,
  containersFrom,
  endpointsFrom,
  eventFrom,
  infoFrom,
  networksFrom,
  processFrom,
  versionFrom,
} from './engine-answers.js';
import { socketId, untilSocket } from './socket-watch.js';

// A dockerd that is starting many containers was seen to take seconds to answer; one that hangs never answers.
const callTimeoutMs = 20_000;
// Containers may have any stop timeout; this limit is for one that can't be stopped at all.
const stopTimeoutMs = 300_000;
const reconnectPause = { firstMs: 100, longestMs: 5_000 };
// After these, a new socket is waited for: some 10 s. A dockerd that hangs keeps its socket.
const quickAttempts = 8;
const unseenMs = 60_000;
// An event has a few hundred bytes.
const longestEvent = 1024 * 1024;

/**
 * connectEngine returns the engine of a socket. It connects at the first call.
 * @param socketPath "/var/run/docker.sock"
 */
export function connectEngine(socketPath: string): Engine {
  const clients = new Map<number, Promise<Dockerode>>();
  const client = (timeout: number) => {
    const present = clients.get(timeout) ?? makeClient(socketPath, timeout);
    clients.set(timeout, present);
    return present;
  };
  const call = async <T>(
    work: (docker: Dockerode) => Promise<T>,
    signal: AbortSignal | undefined,
    timeoutMs = callTimeoutMs,
  ): Promise<T> => {
    try {
      // Throws ENOENT, as connecting would: the library is loaded once there is something to ask.
      if (clients.size === 0) statSync(socketPath);
      return await abortable(work(await client(timeoutMs)), signal);
    } catch (error) {
      throw engineError(error, socketPath);
    }
  };
  return {
    version: (signal) => call(async (docker) => versionFrom(await docker.version()), signal),
    info: (signal) => call(async (docker) => infoFrom(await docker.info()), signal),
    networks: (signal) => call(async (docker) => networksFrom(await docker.listNetworks()), signal),
    containers: (signal) => call(async (docker) => containersFrom(await docker.listContainers({ all: true })), signal),
    createNetwork: (network, signal) =>
      call(async (docker) => (await docker.createNetwork(creation(network))).id, signal),
    removeNetwork: (id, signal) =>
      call((docker) => docker.getNetwork(id).remove(), signal).then(nothing, doneIf('NotFound')),
    endpoints: (networkId, signal) =>
      call(async (docker) => endpointsFrom(await docker.getNetwork(networkId).inspect()), signal).catch(
        (error: unknown) => {
          if (error instanceof XnetError && error.code === 'NotFound') return [];
          throw error;
        },
      ),
    attachment: (networkName, containerId, signal) =>
      call(async (docker) => attachmentFrom(await docker.getContainer(containerId).inspect(), networkName), signal),
    connect: (networkId, attachment, signal) =>
      call((docker) => docker.getNetwork(networkId).connect(connection(attachment)), signal).then(
        nothing,
        // "endpoint with name c1 already exists in network xnet"
        doneIf(/already exists in network/),
      ),
    disconnect: (networkId, containerId, signal) =>
      call((docker) => docker.getNetwork(networkId).disconnect({ Container: containerId, Force: true }), signal).then(
        nothing,
        // "container 0c5e… is not connected to network xnet"
        doneIf('NotFound', /is not connected to/),
      ),
    stopContainer: (id, signal) =>
      call((docker) => docker.getContainer(id).stop(), signal, stopTimeoutMs).then(
        nothing,
        doneIf('NotFound', 'AlreadyExists'),
      ),
    startContainer: (id, signal) =>
      call((docker) => docker.getContainer(id).start(), signal, stopTimeoutMs).then(nothing, doneIf('AlreadyExists')),
    process: (containerId, signal) =>
      call(async (docker) => processFrom(await docker.getContainer(containerId).inspect()), signal).catch(
        doneIf('NotFound'),
      ),
    events: (signal) => eventsOf(socketPath, () => client(0), signal),
  };
}

async function makeClient(socketPath: string, timeout: number): Promise<Dockerode> {
  const { default: Docker } = await import('dockerode');
  // A connection kept alive across a restart of dockerd would fail the first call after it.
  const headers = { Connection: 'close' };
  // An empty host: otherwise DOCKER_HOST of the environment would take precedence over the socket.
  return new Docker({ socketPath, host: '', protocol: 'http', headers, ...(timeout > 0 ? { timeout } : {}) });
}

function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const cancel = () => reject(new XnetError('Cancelled', 'a call to Docker was given up'));
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel));
  });
}

function nothing(): undefined {
  return undefined;
}

function doneIf(...outcomes: readonly (XnetError['code'] | RegExp)[]): (error: unknown) => undefined {
  return (error) => {
    const done = outcomes.some((outcome) =>
      outcome instanceof RegExp ? outcome.test(messageOf(error)) : error instanceof XnetError && error.code === outcome,
    );
    if (!done) throw error;
    return undefined;
  };
}

const codesOfStatus: Readonly<Record<number, XnetError['code']>> = {
  // Already started or stopped.
  304: 'AlreadyExists',
  400: 'InvalidArgument',
  403: 'FailedPrecondition',
  404: 'NotFound',
  409: 'AlreadyExists',
  503: 'Unavailable',
};

function engineError(error: unknown, socketPath: string): unknown {
  if (error instanceof XnetError) return error;
  if (error instanceof v.ValiError) {
    return new XnetError('Internal', `Docker's answer does not match its API: ${error.message}`);
  }
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : undefined;
  if (status === undefined) {
    const code = errnoOf(error) === 'EACCES' ? 'PermissionDenied' : 'Unavailable';
    return new XnetError(code, `Docker does not answer at ${socketPath}: ${messageOf(error)}`, { cause: error });
  }
  const answer = v.safeParse(v.object({ json: v.object({ message: v.string() }) }), error);
  const message = answer.success ? answer.output.json.message : messageOf(error);
  return new XnetError(codesOfStatus[status] ?? 'Internal', message.trim(), { cause: error });
}

function connection({ containerId, aliases, address }: Attachment): Dockerode.NetworkConnectOptions {
  const ipam = address === undefined ? {} : { IPAMConfig: { IPv4Address: formatIpv4(address) } };
  return { Container: containerId, EndpointConfig: { ...ipam, Aliases: [...aliases] } };
}

const besideOptions = {
  'com.docker.network.bridge.inhibit_ipv4': 'true',
  // With it, Docker would masquerade what comes from the LAN to other networks of the host, and serve all published ports
  // through its proxy, which hides the client's address.
  'com.docker.network.bridge.enable_ip_masquerade': 'false',
} as const;

const unprotectedOptions = { 'com.docker.network.bridge.gateway_mode_ipv4': 'nat-unprotected' } as const;

// Docker wants a name for each.
function named(addresses: readonly Ipv4[]): Readonly<Record<string, string>> {
  return Object.fromEntries(addresses.map((address, index) => [`xnet-${index}`, formatIpv4(address)]));
}

function creation(network: NetworkToCreate): Dockerode.NetworkCreateOptions {
  return {
    Name: network.name,
    Driver: 'bridge',
    // Without this, engines before 25 create a second network of the same name.
    CheckDuplicate: true,
    IPAM: {
      Driver: 'default',
      Config: [
        {
          Subnet: formatPrefix(network.subnet),
          Gateway: formatIpv4(network.gateway),
          ...(network.range === undefined ? {} : { IPRange: formatPrefix(network.range) }),
          ...(network.beside === undefined ? {} : { AuxiliaryAddresses: named(network.beside.excluded) }),
        },
      ],
    },
    Options: {
      'com.docker.network.bridge.name': network.bridgeName,
      ...(network.beside === undefined ? {} : besideOptions),
      ...(network.beside?.isUnprotected === true ? unprotectedOptions : {}),
    },
    Labels: { ...network.labels },
  };
}

// Events that can change what xnet observes. The two exec events of each health check can't.
const watched = {
  type: ['container', 'network', 'daemon'],
  event: ['create', 'start', 'die', 'destroy', 'remove', 'connect', 'disconnect', 'reload'],
};

async function* eventsOf(
  socketPath: string,
  client: () => Promise<Dockerode>,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    let isConnected = false;
    const socket = socketId(socketPath);
    try {
      if (socket === undefined) throw new Error('there is no socket');
      const docker = await client();
      const stream = await docker.getEvents({ abortSignal: signal, filters: JSON.stringify(watched) });
      attempt = 0;
      isConnected = true;
      yield { kind: 'connected' };
      yield* eventsFrom(stream);
    } catch {
      // The socket is absent or closed: dockerd may return at any time.
    }
    if (isConnected && !signal.aborted) yield { kind: 'disconnected' };
    if (attempt < quickAttempts) await pause(backoffMs(attempt + 1, reconnectPause, Math.random()), signal);
    else {
      await untilSocket(socketPath, socket, { ms: unseenMs, unwatchedMs: reconnectPause.longestMs, signal });
      if (socketId(socketPath) !== socket) attempt = 0;
    }
  }
}

async function* eventsFrom(stream: NodeJS.ReadableStream): AsyncGenerator<EngineEvent> {
  let rest = '';
  for await (const chunk of stream) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestEvent) throw new XnetError('Internal', 'an event of Docker does not end');
    for (const line of lines) {
      const event = eventFrom(line);
      if (event !== undefined) yield event;
    }
  }
}
