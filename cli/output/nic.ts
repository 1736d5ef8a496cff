// Nics in JSON and as a table. Pure.
// Invariant: fields of the output types are only ever added; an unknown value is null, never omitted.
import { escaped } from '../../proto/domain/text.js';
import type { NicStatus__Output } from '../../proto/gen/xnet/v1/NicStatus.js';
import type { Kind } from './columns.js';
import { orNull } from './from-wire.js';
import { ageOf, isoTime } from './time.js';

/** NicOutput is a nic in the output of `xctl nics`. */
export type NicOutput = {
  readonly address: string;
  readonly node: string;
  /** Its name, or the first digits of its id. */
  readonly container: string;
  /** Name of the interface in the container. */
  readonly interface: string;
  /** Null: the node has no lease any more that the address is in. */
  readonly pool: string | null;
  /** The container runs and has the interface; null: its host has not reported it, or is down. */
  readonly ready: boolean | null;
  /**
   * "Ready", or why it is not: "ContainerNotFound". "Pending": its host has not reported. "NotLeased": its lease has
   * ended.
   */
  readonly reason: string;
  readonly message: string | null;
  readonly addedAt: string | null;
};

/** nicFromWire converts a nic. */
export function nicFromWire({ nic, node, pool, addedMs, use, leased }: NicStatus__Output): NicOutput {
  const said = leased ? use : null;
  return {
    address: nic?.address ?? '',
    node,
    container: nic?.container ?? '',
    interface: nic?.interfaceName ?? '',
    pool: orNull(pool),
    ready: said?.ready ?? null,
    reason: leased ? (use?.reason ?? 'Pending') : 'NotLeased',
    message: orNull(said?.message ?? ''),
    addedAt: isoTime(addedMs),
  };
}

/** nicKind describes how nics are printed. */
export const nicKind: Kind<NicOutput> = {
  plural: 'nics',
  nameOf: ({ address }) => address,
  columns: [
    { header: 'ADDRESS', cell: ({ address }) => address },
    { header: 'NODE', cell: ({ node }) => escaped(node) },
    { header: 'CONTAINER', cell: ({ container }) => escaped(container) },
    { header: 'INTERFACE', cell: (nic) => escaped(nic.interface) },
    {
      header: 'STATE',
      cell: ({ ready, reason }, { colors }) => ({
        text: escaped(reason),
        paint: ready === true ? colors.good : reason === 'Pending' ? colors.waiting : colors.bad,
      }),
    },
    { header: 'AGE', drop: 1, cell: ({ addedAt }, { nowMs }) => ageOf(addedAt, nowMs) },
    { header: 'POOL', wide: true, cell: ({ pool }) => escaped(pool ?? '-') },
    { header: 'MESSAGE', wide: true, cell: ({ message }) => escaped(message ?? '-') },
  ],
};
