// Joining through one of the controllers: first who they are, then everything else.
// Invariant: the token leaves this host only on a connection whose other end has proved to be of the authority that the
// token names. A server that is of another ends the whole attempt.

import type { HostNetwork } from '../../proto/domain/network.js';
import { type ErrorCode, XnetError } from '../../proto/errors.js';
import type { JoinResponse__Output } from '../../proto/gen/xnet/v1/JoinResponse.js';
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
import { errorFromStatus } from '../../proto/rpc/status.js';
import type { NodeIdentity } from '../identity/identity.js';
import { identityProblem } from '../identity/identity.js';
import { explainConnectionError } from '../uplink/connection-errors.js';
import { serverChain } from './server-chain.js';

/** TcpEndpoint is a host and a port. */
export type TcpEndpoint = Extract<Endpoint, { readonly kind: 'tcp' }>;

/** Proven is a controller that proved to be of the token's authority. */
export type Proven = { readonly endpoint: TcpEndpoint; readonly clusterId: string; readonly authority: string };

const joinTimeoutMs = 30_000;

/**
 * provenFrom finds out whether a server that shows this chain is a controller of the authority that a token names.
 * @throws XnetError Unauthenticated when it is not
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

/** prove connects to a controller and finds out whether it is of the token's authority. */
export async function prove(endpoint: TcpEndpoint, token: Token, signal: AbortSignal): Promise<Proven> {
  return provenFrom(await serverChain(endpoint, signal), token.caDigest, endpoint);
}

/** JoinCall is what a host asks with. */
export type JoinCall = {
  readonly token: Token;
  readonly csr: string;
  /** Empty where the token names the node. */
  readonly nodeName: string;
  readonly address: string;
  /** Networks that this host has by itself. */
  readonly networks: readonly HostNetwork[];
};

// The port of the API shows the same chain, and ends the connection of whoever has no certificate.
function elsewhere(code: ErrorCode, { port }: TcpEndpoint): string {
  if (code !== 'Unavailable' || port !== defaultPort) return '';
  return ` (${defaultPort} is the port of the API; hosts join by ${defaultJoinPort})`;
}

/** callJoin joins through a controller that was proved. Throws XnetError. */
export async function callJoin(
  { endpoint, clusterId, authority }: Proven,
  { token, csr, nodeName, address, networks }: JoinCall,
  signal: AbortSignal,
): Promise<JoinResponse__Output> {
  const client = makeClient(services.join, endpoint, { clusterId, authority: [authority] });
  try {
    const hostNetworks = networks.map(wireFromHostNetwork);
    const request = { token: formatToken(token), csr, nodeName, address, daemonVersion: version, hostNetworks };
    return await callUnary(client.join.bind(client), request, { timeoutMs: joinTimeoutMs, signal });
  } catch (error) {
    const { code, message, problems, hint } = explainConnectionError(errorFromStatus(error));
    throw new XnetError(code, `${formatEndpoint(endpoint)}: ${message}${elsewhere(code, endpoint)}`, {
      problems,
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  } finally {
    client.close();
  }
}

/**
 * identityFrom is the identity that a controller's answer gives to the host with this key.
 * @throws XnetError Corrupt when the answer is not one
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
  throw new XnetError('Corrupt', `${formatEndpoint(proven.endpoint)} answered what is no identity: ${problem}`);
}

/** isWorthAnother says whether another controller may do what one did not. */
export function isWorthAnother(error: unknown): error is XnetError {
  return error instanceof XnetError && (error.code === 'Unavailable' || error.code === 'DeadlineExceeded');
}

/**
 * eachOf tries the controllers one after the other until one does it.
 * @throws XnetError what is no reason to try another, or Unavailable with what each of them failed with
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
