// Decides how the range and the settings of a pool change. Pure.
// Invariant: every lease, reservation and quarantine of a pool lies within its range.

import {
  formatPrefix,
  type Prefix,
  prefixCovers,
  prefixesEqual,
  prefixesOverlap,
  prefixFromKey,
} from '../../proto/domain/address.js';
import { formatDuration } from '../../proto/domain/duration.js';
import type { Mode } from '../../proto/domain/network.js';
import { counted } from '../../proto/domain/text.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import { keys, prefixes } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { PoolRecord, SubnetRecord } from '../store/records.js';
import type { Guard } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import type { PoolState } from './allocate.js';
import { asSeen, put } from './guards.js';
import { lanProblems } from './lan.js';
import { poolNames, poolState, requireReadable } from './lookup.js';
import type { Decision } from './mutation.js';
import { clashes } from './pool-clashes.js';
import { dockerLengthProblems, poolProblems } from './pool-rules.js';

const examples = 20;

function inUse(record: SubnetRecord, nowMs: number): boolean {
  return record.state !== 'quarantined' || record.untilMs > nowMs;
}

function described(view: ReadonlyView, subnet: Prefix, record: SubnetRecord): string {
  const text = formatPrefix(subnet);
  if (record.state === 'quarantined') {
    return `${text} is in quarantine until ${new Date(record.untilMs).toISOString()}: xctl leases release ${text}`;
  }
  if (record.state === 'static') return `${text} has a static route: xctl routes remove ${text}`;
  const holder = view.nodes.get(record.node)?.record.name ?? record.node;
  return `${text} is leased to ${holder}`;
}

// Everything of a pool that is outside of a smaller range.
function outside(view: ReadonlyView, { name, record, subnets }: PoolState, cidr: Prefix, nowMs: number): string[] {
  const isOut = (prefix: Prefix) => !prefixCovers(cidr, prefix);
  const kept = [...subnets].filter(([id, each]) => isOut(prefixFromKey(id)) && inUse(each, nowMs));
  const reserved = record.reservations.filter((each) => isOut(each.cidr));
  return [
    ...kept.sort(([a], [b]) => a - b).map(([id, each]) => described(view, prefixFromKey(id), each)),
    ...reserved.map((each) => {
      const text = formatPrefix(each.cidr);
      return `${text} is reserved${each.nodeName === undefined ? '' : ` for ${each.nodeName}`}: xctl pools unreserve ${name} ${text}`;
    }),
  ];
}

function requireResolved(view: ReadonlyView, { name, record }: PoolState): void {
  const strays = [...view.strays].filter(
    ([key, subnet]) => key.startsWith(prefixes.subnetsOf(name)) || prefixesOverlap(record.cidr, subnet),
  );
  const [stray] = strays;
  if (stray === undefined) return;
  throw new XnetError(
    'FailedPrecondition',
    `pool ${name} has ${counted(strays.length, 'subnet', 'subnets')} with unreadable or contradictory records: ${stray[0]}`,
    { hint: 'xctl status says what is wrong with them' },
  );
}

function requireRoom(view: ReadonlyView, state: PoolState, cidr: Prefix, nowMs: number): void {
  const { name } = state;
  if (state.doubt !== undefined && state.doubt.untilMs > nowMs) {
    throw new XnetError(
      'FailedPrecondition',
      `pool ${name} can't shrink until ${new Date(state.doubt.untilMs).toISOString()}: a restored store was accepted, and ` +
        'hosts may use subnets that it does not list',
    );
  }
  const left = outside(view, state, cidr, nowMs);
  if (left.length === 0) return;
  const more = left.length > examples ? [`and ${left.length - examples} more`] : [];
  throw new XnetError('FailedPrecondition', `pool ${name} can't shrink to ${formatPrefix(cidr)}: ${left[0]}`, {
    problems: [...left.slice(1, examples), ...more],
    hint: 'move or remove these nodes, end these quarantines, reservations and static routes, or choose a larger range',
  });
}

/**
 * decideResizePool decides how to give a pool a larger or a smaller range.
 * @throws XnetError NotFound, InvalidArgument, FailedPrecondition
 */
export function decideResizePool(view: ReadonlyView, name: string, cidr: Prefix, nowMs: number): Decision {
  const state = poolState(view, name);
  const { record } = state;
  if (prefixesEqual(record.cidr, cidr)) return { subject: name };
  const { mode, lan, subnetLength } = record;
  const ofLan = lanProblems({ mode, cidr, ...(lan === undefined ? {} : { lan }) });
  throwIfAny([...poolProblems({ cidr, subnetLength }), ...ofLan], 'invalid range');
  const change = `${formatPrefix(record.cidr)} → ${formatPrefix(cidr)}`;
  if (!prefixesOverlap(record.cidr, cidr)) {
    throw new XnetError('FailedPrecondition', `pool ${name} can't move: ${change} have nothing in common`, {
      hint: `create another pool, move the nodes to it, then remove this one: xctl pools create NAME ${formatPrefix(cidr)}`,
    });
  }
  requireResolved(view, state);
  const grows = prefixCovers(cidr, record.cidr);
  // The range of an unreadable pool is unknown, and its subnets may be in use.
  if (grows) for (const other of poolNames(view)) requireReadable(view, keys.pool(other), view.pools.has(other));
  else requireRoom(view, state, cidr, nowMs);
  const found = grows ? clashes(view, { name, cidr, present: record.cidr, lan: record.lan }) : [];
  if (found.length > 0) {
    throw new XnetError('FailedPrecondition', `pool ${name} can't be ${formatPrefix(cidr)}: ${found[0]}`, {
      problems: found.slice(1),
      hint: 'choose a range that nothing on your network uses',
    });
  }
  // What is left outside are quarantines that have ended: nothing depends on them.
  const ended = [...state.subnets.keys()].map(prefixFromKey).filter((subnet) => !prefixCovers(cidr, subnet));
  const everywhere = [prefixes.pools, prefixes.addresses, prefixes.subnets];
  return {
    subject: name,
    change: {
      guards: [
        asSeen(view, keys.pool(name)),
        ...(grows ? everywhere : [prefixes.subnetsOf(name)]).map((prefix) => ({
          kind: 'unchanged' as const,
          prefix,
          since: view.revision,
        })),
      ],
      operations: [
        put(keys.pool(name), encode('pool', { ...record, cidr })),
        ...ended.map((subnet) => ({ kind: 'delete' as const, key: keys.subnet(name, subnet) })),
      ],
      event: { reason: 'PoolResized', subject: `pool/${name}`, message: change },
    },
  };
}

