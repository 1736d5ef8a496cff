// Explains gRPC connection errors in plain words, with a hint what to do. Pure.
import { type ErrorCode, XnetError } from '../../proto/errors.js';

// grpc-js: "No connection established. Last error: X (TIME). Resolution note: ", where X is the cause.
const lastError = /Last error: (.+?)\.?\s*\(\d{4}-[^)]*\)/s;

type Explanation = { readonly pattern: RegExp; readonly says: string; readonly hint: string };

const again = 'have this host join again: xctl tokens create --node NAME, then xnetd join here';

// Of OpenSSL's messages (x509_txt.c) and alerts (RFC 8446, section 6.2), as Node.js prints them.
const explanations: readonly Explanation[] = [
  {
    pattern: /certificate is not yet valid|certificate has expired/i,
    says: "the controller's certificate is not valid at this time",
    hint: 'check the clocks of this host and of the controller: timedatectl',
  },
  {
    pattern: /self-signed certificate|unable to (?:verify|get)|signature failure/i,
    says: 'the server has no certificate of the authority that this host trusts',
    hint: `check the address. If the authority was replaced while this host was off, ${again}`,
  },
  {
    pattern: /does not match certificate|altnames/i,
    says: 'the server is not a controller of this cluster',
    hint: 'check the address: --controller',
  },
  {
    pattern: /alert (?:certificate (?:required|expired|unknown|revoked)|unknown ca|bad certificate)/i,
    says: "the controller does not take this host's certificate",
    hint: `check this host's clock. If it is right, ${again}`,
  },
];

/** explainConnectionError returns a connection error with its cause in plain words and a hint; other errors unchanged. */
export function explainConnectionError(error: XnetError): XnetError {
  if (error.code !== 'Unavailable') return error;
  const message = (lastError.exec(error.message)?.[1] ?? error.message).trim();
  const found = explanations.find(({ pattern }) => pattern.test(message));
  const { problems, cause } = error;
  if (found === undefined) {
    return new XnetError('Unavailable', message, {
      problems,
      cause,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
  return new XnetError('Unavailable', found.says, { problems: [...problems, message], hint: found.hint, cause });
}

const refusals: readonly ErrorCode[] = ['PermissionDenied', 'Unauthenticated', 'NotFound'];

/** isAccessRefusal reports whether a controller refuses this host, which does not pass by itself. */
export function isAccessRefusal(code: ErrorCode): boolean {
  return refusals.includes(code);
}
