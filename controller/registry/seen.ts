// Refuses a change to a node that was changed after the caller read it. Pure.
import { XnetError } from '../../proto/errors.js';
import { keys } from '../store/keys.js';
import type { ReadonlyView } from '../view/view.js';

/** FieldChange is the present and the new value of a setting of a node: "label zone", "eu-1", "eu-2". */
export type FieldChange = { readonly field: string; readonly before: string; readonly after: string };

/** changeText returns a change for people: "label zone: eu-1 → eu-2". */
export function changeText({ field, before, after }: FieldChange): string {
  return `${field}: ${before} → ${after}`;
}

/**
 * requireAsSeen checks that a node has not been changed since its caller saw it. Called only if there is something to
 * change, so that the same change by two operators succeeds for both.
 * @param seenRevision revision of the node's record; undefined: not compared
 * @throws XnetError Conflict, with the settings that would be changed
 */
export function requireAsSeen(
  view: ReadonlyView,
  nodeId: string,
  seenRevision: number | undefined,
  changes: readonly FieldChange[],
): void {
  const revision = view.modRevisionOf(keys.node(nodeId));
  if (seenRevision === undefined || seenRevision === revision) return;
  const name = view.nodes.get(nodeId)?.record.name ?? nodeId;
  throw new XnetError('Conflict', `${name} was changed since revision ${seenRevision}: nothing was changed`, {
    problems: changes.map(
      ({ field, before, after }) => `${field}: it is ${before} at revision ${revision}, yours is ${after}`,
    ),
    hint: `see who changed it: xctl nodes show ${name}; to make your change all the same, rerun the command with --revision ${revision}`,
  });
}
