// Routes that nodes hold, in JSON and as tables. Pure.
// Invariant: fields of the output types are only ever added; an unknown value is null, never omitted.
import { escaped } from '../../proto/domain/text.js';
import type { NodeHeldRoutes__Output } from '../../proto/gen/xnet/v1/NodeHeldRoutes.js';
import type { Kind } from './columns.js';
import { ageOf, isoTime } from './time.js';

/** HeldRoutesOutput is a node that holds routes, in the output of `xctl routes held`. */
export type HeldRoutesOutput = {
  readonly node: string;
  readonly count: number;
  /** At most 64 of them. */
  readonly subnets: readonly string[];
  readonly epoch: number;
  readonly revision: number;
  /** "confirmation": of the store; "approval": of an operator. */
  readonly waitsFor: string;
  readonly since: string | null;
  readonly connected: boolean;
};

/** heldRoutesFromWire converts the routes that a node holds. */
export function heldRoutesFromWire({ nodeName, held, sinceMs, connected }: NodeHeldRoutes__Output): HeldRoutesOutput {
  return {
    node: nodeName,
    count: held?.count ?? 0,
    subnets: held?.subnets ?? [],
    epoch: held?.epoch ?? 0,
    revision: held?.revision ?? 0,
    waitsFor: held?.unexplained === true ? 'approval' : 'confirmation',
    since: isoTime(sinceMs),
    connected,
  };
}

const mostShown = 3;

/** heldRoutesKind describes how they are printed. */
export const heldRoutesKind: Kind<HeldRoutesOutput> = {
  plural: 'nodes',
  nameOf: ({ node }) => node,
  columns: [
    { header: 'NODE', cell: ({ node }) => escaped(node) },
    { header: 'ROUTES', cell: ({ count }) => String(count) },
    {
      header: 'SUBNETS',
      drop: 1,
      cell: ({ subnets, count }) => {
        const more = count > mostShown ? `, ${count - mostShown} more` : '';
        return escaped(`${subnets.slice(0, mostShown).join(', ')}${more}`);
      },
    },
    { header: 'REVISION', cell: ({ revision }) => String(revision) },
    { header: 'EPOCH', wide: true, cell: ({ epoch }) => String(epoch) },
    {
      header: 'WAITS-FOR',
      cell: ({ waitsFor }, { colors }) => ({
        text: waitsFor,
        paint: waitsFor === 'approval' ? colors.bad : colors.waiting,
      }),
    },
    { header: 'CONNECTED', wide: true, cell: ({ connected }) => (connected ? 'yes' : 'no') },
    { header: 'SINCE', drop: 0, cell: ({ since }, { nowMs }) => ageOf(since, nowMs) },
  ],
};