/** PoolSettings are settings of a pool that can change. Absent ones stay as they are. */
export type PoolSettings = {
  readonly quarantineSeconds?: number;
  /** 0: leases of nodes that are down are kept. */
  readonly reclaimAfterSeconds?: number;
  readonly mode?: Mode;
  readonly followAddress?: boolean;
  /** 0: Docker hands out all of each subnet. */
  readonly dockerLength?: number;
};

function onOff(value: boolean): string {
  return value ? 'on' : 'off';
}

function period(seconds: number): string {
  return seconds === 0 ? 'never' : formatDuration(seconds * 1000);
}

// Docker gets the docker length as fixed-cidr beside bip, or as the range of a network: changing either would restart Docker
// or recreate the network.
function requireNoLease({ name, record, subnets }: PoolState, dockerLength: number): void {
  const length = dockerLength === 0 ? undefined : dockerLength;
  const { subnetLength, mode } = record;
  const problems = dockerLengthProblems({
    subnetLength,
    mode,
    ...(length === undefined ? {} : { dockerLength: length }),
  });
  throwIfAny(problems, 'invalid settings');
  const leases = [...subnets.values()].filter(({ state }) => state === 'leased').length;
  if (leases === 0) return;
  const option = length === undefined ? '' : ` --docker-length ${length}`;
  throw new XnetError(
    'FailedPrecondition',
    `the docker length of pool ${name} can't change: nodes have ${counted(leases, 'lease', 'leases')} of it, and Docker would have to recreate their ` +
      'networks or restart',
    {
      hint:
        `create another pool and let a rollout move the nodes: xctl pools create NAME CIDR${option}, then ` +
        'xctl nodes move NODE... --pool NAME',
    },
  );
}

/**
 * decideSetPool decides how to change the settings of a pool. The mode can't be changed here, because every host of the
 * pool would have to restart Docker, nor can the docker length while nodes have leases.
 * @throws XnetError NotFound, FailedPrecondition
 */
export function decideSetPool(view: ReadonlyView, name: string, settings: PoolSettings): Decision {
  const state = poolState(view, name);
  const { record } = state;
  const { mode = record.mode, quarantineSeconds = record.quarantineSeconds } = settings;
  const before = record.reclaimAfterSeconds ?? 0;
  const after = settings.reclaimAfterSeconds ?? before;
  const follows = record.followAddress ?? false;
  const { followAddress = follows } = settings;
  if (mode !== record.mode) {
    throw new XnetError(
      'FailedPrecondition',
      `pool ${name} has mode ${record.mode}: ${mode} would restart Docker on each of its hosts`,
      { hint: 'change it in a file, and let a rollout take one host after the other: xctl export; xctl apply -f FILE' },
    );
  }
  const divided = record.dockerLength ?? 0;
  const { dockerLength = divided } = settings;
  if (dockerLength !== divided) requireNoLease(state, dockerLength);
  const changes = [
    dockerLength === divided ? '' : `docker length: ${divided || 'none'} → ${dockerLength || 'none'}`,
    quarantineSeconds === record.quarantineSeconds
      ? ''
      : `quarantine: ${formatDuration(record.quarantineSeconds * 1000)} → ${formatDuration(quarantineSeconds * 1000)}`,
    followAddress === follows ? '' : `follow addresses: ${onOff(follows)} → ${onOff(followAddress)}`,
    after === before ? '' : `reclaim after: ${period(before)} → ${period(after)}`,
  ].filter((part) => part !== '');
  if (changes.length === 0) return { subject: name };
  const { dockerLength: _, ...kept } = record;
  const changed: PoolRecord = {
    ...kept,
    ...(dockerLength === 0 ? {} : { dockerLength }),
    quarantineSeconds,
    reclaimAfterSeconds: after,
    followAddress,
  };
  const subnets: readonly Guard[] =
    dockerLength === divided ? [] : [{ kind: 'unchanged', prefix: prefixes.subnetsOf(name), since: view.revision }];
  return {
    subject: name,
    change: {
      guards: [asSeen(view, keys.pool(name)), ...subnets],
      operations: [put(keys.pool(name), encode('pool', changed))],
      event: { reason: 'PoolChanged', subject: `pool/${name}`, message: changes.join(', ') },
    },
  };
}
