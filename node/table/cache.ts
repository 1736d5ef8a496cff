// The newest assignment and table of the node on disk: applied at boot before any controller answers.
// Invariant: the file is complete or missing; an unreadable one is set aside and reported, never used in part.
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import {
  formatIpv4,
  formatPrefix,
  parseIpv4,
  parsePrefix,
  prefixFromKey,
  prefixKey,
} from '../../proto/domain/address.js';
import {
  type Assignment,
  availabilities,
  type Lease,
  leaseStates,
  modes,
  primaryLease,
  type Route,
} from '../../proto/domain/network.js';
import { isNonEmpty } from '../../proto/domain/non-empty.js';
import { PrefixMap } from '../../proto/domain/prefix-map.js';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import { writeOwnFile } from '../../proto/process/atomic-file.js';
import type { Fenced } from './fence.js';
import { heldSubnets, type NodeTable } from './node-table.js';

/** Cached is the content of the cache: the assignment since first contact, and the table soon after. */
export type Cached = {
  readonly assignment: Assignment;
  readonly table: NodeTable | undefined;
  /** The host is no longer its node. */
  readonly fenced?: Fenced | undefined;
};

function parsed<T>(parse: (text: string) => T | undefined, what: string) {
  return v.pipe(
    v.string(),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: `not ${what}` });
      return NEVER;
    }),
  );
}

const address = parsed(parseIpv4, 'an address');
const prefix = parsed(parsePrefix, 'a CIDR');

const lease = v.object({
  pool: v.string(),
  subnet: prefix,
  generation: v.number(),
  mode: v.picklist(modes),
  networkLength: v.exactOptional(v.number()),
  dockerLength: v.exactOptional(v.number()),
  lan: v.exactOptional(v.object({ prefix, gateway: address })),
  networkName: v.string(),
  bridgeName: v.string(),
  state: v.picklist(leaseStates),
});

// What a static route has beside those of nodes. Versions that do not know it ignore it.
const isStatic = v.optional(v.literal('static'));

const schema = v.object({
  format: v.literal(1),
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
    return cachedFrom(v.parse(schema, JSON.parse(text)));
  } catch (error) {
    await rename(path, `${path}.unreadable`);
    throw new XnetError('Corrupt', `${path} is not a valid cache: ${messageOf(error)}`, { cause: error });
  }
}

function assignmentFrom(cached: v.InferOutput<typeof schema>['assignment']): Assignment {
  const { nodeId, nodeName, address, availability, leases = [], ...only } = cached;
  return {
    nodeId,
    nodeName,
    address,
    availability,
    leases: isNonEmpty(leases) ? leases : [{ ...only, state: 'in force' }],
    // A permit is valid only while a controller gives it: it is not kept.
    permit: undefined,
    leave: false,
  };
}

function routeFrom(route: Route, kind: 'static' | undefined): Route {
  return kind === undefined ? route : { ...route, isStatic: true };
}

function kindOf({ isStatic }: Route): readonly string[] {
  return isStatic ? ['static'] : [];
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

/**
 * RouteTexts is the text of a table's routes in the cache. It remembers those of the last table: of thousands of routes, a change
 * writes few anew.
 */
export class RouteTexts {
  #routes: NodeTable['routes'] = PrefixMap.from([]);
  readonly #texts = new Map<number, string>();

  /** of returns the JSON of each route, in any order. */
  of(routes: NodeTable['routes']): Iterable<string> {
    for (const key of routes.changedSince(this.#routes)) {
      const route = routes.get(key);
      if (route === undefined) this.#texts.delete(key);
      else {
        const { subnet, nextHop, nodeName } = route;
        this.#texts.set(key, JSON.stringify([formatPrefix(subnet), formatIpv4(nextHop), nodeName, ...kindOf(route)]));
      }
    }
    this.#routes = routes;
    return this.#texts.values();
  }
}

function tableText(table: NodeTable, texts: RouteTexts): string {
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
  return `{"routes":[${[...texts.of(table.routes)].join(',')}],${JSON.stringify(rest).slice(1)}`;
}

function leaseText({ lan, ...lease }: Lease) {
  const where =
    lan === undefined ? {} : { lan: { prefix: formatPrefix(lan.prefix), gateway: formatIpv4(lan.gateway) } };
  return { ...lease, subnet: formatPrefix(lease.subnet), ...where };
}

/**
 * writeCache replaces the cache atomically, after a flush. Throws a system error.
 * @param texts those of the last write
 */
export async function writeCache(stateDir: string, cached: Cached, texts = new RouteTexts()): Promise<void> {
  const { assignment, table, fenced } = cached;
  const { nodeId, nodeName, address, availability, leases } = assignment;
  const { state: _state, lan: _lan, ...primary } = primaryLease(assignment);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const content = {
    format: 1,
    assignment: {
      nodeId,
      nodeName,
      address: formatIpv4(address),
      availability,
      // For a version that knows one lease per node.
      ...primary,
      subnet: formatPrefix(primary.subnet),
      leases: leases.map(leaseText),
    },
    ...(fenced === undefined ? {} : { fenced }),
  };
  const rest = JSON.stringify(content);
  const text = table === undefined ? rest : `{"table":${tableText(table, texts)},${rest.slice(1)}`;
  await writeOwnFile(cachePath(stateDir), Buffer.from(`${text}\n`, 'utf8'));
}

function unresolvedOf(table: NodeTable): string[] {
  return [...table.unresolved].map((id) => formatPrefix(prefixFromKey(id)));
}
