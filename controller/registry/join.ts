// Deciding what a join comes to: the token is used, the node has its certificate, and is added if need be. Pure.
// Invariant: all of it is one transaction, guarded by the token as it was seen, so that one use lets one key in.
import { type Ipv4, prefixesOverlap } from '../../proto/domain/address.js';
import type { HostNetwork } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import { type CertificateRecord, encode, type TokenRecord } from '../store/records.js';
import type { Guard, Operation } from '../store/store.js';
import { howToEndOverlap, overlapsOwn } from '../table/allocate.js';
import { hindering } from '../table/node-networks.js';
import type { ReadonlyView } from '../view/view.js';
import { decideAdd } from './add-node.js';
import { asSeen, put } from './guards.js';
import { requireNode } from './lookup.js';
import type { Decision } from './mutation.js';
import { putToken } from './tokens.js';

/** Joining is a host that presented a token whose secret is right. */
export type Joining = {
  readonly tokenId: string;
  /** keyDigest of the host's key. */
  readonly keyDigest: string;
  /** Name and address that the host asks for; absent where the token names the node. */
  readonly name?: string;
  readonly address?: Ipv4;
  /** Networks that the host has by itself. */
  readonly networks?: readonly HostNetwork[];
};

/** Certified is a certificate that was issued. */
export type Certified = { readonly serial: string; readonly record: CertificateRecord };

/** JoinInput is everything that a join is decided on. */
export type JoinInput = {
  readonly view: ReadonlyView;
  readonly joining: Joining;
  readonly token: TokenRecord;
  /** For the node that `nodeOfJoin` named. */
  readonly certified: Certified;
  readonly nowMs: number;
  readonly inFlight: ReadonlySet<number>;
  readonly spread: number;
};

/**
 * nodeOfJoin is the id of the node that a host joins as; undefined: it is to be added.
 * @throws XnetError PermissionDenied, Unauthenticated, AlreadyExists, InvalidArgument
 */
export function nodeOfJoin(view: ReadonlyView, token: TokenRecord, joining: Joining): string | undefined {
  if (token.node === undefined) return nodeByName(view, joining);
  const node = view.nodes.get(token.node)?.record;
  if (node === undefined) throw new XnetError('Unauthenticated', 'the node that this join token is for was removed');
  if (joining.name !== undefined && joining.name !== node.name) {
    throw new XnetError('PermissionDenied', `this join token is for another node than ${joining.name}`);
  }
  if (view.revoked.has(token.node)) {
    throw new XnetError('PermissionDenied', `node ${node.name} was revoked`, {
      hint: `remove it, and add it again: xctl nodes remove ${node.name} --force`,
    });
  }
  return token.node;
}

function nodeByName(view: ReadonlyView, { name, address, keyDigest }: Joining): string | undefined {
  if (name === undefined || address === undefined) {
    throw new XnetError('InvalidArgument', 'this join token names no node: give --node NAME and --address ADDRESS');
  }
  const id = view.nodeOfName.get(name);
  if (id === undefined) return undefined;
  // The same host again, whose answer was lost.
  if (holdsKey(view, id, keyDigest) && view.nodes.get(id)?.record.address === address) return id;
  throw new XnetError('AlreadyExists', `there is a node ${name} already`, {
    hint: `if it is this host: xctl tokens create --node ${name}`,
  });
}

function holdsKey(view: ReadonlyView, nodeId: string, keyDigest: string): boolean {
  const serial = view.certificateOfNode.get(nodeId);
  return serial !== undefined && view.certificates.get(serial)?.record.keyDigest === keyDigest;
}

/**
 * certify are the operations that make a certificate the one of its node, in place of the one before.
 */
export function certify(view: ReadonlyView, { serial, record }: Certified): readonly Operation[] {
  const before = view.certificateOfNode.get(record.id);
  return [
    put(keys.certificate(serial), encode('certificate', record)),
    ...(before === undefined || before === serial ? [] : [{ kind: 'delete' as const, key: keys.certificate(before) }]),
  ];
}

