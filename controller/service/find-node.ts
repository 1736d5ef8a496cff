// Finds a node by name, id or id prefix, node address, subnet, or container address.
// Invariant: findNode is pure; only NodeFinder reads the store.
import { parseIpv4, parsePrefix, prefixContains, prefixKey } from '../../proto/domain/address.js';
import { quoted } from '../../proto/domain/input.js';
import { XnetError } from '../../proto/errors.js';
import type { Context } from '../registry/mutation.js';
import { type Identified, outcomeOf } from '../registry/operation.js';
import { readForChange } from '../registry/store-reading.js';
import type { ReadonlyView } from '../view/view.js';

function byAddress(view: ReadonlyView, text: string): string | undefined {
  const address = parseIpv4(text);
  if (address === undefined) return undefined;
  const holder = view.nodeOfAddress.get(address);
  if (holder !== undefined) return holder;
  // The address of a container identifies its node too.
  for (const held of view.subnets.values()) {
    if (held.record.state === 'leased' && prefixContains(held.subnet, address)) return held.record.node;
  }
  return undefined;
}

function bySubnet(view: ReadonlyView, text: string): string | undefined {
  const subnet = parsePrefix(text);
  const record = subnet === undefined ? undefined : view.subnets.get(prefixKey(subnet))?.record;
  return record?.state === 'leased' ? record.node : undefined;
}

/**
 * findNode returns the id of the node that `text` names: "web-1", "n-3f9a", "192.168.83.11", "10.76.3.0/24",
 * "10.76.3.7".
 * @throws XnetError NotFound; InvalidArgument for an ambiguous id prefix
 */
export function findNode(view: ReadonlyView, text: string): string {
  const found = view.nodeOfName.get(text) ?? byAddress(view, text) ?? bySubnet(view, text);
  if (found !== undefined && view.nodes.has(found)) return found;
  const matches = text.startsWith('n-') ? [...view.nodes.keys()].filter((id) => id.startsWith(text)) : [];
  const [only, second] = matches;
  if (only !== undefined && second === undefined) return only;
  if (second !== undefined) {
    throw new XnetError('InvalidArgument', `${quoted(text)} begins the ids of ${matches.length} nodes`, {
      problems: matches.slice(0, 5).map((id) => `${id} ${view.nodes.get(id)?.record.name ?? ''}`),
    });
  }
  const near = nearest(text, [...view.nodeOfName.keys()]);
  throw new XnetError('NotFound', `there is no node ${quoted(text)}`, {
    hint: near === undefined ? 'see: xctl nodes list' : `did you mean ${near}?`,
  });
}

// How long a view may lag behind a change made through another controller.
const catchUpMs = 5_000;

/**
 * NodeFinder finds the nodes that changes name. A repeated call finds its node even if its first execution removed it,
 * renamed it or changed its address. A node that another controller has just added is found as well: NotFound is decided
 * on the state of the store, not on a view that lags behind.
 */
export class NodeFinder {
  readonly #context: Pick<Context, 'feed' | 'store' | 'writeProblem'>;

  constructor(context: Pick<Context, 'feed' | 'store' | 'writeProblem'>) {
    this.#context = context;
  }

  /**
   * find returns the id of the node that `text` names: see findNode.
   * @param call the call, if the subject of its result is the node
   * @throws XnetError as findNode and ViewFeed.view do; as readForChange does when the store does not answer; as outcomeOf
   * does
   */
  async find(text: string, call?: Identified): Promise<string> {
    const { feed, store } = this.#context;
    const { view } = feed;
    try {
      return findNode(view, text);
    } catch {
      const done = call && (await readForChange(this.#context, outcomeOf(store, call)));
      if (done === undefined) return findNode(await readForChange(this.#context, feed.caughtUp()), text);
      await feed.reached(done.revision, catchUpMs);
      return done.subject;
    }
  }
}

/** nearest returns the most similar name, at most two edits away (Levenshtein distance). */
function nearest(text: string, names: readonly string[]): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const name of names) {
    if (Math.abs(name.length - text.length) > 2) continue;
    const distance = editDistance(text, name);
    if (distance <= 2 && (best === undefined || distance < best.distance)) best = { name, distance };
  }
  return best?.name;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
