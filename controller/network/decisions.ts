// Decides how named networks are created and changed. Pure.
// Invariant: no lease is granted or ended here. The record describes the desired state, and each node's lease follows
// in a separate transaction that guards this record.

import { quoted } from '../../proto/domain/input.js';
import { counted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { asSeen, put } from '../registry/guards.js';
import { choosePool, poolState, requireDecodable, sameLabels } from '../registry/lookup.js';
import type { Decision } from '../registry/mutation.js';
import { keys, prefixes } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { NetworkRecord } from '../store/records.js';
import type { Guard } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import { bridgeNameFor } from './bridge-name.js';
import {
  holdersOfNetwork,
  isSelected,
  isSelectedByLabels,
  leaseIn,
  memberRefusal,
  onlyLeaseOf,
  type Selection,
} from './members.js';
import { roomIn } from './room.js';

/** NewSelection selects the nodes of a network: all, or by labels and ids. */
export type NewSelection = Omit<Selection, 'except'>;

/** NewNetwork describes a network to make. */
export type NewNetwork = {
  readonly name: string;
  readonly pool?: string;
  readonly selection: NewSelection;
  /** Ids of nodes; absent: none, or, of a network that exists, as they are. */
  readonly except?: readonly string[];
  /** Absent: derived from the name. */
  readonly bridgeName?: string;
};

// A record with this many ids fits into a request of a backup.
const mostNamed = 4_096;

/**
 * decideCreateNetwork decides how to make a network. It decides on no change if the same one exists; one that is being
 * removed is kept.
 * @throws XnetError NotFound, AlreadyExists, FailedPrecondition, PoolExhausted
 */
export function decideCreateNetwork(view: ReadonlyView, wanted: NewNetwork, nowMs: number): Decision {
  const { name, selection, except = [] } = wanted;
  const key = keys.network(name);
  requireDecodable(view, key);
  const before = view.networks.get(name)?.record;
  if (before !== undefined) return existing(view, before, wanted);
  const pool = choosePool(view, wanted.pool);
  if (poolState(view, pool).record.mode === 'lan') {
    throw new XnetError(
      'FailedPrecondition',
      `pool ${pool} is a part of the hosts' own network (mode lan): a network needs a range of its own`,
      {
        hint: 'give it another pool: --pool POOL',
      },
    );
  }
  requireFreeName(view, name);
  const bridgeName = chosenBridge(view, wanted);
  const record: NetworkRecord = { pool, bridgeName, ...selection, except: [...new Set(except)], createdMs: nowMs };
  requireRoomFor(view, name, record, nowMs);
  return {
    subject: name,
    change: {
      guards: [asSeen(view, key), ...contextGuards(view, pool)],
      operations: [put(key, encode('network', record))],
      event: {
        reason: 'NetworkCreated',
        subject: `network/${name}`,
        message: `pool ${pool}, bridge ${bridgeName}, ${describeSelection(view, record)}`,
      },
    },
  };
}

// Bridges are unique among networks.
function contextGuards(view: ReadonlyView, pool: string): readonly Guard[] {
  return [asSeen(view, keys.pool(pool)), { kind: 'unchanged', prefix: prefixes.networks, since: view.revision }];
}

// Hosts with leases of mode bridge of that pool could not have both.
function requireFreeName(view: ReadonlyView, name: string): void {
  const [owner] = [...view.pools].flatMap(([pool, { record }]) => (record.networkName === name ? [pool] : []));
  if (owner === undefined) return;
  throw new XnetError('FailedPrecondition', `${name} is the name of the Docker network of pool ${owner}`, {
    hint: 'choose another name',
  });
}

function chosenBridge(view: ReadonlyView, { name, bridgeName }: NewNetwork): string {
  const taken = new Map<string, string>();
  for (const [pool, { record }] of view.pools) taken.set(record.bridgeName, `pool ${pool}`);
  for (const [network, { record }] of view.networks) taken.set(record.bridgeName, `network ${network}`);
  if (bridgeName === undefined) {
    for (let attempt = 0; ; attempt++) {
      const derived = bridgeNameFor(name, attempt);
      if (!taken.has(derived)) return derived;
    }
  }
  const owner = taken.get(bridgeName);
  if (owner === undefined) return bridgeName;
  throw new XnetError('FailedPrecondition', `the bridge ${bridgeName} is that of ${owner}`, {
    hint: 'choose another with --bridge, or leave it out',
  });
}

function existing(view: ReadonlyView, before: NetworkRecord, wanted: NewNetwork): Decision {
  const { name, pool, selection, bridgeName, except = before.except } = wanted;
  const { removing, ...kept } = before;
  const differences = [
    pool === undefined || pool === before.pool ? '' : `its pool is ${before.pool}`,
    bridgeName === undefined || bridgeName === before.bridgeName ? '' : `its bridge is ${before.bridgeName}`,
    sameSelection(selection, before) && sameIds(except, before.except)
      ? ''
      : `it is for ${describeSelection(view, before)}`,
  ].filter((difference) => difference !== '');
  if (differences.length > 0) {
    throw new XnetError('AlreadyExists', `network ${name} already exists: ${differences.join(', ')}`, {
      hint: `change which nodes have it: xctl networks set ${name}; see: xctl networks show ${name}`,
    });
  }
  if (removing === undefined) return { subject: name };
  const event = { reason: 'NetworkKept', subject: `network/${name}`, message: 'it is not removed' };
  return rewritten(view, name, kept, event);
}

function sameSelection(a: NewSelection, b: NewSelection): boolean {
  return a.all === b.all && sameLabels(a.labels, b.labels) && sameIds(a.nodes, b.nodes);
}

function sameIds(a: readonly string[], b: readonly string[]): boolean {
  const text = (ids: readonly string[]) => [...new Set(ids)].sort().join();
  return text(a) === text(b);
}

/** describeSelection describes which nodes have a network: "nodes with role=web, and web-9". */
export function describeSelection(view: ReadonlyView, { all, labels, nodes, except }: Selection): string {
  const some = (ids: readonly string[]) => {
    const names = ids.slice(0, 5).map((id) => view.nodes.get(id)?.record.name ?? id);
    return `${names.join(', ')}${ids.length > 5 ? ` and ${ids.length - 5} more` : ''}`;
  };
  const texts = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  const parts = [
    ...(all ? ['all nodes'] : []),
    ...(texts.length > 0 ? [`nodes with ${texts.join(',')}`] : []),
    ...(nodes.length > 0 ? [some(nodes)] : []),
  ];
  const text = parts.length === 0 ? 'no node' : parts.join(', and ');
  return except.length === 0 ? text : `${text}, except ${some(except)}`;
}

// Everything is checked before the first lease: nodes that are named must be able to have the network, and the pool must have
// enough subnets for all.
function requireRoomFor(view: ReadonlyView, name: string, record: NetworkRecord, nowMs: number): void {
  if (record.nodes.length > mostNamed) {
    throw new XnetError('InvalidArgument', `${record.nodes.length} nodes are named, and at most ${mostNamed} can be`, {
      hint: 'select them by a label',
    });
  }
  const problems: string[] = [];
  const room = roomIn(view, record.pool, nowMs);
  let needed = 0;
  for (const [id, { record: node }] of view.nodes) {
    if (!isSelected(record, id, node) || leaseIn(view, name, id) !== undefined) continue;
    const refusal = memberRefusal(view, name, record, id);
    if (refusal === undefined) needed += room.hasOwn(node) ? 0 : 1;
    else if (record.nodes.includes(id)) problems.push(`${node.name}: ${refusal.message} (${refusal.fix})`);
  }
  if (problems.length > 0) {
    throw new XnetError('FailedPrecondition', `${problems.length} of the nodes that are named can't have ${name}`, {
      problems: problems.sort(),
      hint: 'repair them, or leave them out; nodes that are selected by labels are skipped until they can',
    });
  }
  const { free } = room;
  if (needed <= free) return;
  throw new XnetError(
    'PoolExhausted',
    `pool ${record.pool} has ${counted(free, 'free subnet', 'free subnets')}, and network ${name} needs ${needed}`,
    { hint: `enlarge it: xctl pools resize ${record.pool} --cidr CIDR; or select fewer nodes` },
  );
}

/** NetworkChange selects the nodes that have a network from now on. */
export type NetworkChange = {
  /** Replaces the selector; those that were excluded stay so. */
  readonly selection?: NewSelection;
  /** Ids of nodes. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Replaces those that were excluded. */
  readonly except?: readonly string[];
};

/**
 * decideChangeNetwork decides how to change which nodes have a network.
 * @throws XnetError NotFound, InvalidArgument, FailedPrecondition, PoolExhausted
 */
export function decideChangeNetwork(view: ReadonlyView, name: string, wanted: NetworkChange, nowMs: number): Decision {
  const before = requireNetwork(view, name);
  if (before.removing !== undefined) {
    throw new XnetError('FailedPrecondition', `network ${name} is being removed`, {
      hint: `see: xctl networks show ${name}; to keep it, create it again`,
    });
  }
  const { include, exclude, selection = before } = wanted;
  const both = include.filter((id) => exclude.includes(id));
  if (both.length > 0) throw new XnetError('InvalidArgument', 'a node is both included and excluded');
  const nodeOf = (id: string) => view.nodes.get(id)?.record;
  const byLabels = (id: string) => {
    const node = nodeOf(id);
    return node !== undefined && isSelectedByLabels({ ...selection, except: [] }, node);
  };
  // Ids of nodes that were removed are dropped.
  const exists = (id: string) => nodeOf(id) !== undefined;
  const nodes = [...new Set([...selection.nodes, ...include.filter((id) => !byLabels(id))])];
  const except = [...new Set([...(wanted.except ?? before.except), ...exclude.filter(byLabels)])];
  const record: NetworkRecord = {
    ...before,
    all: selection.all,
    labels: { ...selection.labels },
    nodes: nodes.filter((id) => exists(id) && !exclude.includes(id)),
    except: except.filter((id) => exists(id) && !include.includes(id)),
  };
  if (sameSelection(record, before) && sameIds(record.except, before.except)) {
    return { subject: name };
  }
  requireRoomFor(view, name, record, nowMs);
  const leavers = [...holdersOfNetwork(view, name)].filter((id) => {
    const node = nodeOf(id);
    return node !== undefined && !isSelected(record, id, node);
  });
  requireAnotherLease(view, name, leavers);
  const event = { reason: 'NetworkChanged', subject: `network/${name}`, message: describeSelection(view, record) };
  return rewritten(view, name, record, event);
}

/**
 * requireAnotherLease checks that nodes have another lease than that for a network, which could not end otherwise.
 * @throws XnetError FailedPrecondition
 */
export function requireAnotherLease(view: ReadonlyView, name: string, nodeIds: Iterable<string>): void {
  const problems = onlyLeaseOf(view, name, nodeIds);
  const [first] = problems;
  if (first === undefined) return;
  throw new XnetError(
    'FailedPrecondition',
    `network ${name} has the last lease of ${counted(problems.length, 'node', 'nodes')}`,
    {
      problems,
      hint: `add another one first: xctl leases add ${first} --pool POOL; or remove the node: xctl nodes remove ${first}`,
    },
  );
}

type Change = NonNullable<Decision['change']>;

/** rewritten returns the change that replaces the record of a network. */
export function rewritten(view: ReadonlyView, name: string, record: NetworkRecord, event: Change['event']): Decision {
  const key = keys.network(name);
  const operations = [put(key, encode('network', record))];
  return {
    subject: name,
    change: { guards: [asSeen(view, key), asSeen(view, keys.pool(record.pool))], operations, event },
  };
}

/**
 * requireNetwork returns the record of a network.
 * @throws XnetError NotFound; FailedPrecondition if it can't be read
 */
export function requireNetwork(view: ReadonlyView, name: string): NetworkRecord {
  requireDecodable(view, keys.network(name));
  const held = view.networks.get(name);
  if (held !== undefined) return held.record;
  const names = [...view.networks.keys()].sort().slice(0, 10);
  throw new XnetError('NotFound', `there is no network ${quoted(name)}`, {
    hint: names.length === 0 ? 'create one with: xctl networks create NAME --all' : `networks: ${names.join(', ')}`,
  });
}
