// Decides how a host joins: uses the token, records the node's certificate, and adds the node if it does not exist.
// Pure.
// Invariant: a join is one transaction, guarded by the token as it was read and by the issuing authority, so one use of
// a token admits one key, and a deleted token admits none.
import { type Ipv4, prefixesOverlap } from '../../proto/domain/address.js';
import type { HostNetwork } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { decideAdd, type NewNode } from '../registry/add-node.js';
import { howToEndOverlap, overlapsOwn } from '../registry/allocate.js';
import { asSeen } from '../registry/guards.js';
import { keptNetwork } from '../registry/kept-networks.js';
import { requireNode } from '../registry/lookup.js';
import type { Decision } from '../registry/mutation.js';
import { hindering } from '../registry/node-networks.js';
import { keys } from '../store/keys.js';
import type { TokenRecord } from '../store/records.js';
import type { Guard, Operation } from '../store/store.js';
import { networkOf } from '../view/lease-network.js';
import { leasesOf } from '../view/leases.js';
import type { ReadonlyView } from '../view/view.js';
import { certify, certifyGuards, type IssuedCertificate, supersede } from './certify.js';
import { putToken } from './tokens.js';

/** JoiningHost is a host that presented a token with the right secret. */
export type JoiningHost = {
  readonly tokenId: string;
  /** keyDigest of the host's key. */
  readonly keyDigest: string;
  /** Name and address that the host asks for; absent when the token names the node. */
  readonly name?: string;
  readonly address?: Ipv4;
  /** Networks of the host itself. */
  readonly networks?: readonly HostNetwork[];
};

/** JoinInput is everything that the decision on a join depends on. */
export type JoinInput = {
  readonly view: ReadonlyView;
  readonly joining: JoiningHost;
  /** Issued to the node that `nodeOfJoin` returned. */
  readonly certified: IssuedCertificate;
  readonly nowMs: number;
  /** See AddInput. */
  readonly taken: ReadonlySet<number>;
  readonly spread: number;
};

/**
 * nodeOfJoin returns the id of the node that a host joins as; undefined: a new node.
 * @throws XnetError PermissionDenied, Unauthenticated, AlreadyExists, InvalidArgument
 */
export function nodeOfJoin(view: ReadonlyView, token: TokenRecord, joining: JoiningHost): string | undefined {
  if (token.node === undefined) return nodeByName(view, asAdopted(token, joining));
  const node = view.nodes.get(token.node)?.record;
  if (node === undefined) throw new XnetError('Unauthenticated', 'the node that this join token is for was removed');
  if (joining.name !== undefined && joining.name !== node.name) {
    throw new XnetError('PermissionDenied', `this join token is not for node ${joining.name}`);
  }
  if (view.revoked.has(token.node)) {
    throw new XnetError('PermissionDenied', `node ${node.name} was revoked`, {
      hint: `remove it, and add it again: xctl nodes remove ${node.name} --force`,
    });
  }
  return token.node;
}

// A token for a host that keeps its network has name and address.
function asAdopted({ adopt }: TokenRecord, joining: JoiningHost): JoiningHost {
  if (adopt === undefined) return joining;
  if (joining.name !== undefined && joining.name !== adopt.name) {
    throw new XnetError('PermissionDenied', `this join token is not for node ${joining.name}`);
  }
  return { ...joining, name: adopt.name, address: adopt.address };
}

function nodeByName(view: ReadonlyView, { name, address, keyDigest }: JoiningHost): string | undefined {
  if (name === undefined || address === undefined) {
    throw new XnetError('InvalidArgument', 'this join token names no node: give --node NAME and --address ADDRESS');
  }
  const id = view.nodeOfName.get(name);
  if (id === undefined) return undefined;
  // The same host, which did not get the answer to its first call.
  if (holdsKey(view, id, keyDigest) && view.nodes.get(id)?.record.address === address) return id;
  throw new XnetError('AlreadyExists', `node ${name} already exists`, {
    hint: `if it is this host: xctl tokens create --node ${name}`,
  });
}

function holdsKey(view: ReadonlyView, nodeId: string, keyDigest: string): boolean {
  const serial = view.certificateOfNode.get(nodeId);
  return serial !== undefined && view.certificates.get(serial)?.record.keyDigest === keyDigest;
}

/**
 * decideTokenJoin decides how a host joins.
 * @throws XnetError the errors of nodeOfJoin and decideAdd; FailedPrecondition when the node's subnet overlaps a
 * network of the host; Unauthenticated when the token is used up
 */
