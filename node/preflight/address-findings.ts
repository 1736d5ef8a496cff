// Decides whether a lease, a pool and the networks that Docker chooses conflict on this host. Pure.
// Invariant: docker0's present network does not count against a lease that replaces it, but is named, because it takes the
// traffic of peers until then.
import {
  formatPrefix,
  type Prefix,
  parsePrefix,
  prefixCovers,
  prefixesEqual,
  prefixesOverlap,
  prefixOf,
} from '../../proto/domain/address.js';
import { docker0Length, usesDocker0 } from '../../proto/domain/network.js';
import { isOurNetwork } from '../docker/bridge/plan.js';
import type { EngineNetwork } from '../docker/engine/engine.js';
import type { HostInterface } from '../docker/engine/interfaces.js';
import { type NetworkOverlap, overlapFinding, overlapping } from '../docker/engine/preflight.js';
import type { KernelRoute } from '../kernel/route-kernel.js';
import { formatRoute, type Names, removeCommand } from '../routes/format.js';
import { leads } from '../routes/ownership.js';
import { type PreflightFinding, rated } from './finding.js';
import { type KnownLease, mayGetBip, type PreflightRequest } from './request.js';

/** AddressesSeen are the addresses that the host uses. */
export type AddressesSeen = {
  /** Docker's networks; none if it can't be asked. */
  readonly networks: readonly EngineNetwork[];
  readonly interfaces: readonly HostInterface[];
  /** Whether containers run on docker0, or may do so. */
  readonly isDocker0InUse: boolean;
  /** Routes of the main table that lie within the pools and leases. */
  readonly routes: readonly KernelRoute[];
  readonly names: Names;
  /** rtm_protocol of xnet's routes. */
  readonly protocol: number;
  /** dockerd's default-address-pools, the JSON of daemon.json or "base=10.9.0.0/16,size=24" of a flag; undefined: not set. */
  readonly defaultPools: string | undefined;
  /** Path of daemon.json. */
  readonly path: string;
};

const RTPROT_KERNEL = 2;
const docker0 = 'docker0';

/** addressFindings lists what overlaps. */
export function addressFindings(seen: AddressesSeen, request: PreflightRequest): readonly PreflightFinding[] {
  const { leases, pools } = request;
  if (leases.length === 0 && pools.length === 0) {
    const message = 'neither a lease nor a pool is known, so nothing was compared with the addresses of this host';
    const fix = 'xnetd preflight --subnet SUBNET --pool CIDR, with what xctl nodes add leased';
    return [{ severity: 'info', reason: 'LeaseUnknown', message, fix }];
  }
  return [
    ...leases.flatMap((lease) => leaseFindings(seen, lease)),
    ...pools.flatMap((pool) => poolFindings(seen, request, pool)),
    ...routeFindings(seen, request),
    ...defaultPoolFindings(seen, request),
  ];
}

function replaced({ networks }: AddressesSeen, isBip: boolean): ReadonlySet<string> {
  const own = networks.filter((network) => isOurNetwork(network) || (isBip && network.isDefault));
  return new Set([...own.flatMap(({ id, bridgeName = '' }) => [id, bridgeName]), ...(isBip ? [docker0] : [])]);
}

// In mode block, other networks may already have parts of the lease, but not of docker0's part. In mode bridge, the
// lease may be for a network that already has exactly its subnet.
function replacedBy(seen: AddressesSeen, { mode, subnet }: KnownLease): ReadonlySet<string> {
  const ofBlock = prefixOf(subnet.network, docker0Length);
  const isWithin = ({ subnets, isDefault }: EngineNetwork) =>
    !isDefault &&
    ((mode === 'block' &&
      subnets.every(({ prefix }) => prefixCovers(subnet, prefix) && !prefixesOverlap(prefix, ofBlock))) ||
      (mode === 'bridge' && subnets.some(({ prefix }) => prefixesEqual(prefix, subnet))));
  const within = seen.networks.filter(isWithin);
  return new Set([...replaced(seen, usesDocker0(mode)), ...within.map(({ id }) => id)]);
}

function leaseFindings(seen: AddressesSeen, lease: KnownLease): readonly PreflightFinding[] {
  const { networks } = seen;
  // In mode lan, the lease lies in the network of the host itself.
  const isAround = ({ address, length }: HostInterface['addresses'][number]) =>
    lease.mode === 'lan' && prefixCovers(prefixOf(address, length), lease.subnet);
  const interfaces = seen.interfaces.map(({ name, addresses }) => ({
    name,
    addresses: addresses.filter((each) => !isAround(each)),
  }));
  const taken = overlapping(lease.subnet, { networks, interfaces }, replacedBy(seen, lease));
  return taken.flatMap((each) => {
    const finding = overlapFinding(lease.subnet, [each]);
    return finding === undefined ? [] : [rated('stops', finding)];
  });
}

