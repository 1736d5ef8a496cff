// Proves with real traffic that a fleet does what xnet promises.
import type { Container } from './container.js';
import type { Fleet } from './fleet.js';
import type { LabHost } from './host.js';
import { openPorts, openSockets } from './open-ports.js';
import { beyond } from './plan.js';

/** Proof is one claim and the outcome of testing it. */
export type Proof = {
  readonly claim: string;
  /** "6/6" */
  readonly outcome: string;
  readonly holds: boolean;
  /** Observations that contradict the claim. */
  readonly details: readonly string[];
};

type Trial = { readonly ok: boolean; readonly seen: string };

async function prove(claim: string, trials: readonly Promise<Trial>[]): Promise<Proof> {
  const results = await Promise.all(trials);
  const failed = results.filter(({ ok }) => !ok);
  return {
    claim,
    outcome: `${results.length - failed.length}/${results.length}`,
    holds: failed.length === 0 && results.length > 0,
    details: failed.slice(0, 3).map(({ seen }) => seen),
  };
}

/** FleetContainer is a container with its address and its host's address. */
export type FleetContainer = {
  readonly container: Container<LabHost>;
  readonly address: string;
  readonly hostAddress: string;
  /** The port of its host that leads to its port 80. Port 81 is not published. */
  readonly port: number;
  readonly subnet: string;
};

/** publishedPort is the port of each host that leads to port 80 of its first container; others have the ports after it. */
export const publishedPort = 8080;

/** composeNetworks are the networks of each host that startContainers makes in mode block, without a subnet of their own. */
export const composeNetworks = ['shop_default', 'blog_default'] as const;

/**
 * startContainers starts one container per host; in mode block also one on each of two networks as docker compose makes them.
 * @param networkOf the Docker network of a host's first container; undefined: Docker's default one
 */
export async function startContainers(
  fleet: Fleet,
  networkOf: (host: LabHost) => string | undefined = () => fleet.network,
): Promise<readonly FleetContainer[]> {
  const nodes = await fleet.nodes();
  const start = async (host: LabHost, name: string, port: number, on: string | undefined): Promise<FleetContainer> => {
    const publish = [`${port}:80`];
    const container = await host.runContainer({ name, publish, ...(on === undefined ? {} : { network: on }) });
    const subnet = nodes.find((node) => node.name === host.name)?.subnet ?? '';
    return { container, address: await container.address(on), hostAddress: host.address, port, subnet };
  };
  const started = await Promise.all(
    fleet.lab.hosts.map(async (host) => {
      const first = await start(host, `c-${host.name}`, publishedPort, networkOf(host));
      if (fleet.options.mode !== 'block') return [first];
      const others: FleetContainer[] = [];
      for (const [index, network] of composeNetworks.entries()) {
        await host.run(['docker', 'network', 'create', network]);
        others.push(await start(host, `${network}-${host.name}`, publishedPort + 1 + index, network));
      }
      return [first, ...others];
    }),
  );
  return started.flat();
}

/** proveFleet tests everything that xnet promises: traffic between all containers, and what is open on the machines. */
export async function proveFleet(fleet: Fleet, containers: readonly FleetContainer[]): Promise<readonly Proof[]> {
  return [...(await proveTraffic(fleet, containers)), ...(await proveClosed(fleet))];
}

/** proveTraffic tests what holds with and without controllers: which places reach each other, and by which address. */
export async function proveTraffic(fleet: Fleet, containers: readonly FleetContainer[]): Promise<readonly Proof[]> {
  const { lab } = fleet;
  // Docker keeps two networks of one host apart, see proveApart.
  const elsewhere = (from: FleetContainer) =>
    containers.filter(({ container }) => container.host !== from.container.host);
  const pairs = containers.flatMap((from) => elsewhere(from).map((to) => [from, to] as const));
  const name = ({ container }: FleetContainer) => container.name;
  // Run in sequence: they share two cores, and a timeout is a failure.
  const ping = await prove(
    'every container reaches every other by ping',
    pairs.map(async ([from, to]) => ({
      ok: await from.container.ping(to.address),
      seen: `${name(from)} -> ${name(to)}: no answer`,
    })),
  );
  const fetched = pairs.map(async ([from, to]) => {
    const result = await from.container.fetch(`${to.address}:81`);
    return { from, to, result };
  });
  const http = await prove(
    'and by HTTP, on a port that is not published',
    fetched.map(async (pending) => {
      const { from, to, result } = await pending;
      return { ok: result.ok, seen: `${name(from)} -> ${name(to)}: ${result.ok ? '' : result.reason}` };
    }),
  );
  const source = await prove("the server sees the client container's own address", [
    ...fetched.map(async (pending) => {
      const { from, to, result } = await pending;
      const seen = result.ok ? result.source : 'nothing';
      return { ok: seen === from.address, seen: `${name(to)} saw ${seen} instead of ${from.address}` };
    }),
  ]);
  const published = await prove(
    'a published port answers the LAN',
    containers.map(async (to) => {
      const result = await lab.stranger.fetch(`${to.hostAddress}:${to.port}`);
      return { ok: result.ok, seen: `${to.hostAddress}:${to.port}: ${result.ok ? '' : result.reason}` };
    }),
  );
  const isLan = fleet.options.mode === 'lan';
  const outside = await prove(
    isLan
      ? 'a container reaches the world outside, under its own address'
      : 'a container reaches the world outside, masqueraded',
    containers.map(async (from) => {
      const result = await from.container.fetch(isLan ? beyond : lab.outside.address);
      const seen = result.ok ? result.source : result.reason;
      const wanted = isLan ? from.address : from.hostAddress;
      return { ok: seen === wanted, seen: `seen with ${seen} instead of ${wanted}` };
    }),
  );
  if (isLan) return [ping, http, source, published, outside, await proveHosts(fleet, containers)];
  await routeStranger(fleet, containers);
  // Both wait for answers that do not come, so they wait together.
  const strangerAway = prove(
    'a stranger on the LAN can not reach an unpublished port',
    containers.map(async (to) => {
      const result = await lab.stranger.fetch(`${to.address}:81`, 2);
      return { ok: !result.ok, seen: `${to.address}:81 answered a stranger` };
    }),
  );
  const closed = fleet.options.mode === 'block' ? [strangerAway, proveApart(containers)] : [strangerAway];
  return [ping, http, source, published, outside, ...(await Promise.all(closed))];
}

