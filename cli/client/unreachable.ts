// The errors for unreachable controllers: where xctl tried, why that failed, and what to do. Pure.
import { escaped } from '../../proto/domain/text.js';
import { type ErrorCode, messageOf, unreadStoreMessage, XnetError } from '../../proto/errors.js';
import { type Endpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';
import { isAnswer } from '../../proto/rpc/status.js';
import { formatDuration } from '../output/time.js';

/** CallFailure is the failure of one attempt at one controller. */
export type CallFailure = {
  readonly endpoint: Endpoint;
  readonly error: XnetError;
  /** For people: "connection refused". */
  readonly text: string;
  /** The request was sent, so the controller may have executed it. */
  readonly sent: boolean;
  /** The controller itself returned the error. */
  readonly answered: boolean;
  /** The server did not prove to be a controller of the cluster: a retry does not help. */
  readonly untrusted: boolean;
};

// The messages, of grpc-js and of proto/rpc/http2, for a connection that was never established, with libuv's error in them.
// Of a deadline of this side, the message has remote_addr= once the request was sent. The server's own, which a client on
// a busy machine may get first, is "Deadline exceeded": the server has the request.
const notConnected =
  /No connection established|Name resolution failed|no connection within|Deadline exceeded after(?!.*remote_addr)/;
// The server speaks another protocol, or does not know our service.
const foreign = /HTTP status code|unknown service|unknown method|Protocol error|UNIMPLEMENTED/i;
// grpc-js's answer to calls of a service that a server does not have.
const otherPort = /does not implement the method/;
// Messages of OpenSSL and Node.js for an invalid server certificate (X509_verify_cert_error_string(3)).
const unknownAuthority = /self-signed certificate|unable to (get|verify)|certificate signature failure/;
// Alerts of TLS (RFC 8446, section 6.2) that a server sends about ours.
const refusedCertificate = /alert (certificate (required|expired|unknown|revoked)|unknown ca|bad certificate)/;
const otherCluster = /ERR_TLS_CERT_ALTNAME_INVALID|certificate's altnames/;

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOENT: 'no such socket',
  EACCES: 'permission denied',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ECONNRESET: 'connection reset',
};

function textOf({ message, code }: XnetError, { kind }: Endpoint): string {
  if (otherPort.test(message))
    return 'this looks like the join port, or a controller of another version; try port 7400';
  if (foreign.test(message)) return 'this is not an xnet controller of this version';
  if (unknownAuthority.test(message)) return 'the server is not certified by the authority that the context trusts';
  if (otherCluster.test(message)) return 'this is a controller of another cluster';
  if (/certificate (has expired|is not yet valid)/.test(message)) {
    return "its certificate is not valid at this machine's time";
  }
  // A server that refuses our certificate says so only after the connection was made; its alert may be lost.
  if (kind === 'tcp' && (refusedCertificate.test(message) || /Last error: Failed to connect/.test(message))) {
    return 'it closed the connection: the client certificate may have expired or be of another authority';
  }
  if (/SSL routines/.test(message)) return 'this server does not speak TLS';
  if (message.startsWith('Name resolution failed')) return 'no such host';
  const errno = /\b(E[A-Z]{3,})\b/.exec(message)?.[1];
  const known = errno === undefined ? undefined : reasons[errno];
  if (known !== undefined) return known;
  if (code === 'DeadlineExceeded') return 'timed out';
  return escaped(message);
}

/** callFailureOf returns the failure of an attempt. */
export function callFailureOf(endpoint: Endpoint, thrown: unknown): CallFailure {
  const error = thrown instanceof XnetError ? thrown : new XnetError('Internal', messageOf(thrown), { cause: thrown });
  const answered = isAnswer(error);
  const { message } = error;
  const text = answered ? escaped(message) : textOf(error, endpoint);
  const untrusted = !answered && (unknownAuthority.test(message) || otherCluster.test(message));
  return {
    endpoint,
    error,
    text,
    answered,
    untrusted,
    sent: answered || !(notConnected.test(message) || otherPort.test(message)),
  };
}

/** isPassing reports whether another controller, or a retry on the same one, may succeed. */
export function isPassing({ error, answered }: CallFailure): boolean {
  const { code, message } = error;
  if (code === 'Unavailable' || code === 'DeadlineExceeded' || code === 'Conflict') return true;
  // Another controller's disk may have space, and an election ends soon.
  if (code === 'NotWritable') return true;
  return !answered && code === 'Internal' && (foreign.test(message) || otherPort.test(message));
}

/** isRefusedByStore reports whether nothing was written, and nothing can be until an operator repairs the store. */
export function isRefusedByStore({ error, answered }: CallFailure): boolean {
  return error.code === 'NotWritable' || (answered && error.message.startsWith('the controller refuses to act'));
}

/** safeError returns an error whose texts are safe for a terminal: it may quote a node's report. */
export function safeError(error: XnetError): XnetError {
  return new XnetError(error.code, escaped(error.message), {
    problems: error.problems.map(escaped),
    cause: error,
    ...(error.hint === undefined ? {} : { hint: escaped(error.hint) }),
  });
}

