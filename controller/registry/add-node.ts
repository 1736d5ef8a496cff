// Decides how a node is added: which pool, which subnet, and which guards the commit needs. Pure.
import {
  formatIpv4,
  formatPrefix,
  type Ipv4,
  type Prefix,
  prefixesEqual,
  prefixesOverlap,
  prefixKey,
} from '../../proto/domain/address.js';
import type { HostNetwork, Mode } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { keys, prefixes } from '../store/keys.js';
import { encode, unknownFields } from '../store/record-codec.js';
import type { LeaseRecord, NodeRecord, PoolRecord } from '../store/records.js';
import type { HeldLease } from '../view/held.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { chooseSubnet, isInDoubt, type PoolState, type Wish } from './allocate.js';
import { absent, asSeen, put } from './guards.js';
import type { KeptNetwork } from './kept-networks.js';
import { grantGuards, hostGuards, isOfLan, requireOnLan } from './lan.js';
import { choosePool, poolState, requireFreeAddress, requireFreeName, requireNode, sameLabels } from './lookup.js';
import type { Decision } from './mutation.js';
import { requireMode } from './node-leases.js';
import { hindering } from './node-networks.js';
import { usageOf } from './usage.js';

/** NewNode describes a node to add. Absent fields are chosen for it. */
export type NewNode = {
  readonly name: string;
  readonly address: Ipv4;
  readonly pool?: string;
  readonly subnet?: Prefix;
  readonly mode?: Mode;
  readonly labels: Readonly<Record<string, string>>;
  /** Networks of the host itself, if it reported any. */
  readonly networks?: readonly HostNetwork[];
  /** The network of the host that it keeps: it has pool and subnet. */
  readonly kept?: KeptNetwork;
};

function exhausted(state: PoolState, own: readonly HostNetwork[], nowMs: number): XnetError {
  const usage = usageOf(state, nowMs);
  const inTheWay = own.filter(({ prefix }) => prefixesOverlap(prefix, state.record.cidr));
  const besides =
    inTheWay.length === 0
      ? ''
      : ` that does not overlap the host's own ${inTheWay.map(({ prefix, source }) => `${formatPrefix(prefix)} (${source})`).join(', ')}`;
  return new XnetError(
    'PoolExhausted',
    `pool ${state.name} (${formatPrefix(state.record.cidr)}) has no free subnet${besides}: of ${usage.total}, ` +
      `${usage.leased} are leased, ${usage.reserved} reserved, ${usage.quarantined} in quarantine`,
    {
      hint:
        (isInDoubt(state.doubt, undefined, nowMs)
          ? 'the store was restored from a backup: subnets that it does not have may be in use, and stay in quarantine for ' +
            'one quarantine period; '
          : '') +
        'end a reservation (xctl pools unreserve), a quarantine (xctl leases release), or create another pool ' +
        '(xctl pools create NAME CIDR) and use it with --pool',
    },
  );
}

function existingNode(view: ReadonlyView, id: string, wanted: NewNode): Decision {
  const node = requireNode(view, id);
  const leases = leasesOf(view, id);
  const fits = (lease: HeldLease) =>
    (wanted.pool === undefined || wanted.pool === lease.pool) &&
    (wanted.subnet === undefined || prefixesEqual(wanted.subnet, lease.subnet));
  const lease = leases.find(fits) ?? leases[0];
  const pool = lease?.pool;
  const differences = [
    node.address === wanted.address ? '' : `its address is ${formatIpv4(node.address)}`,
    wanted.pool === undefined || wanted.pool === pool ? '' : `its pool is ${pool ?? 'unknown'}`,
    wanted.subnet === undefined || lease === undefined || prefixesEqual(wanted.subnet, lease.subnet)
      ? ''
      : `its subnet is ${formatPrefix(lease.subnet)}`,
    wanted.mode === undefined || wanted.mode === node.mode || wanted.mode === poolMode(view, pool)
      ? ''
      : 'its mode differs',
    sameLabels(wanted.labels, node.labels) || Object.keys(wanted.labels).length === 0 ? '' : 'its labels differ',
  ].filter((difference) => difference !== '');
  if (differences.length === 0) return { subject: id };
  throw new XnetError('AlreadyExists', `node ${node.name} already exists: ${differences.join(', ')}`, {
    hint: `change it with: xctl nodes set ${node.name}, or choose another name`,
  });
}

function poolMode(view: ReadonlyView, pool: string | undefined): Mode | undefined {
  return pool === undefined ? undefined : view.pools.get(pool)?.record.mode;
}

// The pool of the static routes to the host. The lease replaces such a route, because another subnet would renumber the
// host's Docker. Undefined: there is no such pool, or several.
function poolOfRoutes(view: ReadonlyView, { address, subnet }: NewNode): string | undefined {
  const pools = new Set<string>();
  for (const [pool, { unleased }] of view.subnetsOfPool) {
    for (const [id, record] of unleased) {
      if (record.state !== 'static' || record.nextHop !== address) continue;
      if (subnet === undefined || prefixKey(subnet) === id) pools.add(pool);
    }
  }
  return pools.size === 1 ? [...pools][0] : undefined;
}

