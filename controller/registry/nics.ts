// Decides how containers get and lose nics. Pure, except for NicRegistry, which commits the decisions.
// Invariant: all nics of a node are one record, which every change guards: no two have the same address, and no two of one
// container the same name. Subnets have one holder, so an address is unique in the fleet.
import { formatIpv4, formatPrefix, type Ipv4, ipv4FromNumber, lastAddress } from '../../proto/domain/address.js';
import { bridgeNetwork, dockerRange, nicProblem } from '../../proto/domain/docker-range.js';
import type { Lease } from '../../proto/domain/network.js';
import { mostNics } from '../../proto/domain/nic.js';
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { NicsRecord } from '../store/records.js';
import { statedLeases } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { asSeen, type MutationId, put } from './guards.js';
import { poolState, requireDecodable, requireNode } from './lookup.js';
import { type Context, type Decision, type MutationResult, mutate } from './mutation.js';
import { nodeGuards, requireFeature, requireLeases } from './node-leases.js';

/** NewNic describes a nic to add. Absent fields are chosen for it. */
export type NewNic = {
  readonly container: string;
  readonly pool?: string;
  readonly address?: Ipv4;
  readonly interfaceName?: string;
};

/** NicRecord is one nic of a node. */
export type NicRecord = NicsRecord['nics'][number];

/** nicRecords returns the nics of a node. */
export function nicRecords(view: ReadonlyView, nodeId: string): readonly NicRecord[] {
  return view.nics.get(nodeId)?.record.nics ?? [];
}

/** AskedAddresses maps addresses that Docker gave away although nics could have them to their containers, as a host reports. */
export type AskedAddresses = ReadonlyMap<Ipv4, string>;

/**
 * decideAddNic decides how a container of a node gets a nic. It decides on no change when it has that one already.
 * @param asked of the node, as far as this controller knows: the host checks again before it makes the nic
 * @throws XnetError NotFound, AlreadyExists, FailedPrecondition, PoolExhausted
 */
export function decideAddNic(
  view: ReadonlyView,
  nodeId: string,
  wanted: NewNic,
  { nowMs, asked }: { readonly nowMs: number; readonly asked: AskedAddresses },
): Decision {
  const node = requireNode(view, nodeId);
  const key = keys.nics(nodeId);
  requireDecodable(view, key);
  const held = requireLeases(view, nodeId);
  const nics = nicRecords(view, nodeId);
  const existing = existingNic(nics, wanted);
  if (existing !== undefined) return { subject: formatIpv4(existing.address) };
  requireFeature(view, nodeId, 'nics');
  if (node.availability === 'leaving') throw new XnetError('FailedPrecondition', `${node.name} is leaving`);
  if (nics.length >= mostNics) {
    throw new XnetError('FailedPrecondition', `${node.name} has ${nics.length} nics, the most that a node can have`, {
      hint: `remove some: xctl nics list --node ${node.name}`,
    });
  }
  const leases = usableLeases(view, nodeId, node.name, wanted);
  const address = chooseAddress(leases, nics, wanted.address, asked);
  const { container, interfaceName = freeName(nics, container) } = wanted;
  const nic: NicRecord = { address, container, interfaceName, addedMs: nowMs };
  const record: NicsRecord = { ...view.nics.get(nodeId)?.record, nics: [...nics, nic] };
  return {
    subject: formatIpv4(address),
    change: {
      // The addresses of a lease end with it.
      guards: [asSeen(view, key), ...nodeGuards(view, nodeId, held)],
      operations: [put(key, encode('nics', record))],
      event: {
        reason: 'NicAdded',
        subject: `node/${node.name}`,
        message: `${formatIpv4(address)} for container ${container}, as ${interfaceName}`,
      },
    },
  };
}

