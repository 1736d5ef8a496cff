// The map of a pool: one character per subnet, in rows. Pure.
// Invariant: every subnet of the pool is either one character of a row or counted by a line between rows.
import {
  formatIpv4,
  formatPrefix,
  type Prefix,
  parsePrefix,
  prefixCovers,
  prefixOf,
  subnetAt,
  subnetCount,
  subnetIndex,
} from '../../proto/domain/address.js';
import type { Colors } from './columns.js';
import type { LeaseOutput, PoolOutput } from './pool.js';

const symbols = { leased: '#', static: 's', reserved: 'r', quarantined: 'q', free: '.' } as const;

// Subnets per row of a pool with more than 256 subnets; a /16 of /24s is a square of 16 × 16.
const perRow = 64;
const mostRows = 48;

function symbolOf(state: string): string {
  if (state === 'leased' || state === 'static') return symbols[state];
  return state === 'quarantined' ? symbols.quarantined : symbols.reserved;
}

/** poolCells returns a pool's subnets, sorted by address, one symbol each. */
export function poolCells(pool: PoolOutput, leases: readonly LeaseOutput[]): readonly string[] {
  const range = parsePrefix(pool.cidr);
  if (range === undefined) return [];
  const cells: string[] = new Array(subnetCount(range, pool.subnetLength)).fill(symbols.free);
  // Reservations first: a reserved subnet that is leased or quarantined shows as that.
  const inOrder = [...leases].sort((a, b) => Number(a.state !== 'reserved') - Number(b.state !== 'reserved'));
  for (const { subnet, state } of inOrder) {
    const block = parsePrefix(subnet);
    if (block === undefined || !prefixCovers(range, block)) continue;
    // In mode lan, a reservation may be smaller than the subnet that is not leased because of it.
    const whole = prefixOf(block.network, Math.min(block.length, pool.subnetLength));
    const first = subnetIndex(range, subnetAt(whole, pool.subnetLength, 0));
    cells.fill(symbolOf(state), first, first + subnetCount(whole, pool.subnetLength));
  }
  return cells;
}

type Row = { readonly first: number; readonly cells: readonly string[] };

function rowsOf(cells: readonly string[]): readonly Row[] {
  const width = cells.length <= 256 ? Math.min(16, cells.length) : perRow;
  const rows: Row[] = [];
  for (let first = 0; first < cells.length; first += width) {
    rows.push({ first, cells: cells.slice(first, first + width) });
  }
  return rows;
}

function paintCells(cells: readonly string[], colors: Colors): string {
  const paints: Readonly<Record<string, (text: string) => string>> = {
    [symbols.leased]: colors.good,
    [symbols.static]: colors.good,
    [symbols.reserved]: colors.strong,
    [symbols.quarantined]: colors.waiting,
    [symbols.free]: colors.faint,
  };
  // Runs of one symbol are painted together: a colour per character would make the output ten times as long.
  return cells.join('').replace(/(.)\1*/g, (run, symbol: string) => paints[symbol]?.(run) ?? run);
}

function rangeOf(range: Prefix, length: number, first: number, count: number): string {
  const from = subnetAt(range, length, first);
  const to = subnetAt(range, length, first + count - 1);
  return count === 1 ? formatPrefix(from) : `${formatIpv4(from.network)} to ${formatPrefix(to)}`;
}

/**
 * formatPoolMap returns the map of a pool: one line per row, beginning with the first subnet of the row, and a legend.
 * Each run of empty rows is summarised in one line; of a pool that is still too long, only the first rows are shown.
 */
export function formatPoolMap(pool: PoolOutput, leases: readonly LeaseOutput[], colors: Colors): string[] {
  const range = parsePrefix(pool.cidr);
  if (range === undefined) return [];
  const { subnetLength } = pool;
  const cells = poolCells(pool, leases);
  const rows = rowsOf(cells);
  const isEmpty = (row: Row | undefined) => row?.cells.every((cell) => cell === symbols.free) ?? false;
  const labelWidth = formatPrefix(subnetAt(range, subnetLength, cells.length - 1)).length + 2;
  const lines: string[] = [];
  for (let at = 0; at < rows.length; ) {
    const row = rows[at];
    if (row === undefined) break;
    let end = at;
    while (isEmpty(rows[end])) end += 1;
    const shown = lines.length;
    if (rows.length > 16 && end - at > 1) {
      const count = (rows[end]?.first ?? cells.length) - row.first;
      lines.push(colors.faint(`${rangeOf(range, subnetLength, row.first, count)}: ${count} free`));
      at = end;
    } else if (shown >= mostRows) {
      const count = cells.length - row.first;
      lines.push(
        `${rangeOf(range, subnetLength, row.first, count)}: ${count} more, see: xctl leases list --pool ${pool.name}`,
      );
      break;
    } else {
      lines.push(
        `${formatPrefix(subnetAt(range, subnetLength, row.first)).padEnd(labelWidth)}${paintCells(row.cells, colors)}`,
      );
      at += 1;
    }
  }
  const legend = Object.entries(symbols).map(([state, symbol]) => `${paintCells([symbol], colors)} ${state}`);
  return [...lines, '', legend.join('   ')];
}