/** AddInput holds everything that the decision to add a node depends on. */
export type AddInput = {
  readonly view: ReadonlyView;
  readonly nodeId: string;
  readonly wanted: NewNode;
  readonly nowMs: number;
  /** prefixKeys of the subnets that pending commits of this controller write. */
  readonly taken: ReadonlySet<number>;
  /** See chooseSubnet. */
  readonly spread: number;
};

/**
 * decideAdd decides how to add a node. It decides on no change when the same node exists already.
 * @throws XnetError NotFound, AlreadyExists, InvalidArgument, FailedPrecondition, PoolExhausted
 */
export function decideAdd(input: AddInput): Decision {
  const { view, wanted, nowMs, taken, spread } = input;
  const existing = view.nodeOfName.get(wanted.name);
  if (existing !== undefined) return existingNode(view, existing, wanted);
  requireFreeName(view, wanted.name);
  requireFreeAddress(view, wanted.address, undefined);
  const pool = choosePool(view, wanted.pool ?? poolOfRoutes(view, wanted));
  const state = poolState(view, pool);
  const placement = { ...state.record, mode: wanted.mode ?? state.record.mode, ...wanted.kept };
  requireMode(view, { mode: placement.mode, pool });
  requireOnLan(pool, state.record, wanted.address);
  const own = hindering(wanted.networks ?? [], placement);
  const { name, address } = wanted;
  const choice = { name, address, pool, own, nowMs, taken, spread };
  const subnet = chooseFor(view, { ...choice, ...(wanted.subnet === undefined ? {} : { subnet: wanted.subnet }) });
  return additionOf(input, pool, subnet);
}

/** Choice is the inputs of the subnet for a node besides the view. */
export type Choice = Pick<NewNode, 'name' | 'address' | 'subnet'> &
  Pick<AddInput, 'nowMs' | 'taken' | 'spread'> & {
    readonly pool: string;
    /** Networks of the host itself that its subnet must not overlap. */
    readonly own: readonly HostNetwork[];
  };

/** avoidedIn returns the networks of hosts in the range of a pool; the LAN that it lies in is none. */
export function avoidedIn(view: ReadonlyView, { cidr, lan }: Pick<PoolRecord, 'cidr' | 'lan'>): readonly Prefix[] {
  const networks = view.hostNetworks.overlapping(cidr).map(({ prefix }) => prefix);
  return lan === undefined ? networks : networks.filter((prefix) => !isOfLan(lan, prefix));
}

/**
 * chooseFor returns the subnet of a pool to lease to a node.
 * @throws XnetError NotFound, InvalidArgument, FailedPrecondition, PoolExhausted
 */
export function chooseFor(view: ReadonlyView, choice: Choice): Prefix {
  const { name, address, subnet: wanted, pool, own, nowMs, taken, spread } = choice;
  const state = poolState(view, pool);
  const wish: Wish = {
    nodeName: name,
    address,
    own,
    avoid: avoidedIn(view, state.record),
    ...(wanted === undefined ? {} : { subnet: wanted }),
  };
  // If a pending commit takes the last free subnet, fall back to that subnet: the pending commit can still fail.
  const subnet = chooseSubnet(poolState(view, pool, taken), wish, nowMs, spread) ?? chooseSubnet(state, wish, nowMs);
  if (subnet === undefined) throw exhausted(state, own, nowMs);
  return subnet;
}

function networkOfLease(kept: KeptNetwork | undefined): Pick<LeaseRecord, 'mode' | 'networkName' | 'bridgeName'> {
  if (kept === undefined) return {};
  const { mode, networkName, bridgeName } = kept;
  return mode === 'bip' || networkName === undefined || bridgeName === undefined
    ? { mode }
    : { mode, networkName, bridgeName };
}

function additionOf({ view, nodeId, wanted, nowMs }: AddInput, pool: string, subnet: Prefix): Decision {
  const subnetKey = keys.subnet(pool, subnet);
  const before = view.subnets.get(prefixKey(subnet))?.record;
  const generation = (before?.generation ?? 0) + 1;
  const lease = { state: 'leased' as const, node: nodeId, generation, sinceMs: nowMs, ...networkOfLease(wanted.kept) };
  const record: NodeRecord = {
    name: wanted.name,
    address: wanted.address,
    labels: { ...wanted.labels },
    availability: 'active',
    ...(wanted.mode === undefined ? {} : { mode: wanted.mode }),
    createdMs: nowMs,
  };
  return {
    subject: nodeId,
    change: {
      guards: [
        absent(keys.name(wanted.name)),
        absent(keys.address(wanted.address)),
        asSeen(view, subnetKey),
        asSeen(view, keys.pool(pool)),
        // No new pool may cover the node's address.
        { kind: 'unchanged', prefix: prefixes.pools, since: view.revision },
        ...grantGuards(view, pool),
        ...hostGuards(view, wanted.address),
      ],
      operations: [
        put(keys.node(nodeId), encode('node', record)),
        put(keys.name(wanted.name), encode('name', { node: nodeId })),
        put(keys.address(wanted.address), encode('address', { node: nodeId })),
        put(subnetKey, encode('subnet', { ...unknownFields('subnet', before), ...lease })),
      ],
      event: {
        reason: 'NodeAdded',
        subject: `node/${wanted.name}`,
        message: `leased ${formatPrefix(subnet)} of pool ${pool} to ${wanted.name} at ${formatIpv4(wanted.address)}`,
      },
    },
  };
}
