// Decides how a node gets another name. Pure.
// Invariant: the name, the node's record and the reservations kept for it change in one transaction. Certificates and
// leases name the node's id, so its host continues; a host that still uses a former name is accepted.
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import { encode } from '../store/record-codec.js';
import type { ReadonlyView } from '../view/view.js';
import { absent, asSeen, put } from './guards.js';
import { requireDecodable, requireFreeName, requireNode, requireReadable } from './lookup.js';
import type { Decision } from './mutation.js';
import { changeText, requireAsSeen } from './seen.js';

// A host learns its name with each connection; more renames than this while it is away are not expected.
const mostFormerNames = 16;

/**
 * decideRename decides how to rename a node.
 * @param seenRevision see requireAsSeen
 * @throws XnetError NotFound; AlreadyExists when another node has the name; FailedPrecondition; Conflict as requireAsSeen does
 */
export function decideRename(view: ReadonlyView, nodeId: string, name: string, seenRevision?: number): Decision {
  const node = requireNode(view, nodeId);
  requireDecodable(view, keys.node(nodeId));
  if (node.name === name) return { subject: nodeId };
  const namesake = view.nodeOfName.get(name);
  if (namesake !== undefined) {
    throw new XnetError('AlreadyExists', `there is a node ${name} already (${namesake})`, {
      hint: `see: xctl nodes show ${name}`,
    });
  }
  const change = { field: 'name', before: node.name, after: name };
  requireAsSeen(view, nodeId, seenRevision, [change]);
  requireFreeName(view, name);
  const former = [node.name, ...(node.formerNames ?? [])].filter((other) => other !== name).slice(0, mostFormerNames);
  const pools = [...view.pools].filter(([, { record }]) =>
    record.reservations.some((reservation) => reservation.nodeName === node.name),
  );
  for (const [pool] of pools) requireReadable(view, keys.pool(pool), true);
  const kept = pools.map(([pool, { record }]) => {
    const reservations = record.reservations.map((reservation) =>
      reservation.nodeName === node.name ? { ...reservation, nodeName: name } : reservation,
    );
    return put(keys.pool(pool), encode('pool', { ...record, reservations }));
  });
  return {
    subject: nodeId,
    change: {
      guards: [
        asSeen(view, keys.node(nodeId)),
        asSeen(view, keys.name(node.name)),
        absent(keys.name(name)),
        ...pools.map(([pool]) => asSeen(view, keys.pool(pool))),
      ],
      operations: [
        put(keys.node(nodeId), encode('node', { ...node, name, formerNames: former })),
        put(keys.name(name), encode('name', { node: nodeId })),
        // If records contradict each other, the name can belong to another node.
        ...(view.nodeOfName.get(node.name) === nodeId ? [{ kind: 'delete' as const, key: keys.name(node.name) }] : []),
        ...kept,
      ],
      event: { reason: 'NodeRenamed', subject: `node/${name}`, message: changeText(change) },
    },
  };
}

/** isNamed reports whether a node has a name, or had it before it was renamed. */
export function isNamed(view: ReadonlyView, nodeId: string, name: string): boolean {
  const node = view.nodes.get(nodeId)?.record;
  return node !== undefined && (node.name === name || node.formerNames?.includes(name) === true);
}