function existingNic(nics: readonly NicRecord[], wanted: NewNic): NicRecord | undefined {
  const { container, address, interfaceName } = wanted;
  const holder = nics.find((nic) => nic.address === address);
  if (holder !== undefined) {
    const isSame = holder.container === container && [holder.interfaceName, undefined].includes(interfaceName);
    if (isSame) return holder;
    throw new XnetError(
      'AlreadyExists',
      `${formatIpv4(holder.address)} is the address of ${holder.interfaceName} of container ${holder.container}`,
    );
  }
  const namesake = nics.find((nic) => nic.container === container && nic.interfaceName === interfaceName);
  if (namesake === undefined || address === undefined) return namesake;
  throw new XnetError(
    'AlreadyExists',
    `${interfaceName} of container ${container} has the address ${formatIpv4(namesake.address)}`,
    { hint: `choose another name, or remove it: xctl nics remove ${formatIpv4(namesake.address)}` },
  );
}

function usableLeases(
  view: ReadonlyView,
  nodeId: string,
  name: string,
  { pool, address }: NewNic,
): readonly [Lease, ...Lease[]] {
  if (pool !== undefined) poolState(view, pool);
  const staying = statedLeases(view, nodeId, undefined).filter((lease) => lease.state !== 'ending');
  const ofPool = staying.filter((lease) => pool === undefined || lease.pool === pool);
  if (ofPool.length === 0) {
    throw new XnetError('FailedPrecondition', `${name} has no lease of pool ${pool}`, {
      hint: `its leases: ${staying.map((lease) => `${formatPrefix(lease.subnet)} of pool ${lease.pool}`).join(', ')}`,
    });
  }
  if (address !== undefined) {
    const problems = ofPool.map((lease) => [lease, nicProblem(lease, address)] as const);
    const fitting = problems.find(([, problem]) => problem === undefined);
    if (fitting !== undefined) return [fitting[0]];
    const near = problems.find(([, problem]) => problem !== 'outside') ?? problems[0];
    throw unusable(name, address, near?.[0] ?? staying[0], near?.[1]);
  }
  const [first, ...more] = ofPool.filter((lease) => dockerRange(lease) !== undefined);
  if (first !== undefined) return [first, ...more];
  throw new XnetError('FailedPrecondition', `Docker hands out all addresses of ${listed(ofPool)} on ${name}`, {
    hint: divided,
  });
}

const divided =
  'nics need a pool with a docker length: xctl pools create NAME CIDR --docker-length 25; then xctl nodes move, or ' +
  'xctl leases add NODE --pool NAME --mode bridge';

function listed(leases: readonly Lease[]): string {
  return leases.map(({ subnet }) => formatPrefix(subnet)).join(', ');
}

function unusable(
  name: string,
  address: Ipv4,
  lease: Lease | undefined,
  problem: ReturnType<typeof nicProblem>,
): XnetError {
  const text = formatIpv4(address);
  if (lease === undefined || problem === 'outside') {
    const what = lease === undefined ? 'a lease' : formatPrefix(bridgeNetwork(lease));
    return new XnetError('FailedPrecondition', `${text} is not in ${what} of ${name}`);
  }
  const network = formatPrefix(bridgeNetwork(lease));
  if (problem === 'broadcast')
    return new XnetError('FailedPrecondition', `${text} is the broadcast address of ${network}`);
  const range = dockerRange(lease);
  return new XnetError(
    'FailedPrecondition',
    `Docker hands out ${text}, as all of ${formatPrefix(range ?? lease.subnet)}`,
    {
      hint: range === undefined ? divided : `choose one of the rest of ${network}, or none: it is chosen then`,
    },
  );
}

