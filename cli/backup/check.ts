// Checks the records of a backup without a controller: what they contain, and whether leases contradict each other. It
// shares no code with the controllers, which checked each record against its schema when the backup was made. Pure.
// Invariant: a record that it can't read is a problem, never skipped.
import * as v from 'valibot';
import { formatPrefix, type Prefix, parsePrefix, prefixCovers, prefixesOverlap } from '../../proto/domain/address.js';

/** BackupSummary counts the contents of a backup. */
export type BackupSummary = {
  readonly records: number;
  readonly pools: number;
  readonly nodes: number;
  readonly leases: number;
  readonly certificates: number;
  /** One line each. */
  readonly problems: readonly string[];
};

type Record = { readonly key: string; readonly value: string };

const schemas = {
  pool: v.object({ cidr: v.string(), subnetLength: v.number() }),
  node: v.object({ name: v.string(), address: v.string() }),
  owner: v.object({ node: v.string() }),
  subnet: v.variant('state', [
    v.object({ state: v.literal('leased'), node: v.string(), generation: v.number() }),
    v.object({ state: v.literal('quarantined'), node: v.string(), generation: v.number() }),
    v.object({ state: v.literal('static'), nextHop: v.string(), name: v.string(), generation: v.number() }),
  ]),
};

// Of a static route: no node.
type Lease = {
  readonly key: string;
  readonly pool: string;
  readonly subnet: Prefix;
  readonly node: string | undefined;
};

class Found {
  readonly pools = new Map<string, Prefix & { readonly subnetLength: number }>();
  readonly nodes = new Map<string, v.InferOutput<typeof schemas.node>>();
  readonly names = new Map<string, string>();
  readonly addresses = new Map<string, string>();
  readonly leases: Lease[] = [];
  readonly problems: string[] = [];
  certificates = 0;

  take({ key, value }: Record): void {
    const [folder = '', id = '', ...rest] = key.split('/');
    const json = this.#json(key, value);
    if (json === undefined) return;
    if (folder === 'pools') this.#takePool(key, id, json);
    else if (folder === 'nodes') this.#with(key, schemas.node, json, (node) => this.nodes.set(id, node));
    else if (folder === 'names') this.#with(key, schemas.owner, json, ({ node }) => this.names.set(id, node));
    else if (folder === 'addresses') this.#with(key, schemas.owner, json, ({ node }) => this.addresses.set(id, node));
    else if (folder === 'certificates') this.certificates += 1;
    else if (folder === 'subnets') this.#takeSubnet(key, id, rest.join('/'), json);
  }

  #json(key: string, value: string): unknown {
    try {
      return JSON.parse(value);
    } catch {
      this.problems.push(`${key}: not JSON`);
      return undefined;
    }
  }

  #with<T>(key: string, schema: v.GenericSchema<unknown, T>, json: unknown, take: (value: T) => void): void {
    const checked = v.safeParse(schema, json);
    if (checked.success) take(checked.output);
    else this.problems.push(`${key}: ${checked.issues.map((issue) => issue.message).join('; ')}`);
  }

  #takePool(key: string, name: string, json: unknown): void {
    this.#with(key, schemas.pool, json, ({ cidr, subnetLength }) => {
      const range = this.#prefix(key, cidr);
      if (range !== undefined) this.pools.set(name, { ...range, subnetLength });
    });
  }

  #takeSubnet(key: string, pool: string, text: string, json: unknown): void {
    const subnet = this.#prefix(key, text.replace('-', '/'));
    this.#with(key, schemas.subnet, json, (record) => {
      if (subnet === undefined || record.state === 'quarantined') return;
      const node = record.state === 'leased' ? record.node : undefined;
      this.leases.push({ key, pool, subnet, node });
    });
  }

  #prefix(key: string, text: string): Prefix | undefined {
    const parsed = parsePrefix(text);
    if (parsed !== undefined) return parsed;
    this.problems.push(`${key}: ${text} is not a CIDR`);
    return undefined;
  }
}

function poolProblems({ pools }: Found): string[] {
  const sorted = [...pools].sort(([, a], [, b]) => a.network - b.network);
  return sorted.flatMap(([name, range], index) => {
    const next = sorted[index + 1];
    return next !== undefined && prefixesOverlap(range, next[1]) ? [`pools ${name} and ${next[0]} overlap`] : [];
  });
}

function leaseProblems({ pools, nodes, leases }: Found): string[] {
  const sorted = [...leases].sort((a, b) => a.subnet.network - b.subnet.network || a.subnet.length - b.subnet.length);
  const problems: string[] = [];
  for (const [index, { key, pool, subnet, node }] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next !== undefined && prefixesOverlap(subnet, next.subnet)) problems.push(`${key} and ${next.key} overlap`);
    if (node !== undefined && !nodes.has(node)) problems.push(`${key}: there is no node ${node}`);
    const range = pools.get(pool);
    if (range === undefined) problems.push(`${key}: there is no pool ${pool}`);
    else if (!prefixCovers(range, subnet) || subnet.length !== range.subnetLength) {
      problems.push(`${key}: ${formatPrefix(subnet)} is no subnet of pool ${pool} (${formatPrefix(range)})`);
    }
  }
  return problems;
}

function nodeProblems({ nodes, names, addresses, leases }: Found): string[] {
  const holders = new Set(leases.map(({ node }) => node));
  return [...nodes].flatMap(([id, { name, address }]) => [
    ...(names.get(name) === id ? [] : [`nodes/${id}: the name ${name} belongs to ${names.get(name) ?? 'no node'}`]),
    ...(addresses.get(address) === id
      ? []
      : [`nodes/${id}: the address ${address} belongs to ${addresses.get(address) ?? 'no node'}`]),
    ...(holders.has(id) ? [] : [`nodes/${id}: ${name} has no lease`]),
  ]);
}

/** checkRecords returns what records contain, with every contradiction between them. */
export function checkRecords(records: Iterable<Record>): BackupSummary {
  const found = new Found();
  const keys = new Set<string>();
  for (const record of records) {
    if (keys.has(record.key)) found.problems.push(`${record.key} occurs twice`);
    keys.add(record.key);
    found.take(record);
  }
  if (!keys.has('cluster')) found.problems.push('there is no record "cluster"');
  return {
    records: keys.size,
    pools: found.pools.size,
    nodes: found.nodes.size,
    leases: found.leases.filter(({ node }) => node !== undefined).length,
    certificates: found.certificates,
    problems: [...found.problems, ...poolProblems(found), ...leaseProblems(found), ...nodeProblems(found)],
  };
}