function poolFindings(seen: AddressesSeen, request: PreflightRequest, pool: Prefix): readonly PreflightFinding[] {
  const { leases } = request;
  const isBip = mayGetBip(request);
  const isLeased = ({ prefix }: NetworkOverlap) => leases.some(({ subnet }) => prefixCovers(subnet, prefix));
  const except = replaced(seen, isBip);
  const found = overlapping(pool, seen, except)
    .filter((taken) => !isLeased(taken))
    .map(({ prefix, by }): PreflightFinding => {
      const message =
        `the pool ${formatPrefix(pool)} overlaps ${formatPrefix(prefix)} of ${by}: peers whose subnets lie in it are not ` +
        'routed to';
      const fix = `remove or renumber ${by}, or use another pool`;
      return { severity: 'warns', reason: 'PoolOverlapsHost', message, fix };
    });
  const present =
    isBip && seen.isDocker0InUse
      ? overlapping(pool, seen, new Set()).filter(({ prefix }) => ofDocker0(seen, prefix))
      : [];
  const [first] = present.filter((taken) => !isLeased(taken));
  if (first === undefined) return found;
  const message =
    `docker0 has ${formatPrefix(first.prefix)}, which overlaps the pool ${formatPrefix(pool)}: until docker0 has its lease, ` +
    'routes to peers take the traffic of containers whose addresses lie in the subnets of peers';
  const fix = 'stop the containers on docker0 before xnetd starts, or use another pool';
  return [...found, { severity: 'warns', reason: 'PoolOverlapsDocker0', message, fix }];
}

function ofDocker0({ networks, interfaces }: AddressesSeen, prefix: Prefix): boolean {
  const ofNetwork = networks.some(
    (network) => network.isDefault && network.subnets.some((each) => prefixesOverlap(each.prefix, prefix)),
  );
  const link = interfaces.find(({ name }) => name === docker0);
  return (
    ofNetwork ||
    (link?.addresses ?? []).some(({ address }) => prefixesOverlap({ network: address, length: 32 }, prefix))
  );
}

function routeFindings(
  { routes, names, protocol }: AddressesSeen,
  { leases, pools, routes: known }: PreflightRequest,
): readonly PreflightFinding[] {
  const foreign = routes.filter(
    (route) => route.destination.length > 0 && route.protocol !== protocol && route.protocol !== RTPROT_KERNEL,
  );
  return foreign.flatMap((route): readonly PreflightFinding[] => {
    const text = formatRoute(route, names);
    const own = leases.find(({ subnet }) => prefixesOverlap(subnet, route.destination));
    if (own !== undefined && route.destination.length >= own.subnet.length) {
      const message = `this host's own subnet is routed away from its bridge: "${text}"`;
      return [{ severity: 'stops', reason: 'OwnSubnetRouted', message, fix: removeCommand(route, names) }];
    }
    const pool = pools.find((each) => prefixCovers(each, route.destination));
    if (pool === undefined) return [];
    const peer = known.find(({ subnet }) => prefixesEqual(subnet, route.destination));
    // The daemon leaves such a route, or takes it over.
    if (peer !== undefined && leads(route, peer.nextHop, undefined, names.nextHops)) return [];
    const message =
      `a part of the pool ${formatPrefix(pool)} is routed by a route that is not xnet's: "${text}". It stays; xnetd reports it ` +
      'unless it leads to the peer that has that subnet';
    return [{ severity: 'warns', reason: 'ForeignRoute', message, fix: removeCommand(route, names) }];
  });
}

// The ranges that dockerd uses for new networks by default: libnetwork/ipamutils, the local scope. Parts of /16 and of
// /20.
const dockersOwn = ['172.16.0.0/12', '192.168.0.0/16'];
// Ranges to offer instead: the first free one.
const candidates = ['172.30.0.0/16', '192.168.224.0/19', '10.213.0.0/16', '100.90.0.0/16'];

function defaultPoolFindings(
  { defaultPools, path, interfaces, networks }: AddressesSeen,
  { leases, pools, mode }: PreflightRequest,
): readonly PreflightFinding[] {
  // In mode block Docker takes them from the lease; ranges that xnet did not set are refused elsewhere.
  if (leases.length === 0 ? mode === 'block' : leases.some((lease) => lease.mode === 'block')) return [];
  // Docker makes no network in a range that the host itself is on, such as the LAN.
  const wanted = [...pools, ...leases.filter((lease) => lease.mode !== 'lan').map(({ subnet }) => subnet)];
  const bases = prefixesFrom(defaultPools === undefined ? dockersOwn : basesOf(defaultPools));
  const inWay = bases.filter(
    (base) =>
      wanted.some((range) => prefixesOverlap(range, base)) && !leases.some(({ subnet }) => prefixCovers(subnet, base)),
  );
  const [first] = inWay;
  if (first === undefined) return [];
  const range = wanted.find((each) => prefixesOverlap(each, first));
  const whose = defaultPools === undefined ? "Docker's own default" : `"default-address-pools" of ${path}`;
  const message =
    `Docker takes subnets for new networks from ${inWay.map(formatPrefix).join(', ')} (${whose}), which overlaps ` +
    `${range === undefined ? 'the pool' : formatPrefix(range)}: a network that it makes there hides peers from this host`;
  const used = { networks, interfaces };
  const free = prefixesFrom(candidates).find(
    (each) => !wanted.some((one) => prefixesOverlap(one, each)) && overlapping(each, used, new Set()).length === 0,
  );
  const base = free === undefined ? 'CIDR' : formatPrefix(free);
  const fix = `in ${path}: "default-address-pools": [{"base": "${base}", "size": 24}], and restart Docker`;
  return [{ severity: 'warns', reason: 'DefaultPoolsOverlap', message, fix }];
}

function prefixesFrom(texts: readonly string[]): readonly Prefix[] {
  return texts.flatMap((text) => parsePrefix(text) ?? []);
}

function basesOf(text: string): readonly string[] {
  return [...text.matchAll(/base"?\s*[:=]\s*"?([\d./]+)/gi)].map(([, base = '']) => base);
}