export function decideTokenJoin(input: JoinInput): Decision {
  const { view, joining, certified } = input;
  const token = requireToken(view, joining.tokenId);
  const existing = nodeOfJoin(view, token, joining);
  const nodeId = certified.record.id;
  if (existing !== undefined && existing !== nodeId) {
    throw new XnetError('Conflict', 'the node was added meanwhile: join again');
  }
  const again = existing !== undefined && holdsKey(view, existing, joining.keyDigest);
  if (!again && token.usesLeft === 0) {
    throw new XnetError('Unauthenticated', 'the join token was used already', {
      hint: 'if that was not this host, revoke the node at once: xctl nodes revoke',
    });
  }
  const guards: readonly Guard[] = [
    ...tokenGuards(view, joining.tokenId, existing),
    asSeen(view, keys.revoked(nodeId)),
    ...certifyGuards(view, certified),
  ];
  const proofs: readonly Operation[] = [
    // A host with another key replaces the host that joined before.
    ...(again ? certify : supersede)(view, certified, input.nowMs),
    ...(again ? [] : [putToken(joining.tokenId, { ...token, usesLeft: token.usesLeft - 1 })]),
  ];
  if (existing === undefined) return withNewNode(input, token, { guards, proofs });
  const { name } = requireNode(view, existing);
  // A host that joined before keeps its subnet and reports the overlap in its conditions.
  if (!view.certificateOfNode.has(nodeId)) requireNoOverlap(view, existing, joining);
  return {
    subject: nodeId,
    change: {
      guards: [...guards, asSeen(view, keys.node(nodeId))],
      operations: proofs,
      event: {
        reason: 'NodeCertified',
        subject: `node/${name}`,
        message: `joined with token ${joining.tokenId}`,
      },
    },
  };
}

function requireNoOverlap(view: ReadonlyView, nodeId: string, { networks = [] }: JoiningHost): void {
  const node = requireNode(view, nodeId);
  for (const { pool, subnet, record } of leasesOf(view, nodeId)) {
    const poolRecord = view.pools.get(pool)?.record;
    if (poolRecord === undefined) continue;
    const placement = { ...networkOf(record, node, poolRecord), subnet };
    const own = hindering(networks, placement).find(({ prefix }) => prefixesOverlap(prefix, subnet));
    if (own === undefined) continue;
    throw new XnetError('FailedPrecondition', overlapsOwn(subnet, node.name, own), { hint: howToEndOverlap });
  }
}

// A token that is not in the store was revoked or has expired.
function requireToken(view: ReadonlyView, id: string): TokenRecord {
  const record = view.tokens.get(id)?.record;
  if (record !== undefined && !view.undecodable.has(keys.token(id))) return record;
  throw new XnetError('Unauthenticated', `join token ${id} is not valid: it was revoked or never created`);
}

// A node's first certificate has no predecessor to guard; guard the tokens for the node instead.
function tokenGuards(view: ReadonlyView, tokenId: string, nodeId: string | undefined): readonly Guard[] {
  const ids = new Set([tokenId]);
  if (nodeId !== undefined && !view.certificateOfNode.has(nodeId)) {
    for (const id of view.tokensOfNode.get(nodeId) ?? []) ids.add(id);
  }
  return [...ids].map((id) => asSeen(view, keys.token(id)));
}

function keptBy(
  view: ReadonlyView,
  { adopt, pool }: TokenRecord,
  name: string,
  networks: readonly HostNetwork[] = [],
): Pick<NewNode, 'kept' | 'pool' | 'subnet'> {
  if (adopt === undefined) return {};
  const { mode, subnet } = adopt;
  const kept = keptNetwork(view, name, networks, {
    ...(pool === undefined ? {} : { pool }),
    ...(mode === undefined ? {} : { mode }),
    ...(subnet === undefined ? {} : { subnet }),
  });
  return { kept, pool: kept.pool, subnet: kept.subnet };
}

function withNewNode(
  input: JoinInput,
  token: TokenRecord,
  { guards, proofs }: { readonly guards: readonly Guard[]; readonly proofs: readonly Operation[] },
): Decision {
  const { view, joining, certified, nowMs, taken, spread } = input;
  const { name, address, networks } = asAdopted(token, joining);
  if (name === undefined || address === undefined) throw new XnetError('Internal', 'a host without a name');
  const wanted = {
    name,
    address,
    labels: token.adopt?.labels ?? {},
    ...(networks === undefined ? {} : { networks }),
    ...(token.pool === undefined ? {} : { pool: token.pool }),
    ...keptBy(view, token, name, networks),
  };
  const addition = decideAdd({ view, nodeId: certified.record.id, wanted, nowMs, taken, spread });
  const { change } = addition;
  if (change === undefined) throw new XnetError('Conflict', 'the node was added meanwhile: join again');
  return {
    ...addition,
    change: {
      ...change,
      guards: [...change.guards, ...guards],
      operations: [...change.operations, ...proofs],
      event: { ...change.event, message: `${change.event.message}, with token ${joining.tokenId}` },
    },
  };
}
