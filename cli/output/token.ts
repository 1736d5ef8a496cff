// Join tokens in JSON and as tables. Pure.
// Invariant: fields of the output types are only ever added; an unknown value is null, never omitted.
import { escaped } from '../../proto/domain/text.js';
import type { Token__Output } from '../../proto/gen/xnet/v1/Token.js';
import type { Kind } from './columns.js';
import { orNull } from './from-wire.js';
import { ageOf, formatLeft, isoTime } from './time.js';

/** TokenOutput is a join token without its secret, in the output of `xctl tokens`. */
export type TokenOutput = {
  /** Six characters. */
  readonly id: string;
  /** Name of the only node that can join with it; null: any host. */
  readonly node: string | null;
  /** Pool of the nodes that it adds; null: the default one. */
  readonly pool: string | null;
  /** Only hosts in this range may join: "192.168.83.0/24". */
  readonly source: string | null;
  readonly uses: number;
  readonly usesLeft: number;
  readonly createdAt: string | null;
  /** "admin/alice" */
  readonly createdBy: string | null;
  readonly expiresAt: string | null;
};

/** tokenFromWire converts a token. */
export function tokenFromWire(wire: Token__Output): TokenOutput {
  return {
    id: wire.id,
    node: orNull(wire.nodeName),
    pool: orNull(wire.pool),
    source: orNull(wire.source),
    uses: wire.uses,
    usesLeft: wire.usesLeft,
    createdAt: isoTime(wire.createdMs),
    createdBy: orNull(wire.createdBy),
    expiresAt: isoTime(wire.expiresMs),
  };
}

/** leftText returns the rounded time until an ISO time: "in 59m"; "expired" if it has passed, "-" for null. */
export function leftText(iso: string | null, nowMs: number): string {
  if (iso === null) return '-';
  const leftMs = Date.parse(iso) - nowMs;
  if (leftMs <= 0) return 'expired';
  // Coarse units: seconds are irrelevant for a month.
  const unitMs = [86_400_000, 3_600_000, 60_000].find((ms) => leftMs > 2 * ms) ?? 1000;
  return `in ${formatLeft(Math.round(leftMs / unitMs) * unitMs, 0)}`;
}

/** tokenKind describes how tokens are printed. */
export const tokenKind: Kind<TokenOutput> = {
  plural: 'tokens',
  nameOf: ({ id }) => id,
  columns: [
    { header: 'ID', cell: ({ id }) => escaped(id) },
    { header: 'NODE', cell: ({ node }) => escaped(node ?? 'any') },
    { header: 'POOL', drop: 2, cell: ({ pool }) => escaped(pool ?? '-') },
    { header: 'FROM', cell: ({ source }) => source ?? 'anywhere' },
    {
      header: 'USES-LEFT',
      cell: ({ uses, usesLeft }, { colors }) => ({
        text: `${usesLeft}/${uses}`,
        paint: usesLeft === 0 ? colors.faint : (text) => text,
      }),
    },
    { header: 'EXPIRES', cell: ({ expiresAt }, { nowMs }) => leftText(expiresAt, nowMs) },
    { header: 'AGE', drop: 1, cell: ({ createdAt }, { nowMs }) => ageOf(createdAt, nowMs) },
    { header: 'MADE-BY', cell: ({ createdBy }) => escaped(createdBy ?? '-') },
  ],
};