// A host that joins with another key takes the place of the one that joined before: that one's certificate ends.
function supersede(view: ReadonlyView, { record }: Certified, nowMs: number): readonly Operation[] {
  const before = view.certificateOfNode.get(record.id);
  const held = before === undefined ? undefined : view.certificates.get(before)?.record;
  if (before === undefined || held === undefined || held.keyDigest === record.keyDigest) return [];
  const { role, id, notAfterMs } = held;
  return [put(keys.revoked(before), encode('revoked', { role, id, atMs: nowMs, untilMs: notAfterMs }))];
}

/** JoinDecision is a decision, and the prefixKey of the subnet that a new node takes. */
export type JoinDecision = Decision & { readonly taken?: number };

/**
 * decideJoin decides how a host joins.
 * @throws XnetError what nodeOfJoin and decideAdd throw; FailedPrecondition when the node's subnet overlaps a network of
 * the host; Unauthenticated when the token is used up
 */
export function decideJoin(input: JoinInput): JoinDecision {
  const { view, joining, token, certified } = input;
  const existing = nodeOfJoin(view, token, joining);
  const nodeId = certified.record.id;
  if (existing !== undefined && existing !== nodeId) {
    throw new XnetError('Conflict', 'the node was added by another meanwhile: join again');
  }
  const again = existing !== undefined && holdsKey(view, existing, joining.keyDigest);
  if (!again && token.usesLeft === 0) {
    throw new XnetError('Unauthenticated', 'the join token was used already', {
      hint: 'if that was not this host, revoke the node at once: xctl nodes revoke',
    });
  }
  const guards: readonly Guard[] = [asSeen(view, keys.token(joining.tokenId)), asSeen(view, keys.revoked(nodeId))];
  const proofs: readonly Operation[] = [
    ...certify(view, certified),
    ...supersede(view, certified, input.nowMs),
    ...(again ? [] : [putToken(joining.tokenId, { ...token, usesLeft: token.usesLeft - 1 })]),
  ];
  if (existing === undefined) return withNewNode(input, guards, proofs);
  const { name } = requireNode(view, existing);
  const before = view.certificateOfNode.get(nodeId);
  // One that has been here is told by its conditions: it keeps what it has until somebody decides.
  if (before === undefined) requireNoOverlap(view, existing, joining);
  return {
    subject: nodeId,
    change: {
      guards: [
        ...guards,
        asSeen(view, keys.node(nodeId)),
        ...(before === undefined ? [] : [asSeen(view, keys.certificate(before))]),
      ],
      operations: proofs,
      happening: {
        reason: 'NodeCertified',
        subject: `node/${name}`,
        message: `joined with token ${joining.tokenId}`,
      },
    },
  };
}

function requireNoOverlap(view: ReadonlyView, nodeId: string, { networks = [] }: Joining): void {
  const id = view.subnetOfNode.get(nodeId);
  const held = id === undefined ? undefined : view.subnets.get(id);
  if (held === undefined) return;
  const node = requireNode(view, nodeId);
  const pool = view.pools.get(held.pool)?.record;
  if (pool === undefined) return;
  const placement = { ...pool, mode: node.mode ?? pool.mode, subnet: held.subnet };
  const own = hindering(networks, placement).find(({ prefix }) => prefixesOverlap(prefix, held.subnet));
  if (own === undefined) return;
  throw new XnetError('FailedPrecondition', overlapsOwn(held.subnet, node.name, own), { hint: howToEndOverlap });
}

function withNewNode(input: JoinInput, guards: readonly Guard[], proofs: readonly Operation[]): JoinDecision {
  const { view, joining, token, certified, nowMs, inFlight, spread } = input;
  const { name, address, networks } = joining;
  if (name === undefined || address === undefined) throw new XnetError('Internal', 'a host without a name');
  const wanted = {
    name,
    address,
    labels: {},
    ...(networks === undefined ? {} : { networks }),
    ...(token.pool === undefined ? {} : { pool: token.pool }),
  };
  const addition = decideAdd({ view, nodeId: certified.record.id, wanted, nowMs, inFlight, spread });
  const { change } = addition;
  if (change === undefined) throw new XnetError('Conflict', 'the node was added by another meanwhile: join again');
  return {
    ...addition,
    change: {
      ...change,
      guards: [...change.guards, ...guards],
      operations: [...change.operations, ...proofs],
      happening: { ...change.happening, message: `${change.happening.message}, with token ${joining.tokenId}` },
    },
  };
}