function chooseAddress(
  leases: readonly [Lease, ...Lease[]],
  nics: readonly NicRecord[],
  wanted: Ipv4 | undefined,
  asked: AskedAddresses,
): Ipv4 {
  const holder = wanted === undefined ? undefined : asked.get(wanted);
  if (wanted !== undefined && holder !== undefined) {
    throw new XnetError('FailedPrecondition', `Docker has given ${formatIpv4(wanted)} to the container ${holder}`, {
      hint: `choose another, or none: it is chosen then; or start ${holder} with another --ip`,
    });
  }
  if (wanted !== undefined) return wanted;
  const taken = new Set([...asked.keys(), ...nics.map(({ address }) => address)]);
  for (const lease of leases) {
    const first = lastAddress(dockerRange(lease) ?? lease.subnet) + 1;
    for (let number = first; number < lastAddress(bridgeNetwork(lease)); number += 1) {
      const address = ipv4FromNumber(number);
      if (!taken.has(address)) return address;
    }
  }
  throw new XnetError('PoolExhausted', `all addresses for nics in ${listed(leases)} are taken`, {
    hint: 'remove nics that are not needed: xctl nics list',
  });
}

// Not eth1: Docker gives such names to its interfaces, and fails if one is taken.
function freeName(nics: readonly NicRecord[], container: string): string {
  const names = new Set(nics.filter((nic) => nic.container === container).map(({ interfaceName }) => interfaceName));
  for (let index = 0; ; index += 1) if (!names.has(`nic${index}`)) return `nic${index}`;
}

/** FoundNic is a nic and its node. */
export type FoundNic = { readonly nodeId: string; readonly nic: NicRecord };

/**
 * findNic returns the nic of an address. If the record of a former holder of the subnet names the address as well, it is the nic
 * of the present holder.
 * @throws XnetError NotFound
 */
export function findNic(view: ReadonlyView, address: Ipv4): FoundNic {
  const all = [...view.nics.keys()].flatMap((nodeId) =>
    nicRecords(view, nodeId)
      .filter((nic) => nic.address === address)
      .map((nic) => ({ nodeId, nic })),
  );
  const found = all.find(({ nodeId }) => leaseOfNic(view, nodeId, address) !== undefined) ?? all[0];
  if (found !== undefined) return found;
  throw new XnetError('NotFound', `there is no nic with the address ${formatIpv4(address)}`, {
    hint: 'see: xctl nics list',
  });
}

/** leaseOfNic returns the lease of a node that the address of a nic is in; undefined: it has ended. */
export function leaseOfNic(view: ReadonlyView, nodeId: string, address: Ipv4): Lease | undefined {
  return statedLeases(view, nodeId, undefined).find((lease) => nicProblem(lease, address) === undefined);
}

/**
 * decideRemoveNic decides how a container loses a nic.
 * @throws XnetError NotFound
 */
export function decideRemoveNic(view: ReadonlyView, address: Ipv4): Decision {
  const { nodeId, nic } = findNic(view, address);
  const key = keys.nics(nodeId);
  requireDecodable(view, key);
  const nics = nicRecords(view, nodeId).filter((other) => other.address !== address);
  // An empty record stays: by its revision, the host knows which list is newer.
  const isOver = nics.length === 0 && view.modRevisionOf(keys.node(nodeId)) === 0;
  const record = put(key, encode('nics', { ...view.nics.get(nodeId)?.record, nics }));
  return {
    subject: formatIpv4(address),
    change: {
      guards: [asSeen(view, key), asSeen(view, keys.node(nodeId))],
      operations: [isOver ? { kind: 'delete', key } : record],
      event: {
        reason: 'NicRemoved',
        subject: `node/${view.nodes.get(nodeId)?.record.name ?? nodeId}`,
        message: `${formatIpv4(address)} of container ${nic.container}, ${nic.interfaceName}`,
      },
    },
  };
}

/** NicRegistry changes nics. The errors of each call are those of its decision. */
export class NicRegistry {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  add(id: MutationId, nodeId: string, wanted: NewNic, asked: AskedAddresses): Promise<MutationResult> {
    const decide = (view: ReadonlyView) => decideAddNic(view, nodeId, wanted, { nowMs: this.#context.now(), asked });
    return mutate(this.#context, { ...id, call: 'AddNic', decide });
  }

  remove(id: MutationId, address: Ipv4): Promise<MutationResult> {
    const decide = (view: ReadonlyView) => decideRemoveNic(view, address);
    return mutate(this.#context, { ...id, call: 'RemoveNic', decide });
  }
}
