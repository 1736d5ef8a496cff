// The observations of a path, from which the verdict is decided.
import type { Echoes__Output } from '../../proto/gen/xnet/v1/Echoes.js';
import type { FindPathEndResponse__Output } from '../../proto/gen/xnet/v1/FindPathEndResponse.js';
import type { PacketTrace__Output } from '../../proto/gen/xnet/v1/PacketTrace.js';
import type { PathFindings__Output } from '../../proto/gen/xnet/v1/PathFindings.js';

/** PathEnd is an end of a path, as a controller finds it. */
export type PathEnd = FindPathEndResponse__Output;

/** Side is one end of a path, with the report of its host. */
export type Side = {
  readonly end: PathEnd;
  /** The end's address: "10.76.3.7". Empty: the container has none. */
  readonly address: string;
  /** The subnet of the lease that has it; empty for a node address. */
  readonly subnet: string;
  /** Undefined: the host was not asked, or did not answer. */
  readonly path: PathFindings__Output | undefined;
  /** Packets of the probe that the host saw; undefined: they were not traced. */
  readonly packets: readonly PacketTrace__Output[] | undefined;
  /** Why the host could not be asked; empty: it was. */
  readonly away: string;
  /** Why it could not trace; empty: it could. */
  readonly traceProblem: string;
};

/** Examination holds all observations of one path. */
export type Examination = {
  readonly source: Side;
  readonly target: Side;
  /** Undefined: nothing was sent. */
  readonly echoes: Echoes__Output | undefined;
  /** Why nothing could be sent; empty: packets were sent, or none were to be sent. */
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
