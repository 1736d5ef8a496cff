// The one error class of xnet, and the one table between its codes, gRPC's and the exit codes of the command line.
// Messages are for people and may change; codes are for programs and may not.

/** ErrorCode is the kind of a failure, and determines what the caller can do. */
export type ErrorCode =
  | 'InvalidArgument'
  | 'NotFound'
  | 'AlreadyExists'
  | 'FailedPrecondition'
  | 'PoolExhausted'
  | 'ResourceExhausted'
  | 'NotWritable'
  | 'Conflict'
  | 'Fenced'
  | 'Unavailable'
  | 'DeadlineExceeded'
  | 'Cancelled'
  | 'Unauthenticated'
  | 'PermissionDenied'
  | 'Corrupt'
  | 'Internal';

type CodeRow = {
  /** gRPC status code number (grpc.github.io/grpc/core/md_doc_statuscodes.html). */
  readonly status: number;
  /** Exit code of `xctl`. */
  readonly exit: number;
};

/**
 * exitCodes are the exit codes of every xnet command: 0 success, 1 failure, 2 usage, 3 not found, 4 conflict or
 * precondition, 5 not allowed, 6 unavailable, 7 timeout or unknown outcome, 8 a check found problems, 9 declined by
 * the user, 11 the daemon ended because its host has left the fleet, 12 because it has not joined one (xnetd.service
 * then does not restart it), 13 the store takes no writes and nothing was written, 130 interrupted. 10 is not used.
 */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  denied: 5,
  unavailable: 6,
  timeout: 7,
  problemsFound: 8,
  givenUp: 9,
  left: 11,
  notJoined: 12,
  notWritable: 13,
  interrupted: 130,
} as const;

const codes = {
  InvalidArgument: { status: 3, exit: exitCodes.usage },
  NotFound: { status: 5, exit: exitCodes.notFound },
  AlreadyExists: { status: 6, exit: exitCodes.conflict },
  FailedPrecondition: { status: 9, exit: exitCodes.conflict },
  PoolExhausted: { status: 8, exit: exitCodes.conflict },
  /** The caller exceeded its share: the same call succeeds later. */
  ResourceExhausted: { status: 8, exit: exitCodes.unavailable },
  NotWritable: { status: 9, exit: exitCodes.notWritable },
  Conflict: { status: 10, exit: exitCodes.conflict },
  Fenced: { status: 9, exit: exitCodes.conflict },
  Unavailable: { status: 14, exit: exitCodes.unavailable },
  DeadlineExceeded: { status: 4, exit: exitCodes.timeout },
  Cancelled: { status: 1, exit: exitCodes.interrupted },
  Unauthenticated: { status: 16, exit: exitCodes.denied },
  PermissionDenied: { status: 7, exit: exitCodes.denied },
  Corrupt: { status: 15, exit: exitCodes.failure },
  Internal: { status: 13, exit: exitCodes.failure },
} as const satisfies Record<ErrorCode, CodeRow>;

/**
 * Fence tells a host that it is no longer its node: an operator removed the node, or gave it to another host. It is
 * based on a record of that, never on the absence of a record.
 */
export type Fence = {
  readonly reason: 'removed' | 'replaced';
  /** The version of the store that has the record. */
  readonly clusterId: string;
  readonly epoch: number;
  readonly revision: number;
};

/** ErrorDetails are the parts of an XnetError besides its code and message. */
export type ErrorDetails = {
  /** The individual problems, if there are several: one line each. */
  readonly problems?: readonly string[];
  /** What to do: "create one with: xctl pools create NAME CIDR". */
  readonly hint?: string;
  readonly fence?: Fence;
  readonly cause?: unknown;
};

/** XnetError is the class of every error that xnet raises deliberately. */
export class XnetError extends Error {
  override readonly name = 'XnetError';
  readonly code: ErrorCode;
  readonly problems: readonly string[];
  readonly hint: string | undefined;
  readonly fence: Fence | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.problems = details.problems ?? [];
    this.hint = details.hint;
    this.fence = details.fence;
  }
}

/**
 * unreadStoreMessage is the message of the Unavailable error of a controller that has not read its store since it started.
 * Clients compare it: such a controller has sent no change to the store.
 */
export const unreadStoreMessage = 'the controller has not read the store yet';

/** statusOf returns the gRPC status number of an error code. */
export function statusOf(code: ErrorCode): number {
  return codes[code].status;
}

/** exitCodeOf returns the exit code of a command that failed with this error code. */
export function exitCodeOf(code: ErrorCode): number {
  return codes[code].exit;
}

/** errorCodes lists all codes. */
export const errorCodes = Object.keys(codes) as readonly ErrorCode[];

/** isErrorCode reports whether a text is one of our codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(codes, text);
}

/** codeFromStatus returns the error code for a gRPC status from a peer that named none of ours. */
export function codeFromStatus(status: number): ErrorCode {
  if (status === 8) return 'Unavailable'; // RESOURCE_EXHAUSTED from gRPC itself is a limit of the transport
  for (const [code, row] of Object.entries(codes)) {
    if (row.status === status && isErrorCode(code)) return code;
  }
  return 'Internal';
}

/** messageOf returns the message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** errnoOf returns the errno name of a system error, "ENOENT"; undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/**
 * throwIfAny throws if a request has problems; `what` names the request in the message of several.
 * @throws XnetError InvalidArgument with all problems
 */
export function throwIfAny(problems: readonly string[], what: string): void {
  if (problems.length === 0) return;
  const [first] = problems;
  if (problems.length === 1 && first !== undefined) throw new XnetError('InvalidArgument', first);
  throw new XnetError('InvalidArgument', `${what}: ${problems.length} problems`, { problems });
}