// The networks of one host are in one block, and Docker keeps them apart all the same. That these containers answer at all
// is proved from other hosts.
async function proveApart(containers: readonly FleetContainer[]): Promise<Proof> {
  const pairs = containers.flatMap((from) =>
    containers
      .filter((to) => to !== from && to.container.host === from.container.host)
      .map((to) => [from.container, to] as const),
  );
  return prove(
    'containers on two networks of one host do not reach each other',
    pairs.map(async ([from, { container, address }]) => {
      const [pinged, fetched] = await Promise.all([from.ping(address, 2), from.fetch(`${address}:81`, 2)]);
      const by = [...(pinged ? ['ping'] : []), ...(fetched.ok ? ['HTTP'] : [])];
      return { ok: by.length === 0, seen: `${from.name} -> ${container.name}: reached by ${by.join(' and ')}` };
    }),
  );
}

// In mode lan, containers are on the same network as the hosts, and nothing keeps them apart.
async function proveHosts({ lab }: Fleet, containers: readonly FleetContainer[]): Promise<Proof> {
  const pairs = containers.flatMap((to) => lab.hosts.map((host) => [to, host] as const));
  return prove('every host and every container reach each other directly', [
    ...pairs.map(async ([to, host]) => {
      const [there, back] = [await host.ping(to.address), await to.container.ping(host.address)];
      return { ok: there && back, seen: `${host.name} <-> ${to.container.name}: ${there} ${back}` };
    }),
  ]);
}

/** proveClosed inspects everything that xnet has open on all machines of the lab. All controllers must be running. */
export async function proveClosed(fleet: Fleet): Promise<readonly Proof[]> {
  const { hosts, control } = fleet.lab;
  const machines = [control, ...hosts];
  const scans = await Promise.all(
    machines.map(async (machine) => ({
      machine,
      ports: await openPorts(machine),
      sockets: await openSockets(machine),
    })),
  );
  const tls = await prove(
    'no machine has a TCP port of xnet that speaks anything but TLS 1.3',
    scans.map(async ({ machine, ports }) => {
      const wrong = ports.filter(({ plaintext, oldTls, tls }) => plaintext || oldTls || !tls);
      return { ok: wrong.length === 0, seen: `${machine.name}: ${JSON.stringify(wrong)}` };
    }),
  );
  const found = scans.flatMap(({ machine, ports }) => ports.map((port) => ({ machine, ...port })));
  const expected = fleet.controllers.flatMap(({ endpoint, joinEndpoint }) => [
    { at: endpoint, strangers: false },
    { at: joinEndpoint, strangers: true },
  ]);
  const all = new Set([...found.map(({ at }) => at), ...expected.map(({ at }) => at)]);
  const certificates = await prove(
    'no port answers without a certificate, except for joining',
    [...all].map(async (at) => {
      const port = found.find((one) => one.at === at);
      const wanted = expected.find((one) => one.at === at);
      return {
        ok: port !== undefined && wanted !== undefined && port.withoutCertificate === wanted.strangers,
        seen: `${port?.machine.name ?? 'nobody'} ${at}: ${JSON.stringify(port ?? 'is not open')}`,
      };
    }),
  );
  const sockets = await prove(
    'unix sockets of xnet are closed to other users of their machine',
    scans.flatMap(({ machine, sockets }) =>
      sockets.map(async ({ path, mode, forAll }) => ({
        ok: !forAll,
        seen: `${machine.name}: ${path} has mode ${mode.toString(8).padStart(4, '0')}`,
      })),
    ),
  );
  return [tls, certificates, sockets];
}

async function routeStranger(fleet: Fleet, containers: readonly FleetContainer[]): Promise<void> {
  for (const { subnet, container } of containers) await fleet.lab.routeStranger(subnet, container.host);
}