function hintFor(failures: readonly CallFailure[]): string {
  if (failures.length > 0 && failures.every(({ untrusted }) => untrusted)) {
    return 'see xctl contexts show; when the authority was replaced, have an admin issue a certificate: xctl certs issue';
  }
  const denied = failures.find(({ text }) => text === reasons['EACCES']);
  if (denied !== undefined)
    return `${formatEndpoint(denied.endpoint)} is for root and the group xnet: use sudo, or a context (xctl contexts --help)`;
  const allLocal = failures.every(({ endpoint }) => endpoint.kind === 'unix');
  const look = allLocal
    ? 'does xnet-controller run on this machine (systemctl status xnet-controller)? From another one: xctl contexts --help.'
    : 'check that the controllers run there and that no firewall blocks the port.';
  return `${look} Other controllers: --controller HOST:PORT,… or XCTL_CONTROLLER`;
}

/** isDryRun reports whether a request asks for no change: no outcome of it can be unknown. */
export function isDryRun(request: unknown): boolean {
  return typeof request === 'object' && request !== null && 'dryRun' in request && request.dryRun === true;
}

/** mayHaveChanged reports whether the controller may have made the change that it was asked for. */
export function mayHaveChanged(failure: CallFailure): boolean {
  const { sent, answered, error } = failure;
  // A controller that gives up a race has looked whether the change was made. One that never read the store sent nothing.
  const isCertain = answered && (error.code === 'Conflict' || error.message.startsWith(unreadStoreMessage));
  return sent && !isRefusedByStore(failure) && !isCertain;
}

const unknownOutcomeHint =
  'the outcome is unknown: rerun the command to see it; a change that was made is not made twice, ' +
  'but a rerun makes another token, certificate or nic (see: xctl tokens list, xctl certs list, xctl nics list)';

// A controller that refuses for these reasons has looked at the store, where it would have found the change.
const decided: ReadonlySet<ErrorCode> = new Set(['NotFound', 'AlreadyExists', 'InvalidArgument', 'PoolExhausted']);

/**
 * refusal returns the error of a controller that refuses a call.
 * @param before the failures of earlier attempts at the change: another controller may have made it
 */
export function refusal({ error }: CallFailure, before: readonly CallFailure[]): XnetError {
  const open = decided.has(error.code) ? undefined : before.find(mayHaveChanged);
  if (open === undefined) return safeError(error);
  const lines = [...error.problems, ...(error.hint === undefined ? [] : [error.hint])].map(escaped);
  return new XnetError(error.code, escaped(error.message), {
    problems: [...lines, `${formatEndpoint(open.endpoint)}, which was asked before: ${open.text}`],
    hint: unknownOutcomeHint,
    cause: error,
  });
}

// The error of a change that one attempt may have made, and that the store has refused since: the refusal says nothing
// about the earlier attempt.
function unknownOutcome(failures: readonly CallFailure[], refusal: XnetError): XnetError {
  const lines = failures.map(({ endpoint, text }) => `${formatEndpoint(endpoint)}: ${text}`);
  const more = [...refusal.problems, ...(refusal.hint === undefined ? [] : [refusal.hint])];
  return new XnetError('DeadlineExceeded', 'the change was sent, and no controller can tell whether it was made', {
    problems: [...new Set([...lines, ...more.map(escaped)])],
    hint: unknownOutcomeHint,
  });
}

/** madeInPart returns the error of a command whose earlier step was made: NotWritable would say that nothing was written. */
export function madeInPart(error: unknown): unknown {
  if (!(error instanceof XnetError) || error.code !== 'NotWritable') return error;
  const { message, problems, hint } = error;
  return new XnetError('Unavailable', `an earlier step of the command was made, the next one was not: ${message}`, {
    problems,
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

/**
 * noController returns the error of a call that no controller executed.
 * @param failures in the order of the attempts; if an attempt of the call mayHaveChanged, one of those must be among them
 * @param options.changing the call changes something
 * @param options.repeated it was repeated for `timeoutMs`; default: if it changes something
 */
export function noController(
  failures: readonly CallFailure[],
  options: { readonly timeoutMs: number; readonly changing: boolean; readonly repeated?: boolean },
): XnetError {
  const { timeoutMs, changing, repeated = changing } = options;
  const unsure = changing && failures.some(mayHaveChanged);
  // An error from a controller is more informative than a failure to reach one.
  const answered = failures.findLast((failure) => failure.answered);
  if (answered !== undefined) {
    const answer = answered.error;
    if (unsure && isRefusedByStore(answered)) return unknownOutcome(failures, answer);
    // The hint of an answer says what to repair, which comes first unless another attempt left the outcome open.
    const isHidden = unsure && failures.some((each) => mayHaveChanged(each) && each.error.message !== answer.message);
    const hint = isHidden ? unknownOutcomeHint : (answer.hint ?? (unsure ? unknownOutcomeHint : undefined));
    return safeError(
      new XnetError(answer.code, answer.message, {
        problems: [...answer.problems, ...(answer.hint === undefined || !isHidden ? [] : [answer.hint])],
        ...(hint === undefined ? {} : { hint }),
      }),
    );
  }
  const late = failures.some(({ error, sent }) => sent && error.code === 'DeadlineExceeded');
  const lines = [...new Set(failures.map(({ endpoint, text }) => `${formatEndpoint(endpoint)}: ${text}`))];
  const [only = 'no controller was tried'] = lines;
  const within = repeated ? ` within ${formatDuration(timeoutMs)}` : '';
  const message = `no controller answers${within}`;
  const untrusted = failures.length > 0 && failures.every((failure) => failure.untrusted);
  return new XnetError(
    untrusted ? 'Unauthenticated' : late ? 'DeadlineExceeded' : 'Unavailable',
    lines.length === 1 ? `${message}: ${only}` : message,
    {
      problems: lines.length > 1 ? lines : [],
      hint: unsure ? unknownOutcomeHint : hintFor(failures),
    },
  );
}
