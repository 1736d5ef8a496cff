// The changes of the table since the whole cache was written: records that are appended to a separate file, so that the cost
// of a change does not depend on the size of the table.
// Invariant: a record is used only if it and all records before it are complete, and only for the cache that it continues. A
// reader stops at an incomplete record, as a crash or a full disk leaves it; controllers send what is missing again.
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as v from 'valibot';
import { formatIpv4, formatPrefix, prefixFromKey, prefixKey } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';
import { address, isStatic, kindOf, prefix, routeFrom } from './cache-values.js';
import type { NodeTable } from './node-table.js';

/** changesPath returns the path of the changes in a state directory. */
export function changesPath(stateDir: string): string {
  return join(stateDir, 'cache.changes');
}

const header = v.object({ format: v.literal(1), of: v.string() });

const record = v.object({
  // Epoch and revision of the table after the change.
  to: v.tuple([v.number(), v.number()]),
  set: v.optional(v.array(v.tuple([prefix, address, v.string(), isStatic])), []),
  gone: v.optional(v.array(prefix), []),
});

// The checksum is of the text behind it: "1b2c3d4e {…}".
function lineOf(value: unknown): string {
  const text = JSON.stringify(value);
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

function valueIn(line: string): unknown {
  const text = line.slice(9);
  if (crc32(text) !== Number.parseInt(line.slice(0, 8), 16) || line[8] !== ' ') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** headerText begins the changes of the cache with this id. */
export function headerText(id: string): string {
  return lineOf({ format: 1, of: id });
}

/** changeRecord returns the record of a change; undefined if more than routes and the revision differ. */
export function changeRecord(before: NodeTable, now: NodeTable): string | undefined {
  if (now.version.clusterId !== before.version.clusterId || !sameRest(before, now)) return undefined;
  const set: (readonly string[])[] = [];
  const gone: string[] = [];
  for (const key of now.routes.changedSince(before.routes)) {
    const route = now.routes.get(key);
    if (route === undefined) gone.push(formatPrefix(prefixFromKey(key)));
    else set.push(routeText(route));
  }
  const { epoch, revision } = now.version;
  return lineOf({ to: [epoch, revision], ...(set.length > 0 ? { set } : {}), ...(gone.length > 0 ? { gone } : {}) });
}

function routeText(route: Route): readonly string[] {
  return [formatPrefix(route.subnet), formatIpv4(route.nextHop), route.nodeName, ...kindOf(route)];
}

// A delta copies the small sets that it might have changed.
function sameRest(before: NodeTable, now: NodeTable): boolean {
  const isSame = <V>(a: ReadonlyMap<number, V>, b: ReadonlyMap<number, V>) =>
    a === b || (a.size === b.size && [...a].every(([key, value]) => b.get(key) === value));
  const { refused, pools } = before;
  return (
    now.pools === pools &&
    (now.refused.pools === refused.pools || now.refused.pools.length + refused.pools.length === 0) &&
    (now.refused.routes === refused.routes || now.refused.routes.size + refused.routes.size === 0) &&
    isSame(before.held, now.held) &&
    before.unresolved.size === now.unresolved.size &&
    [...before.unresolved].every((key) => now.unresolved.has(key))
  );
}

/** withChanges returns the table after the whole records of `text`, if these continue the cache with this id. */
export function withChanges(table: NodeTable, id: string, text: string): NodeTable {
  const [first = '', ...lines] = text.split('\n');
  const begins = v.safeParse(header, valueIn(first));
  if (!begins.success || begins.output.of !== id) return table;
  const changes = new Map<number, Route | undefined>();
  let { version } = table;
  // Bytes after the last line break are an incomplete record.
  for (const line of lines.slice(0, -1)) {
    const read = v.safeParse(record, valueIn(line));
    if (!read.success) break;
    const { to, set, gone } = read.output;
    for (const [subnet, nextHop, nodeName, kind] of set) {
      changes.set(prefixKey(subnet), routeFrom({ subnet, nextHop, nodeName }, kind));
    }
    for (const subnet of gone) changes.set(prefixKey(subnet), undefined);
    version = { ...version, epoch: to[0], revision: to[1] };
  }
  return { ...table, version, routes: table.routes.with(changes) };
}
