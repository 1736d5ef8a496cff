// The newest assignment and table of the node on disk: applied at boot before any controller answers.
// Invariant: the file is complete or missing; an unreadable one is set aside and reported, never used in part. Later
// changes are in a second file (cache-changes.ts).
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { formatIpv4, formatPrefix, prefixFromKey, prefixKey } from '../../proto/domain/address.js';
import {
  type Assignment,
  availabilities,
  type Lease,
  leaseStates,
  modes,
  primaryLease,
} from '../../proto/domain/network.js';
import { isNonEmpty } from '../../proto/domain/non-empty.js';
import { PrefixMap } from '../../proto/domain/prefix-map.js';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import { unlinkOwnFile, writeOwnFile } from '../../proto/process/atomic-file.js';
import { changesPath, withChanges } from './cache-changes.js';
import { address, isStatic, kindOf, prefix, routeFrom } from './cache-values.js';
import { cachedNics, nicsText } from './cached-nics.js';
import type { Fenced } from './fence.js';
import { heldSubnets, type NodeTable } from './node-table.js';

/** Cached is the content of the cache: the assignment since first contact, and the table soon after. */
export type Cached = {
  readonly assignment: Assignment;
  readonly table: NodeTable | undefined;
  /** The host is no longer its node. */
  readonly fenced?: Fenced | undefined;
};

const lease = v.object({
  pool: v.string(),
  subnet: prefix,
  generation: v.number(),
  mode: v.picklist(modes),
  networkLength: v.exactOptional(v.number()),
  dockerLength: v.exactOptional(v.number()),
  lan: v.exactOptional(v.object({ prefix, gateway: address, defaultNetwork: v.exactOptional(v.literal(true)) })),
  networkName: v.string(),
  bridgeName: v.string(),
  state: v.picklist(leaseStates),
});

const schema = v.object({
  format: v.literal(1),
  // Absent in a file of a version that knew no changes.
  id: v.optional(v.string()),
  assignment: v.object({
    nodeId: v.string(),
    nodeName: v.string(),
    address,
    availability: v.picklist(availabilities),
    pool: v.string(),
    subnet: prefix,
    generation: v.number(),
    mode: v.picklist(modes),
    networkName: v.string(),
    bridgeName: v.string(),
    // Absent in a file of a version that knew one lease per node.
    leases: v.optional(v.array(lease)),
    // Absent: not known.
    nics: v.exactOptional(cachedNics),
  }),
  fenced: v.optional(
    v.object({
      reason: v.picklist(['removed', 'replaced']),
      clusterId: v.string(),
      epoch: v.number(),
      revision: v.number(),
      sinceMs: v.number(),
    }),
  ),
  table: v.optional(
    v.object({
      version: v.object({ clusterId: v.string(), epoch: v.number(), revision: v.number() }),
      // Subnet, node address, node name, kind: short, since there are thousands.
      routes: v.array(v.tuple([prefix, address, v.string(), isStatic])),
      unresolved: v.array(prefix),
      // Range and length of its subnets.
      pools: v.array(v.tuple([prefix, v.number()])),
      held: v.optional(v.array(prefix), []),
      // Epoch and revision of each of them, in the same order; absent in a file of an earlier version.
      heldAt: v.optional(v.array(v.tuple([v.number(), v.number()])), []),
      refused: v.optional(
        v.object({
          pools: v.array(v.tuple([prefix, v.number(), v.string()])),
          routes: v.array(v.tuple([prefix, address, v.string(), v.string(), isStatic])),
        }),
        { pools: [], routes: [] },
      ),
    }),
  ),
});

/** cachePath returns the path of the cache in a state directory. */
export function cachePath(stateDir: string): string {
  return join(stateDir, 'cache.json');
}

/**
 * readCache reads the cache; undefined when there is none.
 * @throws XnetError Corrupt when it can't be read; it has then been renamed to cache.json.unreadable
 */
export async function readCache(stateDir: string): Promise<Cached | undefined> {
  const path = cachePath(stateDir);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new XnetError('Corrupt', `can't read ${path}: ${messageOf(error)}`, { cause: error });
  }
  try {
    const written = v.parse(schema, JSON.parse(text));
    const cached = cachedFrom(written);
    if (cached.table === undefined || written.id === undefined) return cached;
    // Without the changes, the table is an older one.
    const changes = await readFile(changesPath(stateDir), 'utf8').catch(() => '');
    return { ...cached, table: withChanges(cached.table, written.id, changes) };
  } catch (error) {
    await rename(path, `${path}.unreadable`);
    throw new XnetError('Corrupt', `${path} is not a valid cache: ${messageOf(error)}`, { cause: error });
  }
}

function assignmentFrom(cached: v.InferOutput<typeof schema>['assignment']): Assignment {
  const { nodeId, nodeName, address, availability, leases = [], nics, ...only } = cached;
  return {
    nodeId,
    nodeName,
    address,
    availability,
    leases: isNonEmpty(leases) ? leases : [{ ...only, state: 'in force' }],
    // A permit is valid only while a controller gives it: it is not kept.
    permit: undefined,
    leave: false,
    ...(nics === undefined ? {} : { nics }),
  };
}

