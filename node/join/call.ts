// Joins through one of the controllers: first verifies the controller, then sends the request.
// Invariant: the token is sent only on a connection whose server has proved to belong to the authority that the token
// names. A server of another authority ends the whole attempt.

import type { HostNetwork } from '../../proto/domain/network.js';
import { escaped } from '../../proto/domain/text.js';
import { type ErrorCode, XnetError } from '../../proto/errors.js';
import type { JoinResponse__Output } from '../../proto/gen/xnet/v1/JoinResponse.js';
import type { JoinServiceClient } from '../../proto/gen/xnet/v1/JoinService.js';
import type { PreviewJoinResponse__Output } from '../../proto/gen/xnet/v1/PreviewJoinResponse.js';
import { provenAuthority, readCertificate } from '../../proto/pki/chain.js';
import { formatToken, type Token } from '../../proto/pki/token.js';
import { version } from '../../proto/process/version.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { wireFromHostNetwork } from '../../proto/rpc/convert.js';
import { services } from '../../proto/rpc/definitions.js';
import {
  checkEndpoint,
  defaultJoinPort,
  defaultPort,
  type Endpoint,
  formatEndpoint,
} from '../../proto/rpc/endpoint.js';
import { maxJoinAnswerBytes } from '../../proto/rpc/limits.js';
import { errorFromStatus, isUnknownCall } from '../../proto/rpc/status.js';
import type { NodeIdentity } from '../identity/identity.js';
import { identityProblem } from '../identity/identity.js';
import { explainConnectionError } from '../uplink/connection-errors.js';
import { serverChain } from './server-chain.js';

/** TcpEndpoint is a host and a port. */
export type TcpEndpoint = Extract<Endpoint, { readonly kind: 'tcp' }>;

/** Proven is a controller that has proved to belong to the token's authority. */
export type Proven = { readonly endpoint: TcpEndpoint; readonly clusterId: string; readonly authority: string };

// The controller has proved to be there; it answers many hosts that join at once one after the other.
const joinTimeoutMs = 90_000;

/**
 * provenFrom verifies that the chain of a server belongs to a controller of the token's authority.
 * @throws XnetError Unauthenticated when it does not
 */
export function provenFrom(chain: readonly string[], caDigest: string, endpoint: TcpEndpoint): Proven {
  const at = formatEndpoint(endpoint);
  const authority = provenAuthority(chain, caDigest);
  const identity = chain[0] === undefined ? undefined : readCertificate(chain[0]).identity;
  if (authority === undefined || identity?.role !== 'controller') {
    throw new XnetError('Unauthenticated', `${at} is not a controller of the cluster that the join token is for`, {
      hint: 'nothing was sent to it. Check the address and the token: another server may stand in for the controller',
    });
  }
  return { endpoint, clusterId: identity.clusterId, authority };
}

/** prove connects to a controller and verifies that it belongs to the token's authority. */
export async function prove(endpoint: TcpEndpoint, token: Token, signal: AbortSignal): Promise<Proven> {
  return provenFrom(await serverChain(endpoint, signal), token.caDigest, endpoint);
}

/** JoinCall holds the parameters of a join. */
export type JoinCall = {
  readonly token: Token;
  readonly csr: string;
  /** Empty if the token names the node. */
  readonly nodeName: string;
  readonly address: string;
  /** Networks of this host that xnet did not make, with its addresses in them. */
  readonly networks: readonly HostNetwork[];
};

// The API port shows the same chain, but ends connections without a client certificate.
function elsewhere(code: ErrorCode, { port }: TcpEndpoint): string {
  if (code !== 'Unavailable' || port !== defaultPort) return '';
  return ` (${defaultPort} is the API port; the join port is ${defaultJoinPort})`;
}

/** callJoin joins through a proven controller. Throws XnetError. */
export function callJoin(proven: Proven, call: JoinCall, signal: AbortSignal): Promise<JoinResponse__Output> {
  return callThrough(proven, async (client) =>
    callUnary(client.join.bind(client), requestFrom(call), { timeoutMs: joinTimeoutMs, signal }),
  );
}

/**
 * callPreview asks a proven controller what callJoin with the same parameters would come to. Throws XnetError.
 * @returns undefined: the controller is older and can't tell
 */
export function callPreview(
  proven: Proven,
  call: JoinCall,
  signal: AbortSignal,
): Promise<PreviewJoinResponse__Output | undefined> {
  return callThrough(proven, async (client) => {
    try {
      return await callUnary(client.previewJoin.bind(client), requestFrom(call), { timeoutMs: joinTimeoutMs, signal });
    } catch (error) {
      if (isUnknownCall(error)) return undefined;
      throw error;
    }
  });
}

function requestFrom({ token, csr, nodeName, address, networks }: JoinCall) {
  const hostNetworks = networks.map(wireFromHostNetwork);
  return { token: formatToken(token), csr, nodeName, address, daemonVersion: version, hostNetworks };
}

async function callThrough<T>(
  { endpoint, clusterId, authority }: Proven,
  call: (client: JoinServiceClient) => Promise<T>,
): Promise<T> {
  const client = makeClient(services.join, endpoint, { clusterId, authority: [authority] }, maxJoinAnswerBytes);
  try {
    return await call(client);
  } catch (error) {
    const { code, message, problems, hint } = explainConnectionError(errorFromStatus(error));
    throw new XnetError(code, `${formatEndpoint(endpoint)}: ${escaped(message)}${elsewhere(code, endpoint)}`, {
      problems: problems.map(escaped),
      ...(hint === undefined ? {} : { hint: escaped(hint) }),
      cause: error,
    });
  } finally {
    client.close();
  }
}

/**
 * identityFrom builds the identity of the host with this key from a controller's response.
 * @throws XnetError Corrupt when the response is invalid
 */
export function identityFrom(answer: JoinResponse__Output, proven: Proven, key: string): NodeIdentity {
  const { certificate, authority, clusterId, nodeId, nodeName, controllers, pools } = answer;
  const usable = controllers.filter((text) => 'value' in checkEndpoint(text));
  const identity = { certificate, authority, clusterId, nodeId, nodeName, controllers: usable, pools, key };
  const problem =
    clusterId === proven.clusterId
      ? identityProblem(identity)
      : `it is of cluster ${clusterId}, not ${proven.clusterId}`;
  if (problem === undefined) return identity;
  throw new XnetError('Corrupt', `${formatEndpoint(proven.endpoint)} returned an invalid identity: ${problem}`);
}

/** isWorthAnother reports whether another controller may succeed after this error. */
export function isWorthAnother(error: unknown): error is XnetError {
  return error instanceof XnetError && (error.code === 'Unavailable' || error.code === 'DeadlineExceeded');
}

/**
 * eachOf tries the controllers in order until one succeeds.
 * @throws XnetError the first error that no other controller can avoid, or Unavailable with the errors of all
 */
export async function eachOf<C, T>(candidates: readonly C[], attempt: (candidate: C) => Promise<T>): Promise<T> {
  const errors: XnetError[] = [];
  for (const candidate of candidates) {
    try {
      return await attempt(candidate);
    } catch (error) {
      if (!isWorthAnother(error)) throw error;
      errors.push(error);
    }
  }
  const [only] = errors;
  if (errors.length === 1 && only !== undefined) throw only;
  const hint = errors.find((error) => error.hint !== undefined)?.hint;
  const problems = errors.flatMap((error) => [error.message, ...error.problems]);
  throw new XnetError('Unavailable', 'no controller can be joined through', {
    problems,
    ...(hint === undefined ? {} : { hint }),
  });
}
