// Creates and revokes join tokens. Invariant: the store has only a hash; the secret is only in the response.
import type { Ipv4, Prefix } from '../../proto/domain/address.js';
import { prefixContains } from '../../proto/domain/address.js';
import { quoted } from '../../proto/domain/input.js';
import { XnetError } from '../../proto/errors.js';
import { namesOfOperation, randomNames, type TokenNames, tokenHash } from '../../proto/pki/token.js';
import { absent, asSeen, type MutationId, put } from '../registry/guards.js';
import { requireFreeAddress, requireFreeName, requireNode } from '../registry/lookup.js';
import { type Context, type MutationResult, mutate } from '../registry/mutation.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { TokenRecord } from '../store/records.js';
import type { Operation } from '../store/store.js';
import type { ReadonlyView } from '../view/view.js';
import type { ClusterKey } from './cluster-key.js';

/** NewToken is a token to create. */
export type NewToken = {
  /** Id of the only node that may join with it. */
  readonly node?: string;
  readonly pool?: string;
  /** Only hosts in this range may join with it. */
  readonly source?: Prefix;
  /** See TokenRecord. */
  readonly adopt?: TokenRecord['adopt'];
  readonly uses: number;
  readonly ttlMs: number;
  /** "admin/alice" */
  readonly createdBy: string;
};

/** joinTokenMs is the lifetime of the token that is created with a node. */
export const joinTokenMs = 3_600_000;

/** namesFor returns the id and the secret of a new token: the same for every repetition of one operation. */
export function namesFor({ tokens }: ClusterKey, operationId: string): TokenNames {
  return operationId === '' ? randomNames() : namesOfOperation(tokens, operationId);
}

/** tokenRecord returns the record of a new token. */
export function tokenRecord(clusterKey: ClusterKey, names: TokenNames, wanted: NewToken, nowMs: number): TokenRecord {
  const { node, pool, source, adopt, uses, ttlMs, createdBy } = wanted;
  return {
    hash: tokenHash(clusterKey.tokens, names),
    ...(node === undefined ? {} : { node }),
    ...(pool === undefined ? {} : { pool }),
    ...(source === undefined ? {} : { source }),
    ...(adopt === undefined ? {} : { adopt }),
    uses,
    usesLeft: uses,
    createdMs: nowMs,
    expiresMs: nowMs + ttlMs,
    ttlMs,
    createdBy,
  };
}

/** putToken returns the write of a token. */
export function putToken(id: string, record: TokenRecord): Operation {
  return put(keys.token(id), encode('token', record));
}

/**
 * checkUse returns why a token with the right secret does not admit a host; undefined: it does. Pure.
 * @param source IPv4 address that the host calls from; undefined: it is not an IPv4 address
 */
export function checkUse(record: TokenRecord, source: Ipv4 | undefined, nowMs: number): XnetError | undefined {
  if (record.expiresMs <= nowMs) {
    return new XnetError('Unauthenticated', 'the join token has expired', {
      hint: 'create another one: xctl tokens create',
    });
  }
  if (record.source !== undefined && (source === undefined || !prefixContains(record.source, source))) {
    return new XnetError('PermissionDenied', 'the join token is not for hosts at this address');
  }
  return undefined;
}

/**
 * requireAdoption checks that every controller that runs knows tokens of hosts that keep their network: a host joins at any of
 * them, and an older one would have its Docker renumbered.
 * @throws XnetError FailedPrecondition
 */
export function requireAdoption(view: Pick<ReadonlyView, 'controllers'>): void {
  const older = [...view.controllers].filter(([, { record }]) => record.knowsAdoption !== true).map(([id]) => id);
  if (older.length === 0) return;
  throw new XnetError(
    'FailedPrecondition',
    `these controllers are too old to let the host keep its network: ${older.sort().join(', ')}`,
    { hint: 'upgrade them first, or stop them until the host has joined; see: xctl status' },
  );
}

// Said now rather than on the host; the join decides.
function requireNew(view: ReadonlyView, { adopt }: NewToken): void {
  if (adopt === undefined) return;
  if (view.nodeOfName.has(adopt.name)) {
    throw new XnetError('AlreadyExists', `node ${adopt.name} already exists`, {
      hint: `for its host to join again: xctl tokens create --node ${adopt.name}`,
    });
  }
  requireAdoption(view);
  requireFreeName(view, adopt.name);
  requireFreeAddress(view, adopt.address, undefined);
}

/** TokenRegistry creates and revokes tokens. */
export class TokenRegistry {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * create stores a new token.
   * @throws XnetError NotFound (node, pool), Conflict when the operation created its token long ago
   */
  create(id: MutationId, clusterKey: ClusterKey, names: TokenNames, wanted: NewToken): Promise<MutationResult> {
    const { now } = this.#context;
    return mutate(this.#context, {
      ...id,
      call: 'CreateToken',
      decide: (view) => {
        requireNew(view, wanted);
        const nodeName = wanted.node === undefined ? wanted.adopt?.name : requireNode(view, wanted.node).name;
        if (wanted.pool !== undefined && !view.pools.has(wanted.pool)) {
          throw new XnetError('NotFound', `there is no pool ${quoted(wanted.pool)}`);
        }
        const record = tokenRecord(clusterKey, names, wanted, now());
        const whom = nodeName === undefined ? 'any host' : nodeName;
        return {
          subject: names.id,
          change: {
            guards: [
              absent(keys.token(names.id)),
              ...(wanted.node === undefined ? [] : [asSeen(view, keys.node(wanted.node))]),
            ],
            operations: [putToken(names.id, record)],
            event: {
              reason: 'TokenCreated',
              subject: nodeName === undefined ? `token/${names.id}` : `node/${nodeName}`,
              message: `join token ${names.id} for ${whom}, until ${new Date(record.expiresMs).toISOString()}`,
            },
          },
        };
      },
    });
  }

  /**
   * revoke removes a token.
   * @throws XnetError NotFound
   */
  revoke(id: MutationId, tokenId: string): Promise<MutationResult> {
    return mutate(this.#context, {
      ...id,
      call: 'RevokeToken',
      decide: (view) => {
        if (view.modRevisionOf(keys.token(tokenId)) === 0) {
          throw new XnetError('NotFound', `there is no join token ${quoted(tokenId)}`, {
            hint: 'see: xctl tokens list (a token is named by its six characters)',
          });
        }
        return {
          subject: tokenId,
          change: {
            // No guard: concurrent uses change the token, and fail once it is deleted.
            guards: [],
            operations: [{ kind: 'delete', key: keys.token(tokenId) }],
            event: { reason: 'TokenRevoked', subject: `token/${tokenId}`, message: 'hosts can no longer join with it' },
          },
        };
      },
    });
  }
}