function cachedFrom({ assignment: written, table, fenced }: v.InferOutput<typeof schema>): Cached {
  const assignment = assignmentFrom(written);
  const why = fenced === undefined ? {} : { fenced };
  if (table === undefined) return { assignment, table: undefined, ...why };
  return {
    assignment,
    ...why,
    table: {
      version: table.version,
      routes: PrefixMap.from(
        table.routes.map(([subnet, nextHop, nodeName, kind]) => [
          prefixKey(subnet),
          routeFrom({ subnet, nextHop, nodeName }, kind),
        ]),
      ),
      unresolved: new Set(table.unresolved.map(prefixKey)),
      pools: table.pools.map(([range, subnetLength]) => ({ ...range, subnetLength })),
      refused: {
        pools: table.refused.pools.map(([range, subnetLength, problem]) => ({
          pool: { ...range, subnetLength },
          problem,
        })),
        routes: PrefixMap.from(
          table.refused.routes.map(([subnet, nextHop, nodeName, problem, kind]) => [
            prefixKey(subnet),
            { route: routeFrom({ subnet, nextHop, nodeName }, kind), problem },
          ]),
        ),
      },
      held: new Map(
        table.held.map((subnet, index) => {
          const [epoch, revision] = table.heldAt[index] ?? [table.version.epoch, table.version.revision];
          const version = { clusterId: table.version.clusterId, epoch, revision };
          // The store is asked again.
          return [prefixKey(subnet), { version, isUnexplained: false }];
        }),
      ),
    },
  };
}

function tableText(table: NodeTable): string {
  const routes = Array.from(table.routes.values(), (route) => {
    const { subnet, nextHop, nodeName } = route;
    return JSON.stringify([formatPrefix(subnet), formatIpv4(nextHop), nodeName, ...kindOf(route)]);
  });
  const rest = {
    version: table.version,
    unresolved: unresolvedOf(table),
    pools: table.pools.map((pool) => [formatPrefix(pool), pool.subnetLength]),
    held: heldSubnets(table).map(formatPrefix),
    heldAt: Array.from(table.held.values(), ({ version }) => [version.epoch, version.revision]),
    refused: {
      pools: table.refused.pools.map(({ pool, problem }) => [formatPrefix(pool), pool.subnetLength, problem]),
      routes: Array.from(table.refused.routes.values(), ({ route, problem }) => [
        formatPrefix(route.subnet),
        formatIpv4(route.nextHop),
        route.nodeName,
        problem,
        ...kindOf(route),
      ]),
    },
  };
  return `{"routes":[${routes.join(',')}],${JSON.stringify(rest).slice(1)}`;
}

function leaseText({ lan, ...lease }: Lease) {
  const where =
    lan === undefined ? {} : { lan: { prefix: formatPrefix(lan.prefix), gateway: formatIpv4(lan.gateway) } };
  return { ...lease, subnet: formatPrefix(lease.subnet), ...where };
}

/** WrittenCache is the id of a cache that was written as a whole, its length in bytes, and what identifies its file. */
export type WrittenCache = { readonly id: string; readonly bytes: number; readonly file: string };

async function fileOf(stateDir: string): Promise<string> {
  const { ino, size, mtimeMs } = await stat(cachePath(stateDir));
  return `${ino} ${size} ${mtimeMs}`;
}

/** isInPlace reports whether a cache is still as it was written. */
export async function isInPlace(stateDir: string, { file }: WrittenCache): Promise<boolean> {
  return (await fileOf(stateDir).catch(() => undefined)) === file;
}

/** writeCache replaces the cache atomically, after a flush. The changes of the former cache no longer apply. Throws a system error. */
export async function writeCache(stateDir: string, cached: Cached): Promise<WrittenCache> {
  const { assignment, table, fenced } = cached;
  const { nodeId, nodeName, address, availability, leases, nics } = assignment;
  const { state: _state, lan: _lan, ...primary } = primaryLease(assignment);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const id = randomUUID();
  const content = {
    format: 1,
    id,
    assignment: {
      nodeId,
      nodeName,
      address: formatIpv4(address),
      availability,
      // For a version that knows one lease per node.
      ...primary,
      subnet: formatPrefix(primary.subnet),
      leases: leases.map(leaseText),
      ...nicsText(nics),
    },
    ...(fenced === undefined ? {} : { fenced }),
  };
  const rest = JSON.stringify(content);
  const text = table === undefined ? rest : `{"table":${tableText(table)},${rest.slice(1)}`;
  const bytes = Buffer.from(`${text}\n`, 'utf8');
  await writeOwnFile(cachePath(stateDir), bytes);
  return { id, bytes: bytes.length, file: await fileOf(stateDir) };
}

/**
 * removeCache removes the cache and its changes, if there are any. Those that a daemon writes at the moment stay.
 * @throws XnetError FailedPrecondition when they can't be removed
 */
export async function removeCache(stateDir: string): Promise<void> {
  await unlinkOwnFile(cachePath(stateDir));
  await unlinkOwnFile(changesPath(stateDir));
}

function unresolvedOf(table: NodeTable): string[] {
  return [...table.unresolved].map((id) => formatPrefix(prefixFromKey(id)));
}
