// What was found out about a path, as its verdict is decided from it.
import type { Echoes__Output } from '../../proto/gen/xnet/v1/Echoes.js';
import type { FindPathEndResponse__Output } from '../../proto/gen/xnet/v1/FindPathEndResponse.js';
import type { PacketTrace__Output } from '../../proto/gen/xnet/v1/PacketTrace.js';
import type { PathFindings__Output } from '../../proto/gen/xnet/v1/PathFindings.js';

/** PathEnd is an end of a path, as a controller finds it. */
export type PathEnd = FindPathEndResponse__Output;

/** Side is one end of a path, and what its host says. */
export type Side = {
  readonly end: PathEnd;
  /** The end's address: "10.76.3.7". Empty: the container has none. */
  readonly address: string;
  /** The subnet of the lease that has it; empty for a node address. */
  readonly subnet: string;
  /** Undefined: the host was not asked, or did not answer. */
  readonly path: PathFindings__Output | undefined;
  /** Packets of the probe that were seen on the host; undefined: they were not traced. */
  readonly packets: readonly PacketTrace__Output[] | undefined;
  /** Why the host could not be asked; empty: it was. */
  readonly away: string;
  /** Why it could not trace; empty: it could. */
  readonly traceProblem: string;
};

/** Examination is everything that was found out about one path. */
export type Examination = {
  readonly source: Side;
  readonly target: Side;
  /** Undefined: nothing was sent. */
  readonly echoes: Echoes__Output | undefined;
  /** Why nothing could be sent; empty: something was, or nothing was to be. */
  readonly probeProblem: string;
};

/** packetOf returns the first request or reply that a side saw; undefined: it saw none. */
export function packetOf({ packets }: Pick<Side, 'packets'>, reply: boolean): PacketTrace__Output | undefined {
  return packets?.find((packet) => packet.reply === reply);
}

/** nameOf names an end: "web-1/api (10.76.3.7)", "web-1 (10.76.3.1)". */
export function nameOf({ end, address, path }: Side): string {
  const { node } = end;
  const container = end.container === '' ? (path?.container?.name ?? '') : end.container;
  const name = container === '' ? node : `${node}/${container}`;
  return address === '' ? name : `${name} (${address})`;
}
