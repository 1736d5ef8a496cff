// Changes a node only if it is still as the operator saw it: of two operators who change it at once, the second
// gets the change of the first one.
// Invariant: the request is based on one reading of the node. A concurrent change of other fields is no conflict.
import { XnetError } from '../../proto/errors.js';
import { backoffMs, pause } from '../../proto/process/backoff.js';
import { type NodeOutput, nodeFromWire } from '../output/node.js';
import type { CommandContext } from './context.js';

/** SeenNode names a node, and the revision on which a change is based; 0: any. */
export type SeenNode = { readonly node: string; readonly seenRevision: number };

const attempts = 5;
const backoff = { firstMs: 50, longestMs: 1_000 };

/** nodeReader returns a function that reads a node by what people type. */
export function nodeReader({ client }: Pick<CommandContext, 'client'>): (text: string) => Promise<NodeOutput> {
  return async (text) => {
    const { node } = await client.readFirst((admin) => admin.getNode.bind(admin), { node: text });
    if (node === null) throw new XnetError('Internal', 'the controller returned no node');
    return nodeFromWire(node);
  };
}

/**
 * changeAsSeen reads a node and changes it.
 * @param read see nodeReader
 * @param text the node, as typed
 * @param revision on which the operator bases the change; undefined: that which is read
 * @param concerned returns the settings that the change is about
 * @throws XnetError Conflict when they were changed meanwhile; what the calls throw
 */
export async function changeAsSeen<T>(
  read: (text: string) => Promise<NodeOutput>,
  { text, revision }: { readonly text: string; readonly revision: number | undefined },
  concerned: (node: NodeOutput) => readonly unknown[],
  change: (seen: SeenNode) => Promise<T>,
): Promise<T> {
  if (revision !== undefined) return change({ node: text, seenRevision: revision });
  let seen = await read(text);
  for (let attempt = 1; ; attempt++) {
    try {
      // By id: another node may have got the name.
      return await change({ node: seen.id, seenRevision: seen.revision ?? 0 });
    } catch (error) {
      const isConflict = error instanceof XnetError && error.code === 'Conflict';
      if (!isConflict || attempt === attempts) throw error;
      await pause(backoffMs(attempt, backoff, Math.random()));
      const now = await read(seen.id);
      if (JSON.stringify(concerned(now)) !== JSON.stringify(concerned(seen))) throw error;
      seen = now;
    }
  }
}
