// Admits hosts that come back to a restored store: what they hold is compared with it, and given back to their nodes.
// Invariant: during an adoption, a host whose leases can't be given back is not admitted, so nothing on it changes. It tries
// again, because the obstacle may be the lease of a host that has not come back yet.
import type { Assignment } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import type { WatchRequest__Output } from '../../proto/gen/xnet/v1/WatchRequest.js';
import { assignmentFromWire } from '../../proto/rpc/convert-assignment.js';
import type { Asked } from '../audit/audit.js';
import type { NodeRegistry } from '../registry/nodes.js';
import { absenceOf, differencesFrom, mayBeLost } from '../registry/restored.js';
import { isUnreachable } from '../registry/store-reading.js';
import type { Sessions } from '../session/sessions.js';
import { recordSeconds } from '../store/store.js';
import type { ViewFeed } from '../view/view-feed.js';

/** ReturnedHostsDeps are the dependencies of ReturnedHosts. */
export type ReturnedHostsDeps = {
  readonly feed: Pick<ViewFeed, 'view'>;
  readonly nodes: Pick<NodeRegistry, 'adopt' | 'confirm'>;
  readonly sessions: Pick<Sessions, 'record' | 'refused'>;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
};

type ReturnReason = 'HeldDiffers' | 'NodeNotAdopted';

// Events last a day.
const tellAgainMs = (recordSeconds * 1000) / 2;

/** ReturnedHosts admits hosts that come back. */
export class ReturnedHosts {
  readonly #deps: ReturnedHostsDeps;
  /** The last event of a node that could not be adopted, or holds other leases, by its id. */
  readonly #lastEvents = new Map<string, { readonly message: string; readonly atMs: number }>();

  constructor(deps: ReturnedHostsDeps) {
    this.#deps = deps;
  }

  /**
   * admit returns the name of the node whose host opens a watch. A node that a restored store has not seen or does not know is
   * compared with the assignment that its host holds.
   * @throws XnetError Unavailable as long as the host has to wait; NotFound as absenceOf
   */
  async admit(nodeId: string, request: Pick<WatchRequest__Output, 'held'>): Promise<string> {
    const { feed, nodes } = this.#deps;
    const known = feed.view.nodes.get(nodeId)?.record.name;
    if (known !== undefined && !feed.view.isAwaited(nodeId)) return this.#admitted(nodeId, known);
    const held = request.held === null ? undefined : assignmentFromWire(request.held);
    if (known !== undefined) {
      await this.#compare(nodeId, known, held, { request });
      return this.#admitted(nodeId, known);
    }
    if (held === undefined || !mayBeLost(feed.view, nodeId)) throw absenceOf(feed.view, nodeId);
    try {
      await nodes.adopt(nodeId, held, { request });
    } catch (error) {
      throw this.#notAdopted(nodeId, held.nodeName, error);
    }
    return this.#admitted(nodeId, held.nodeName);
  }

  #admitted(nodeId: string, name: string): string {
    this.#deps.sessions.refused.admit(nodeId);
    return name;
  }

  async #compare(nodeId: string, name: string, held: Assignment | undefined, asked: Asked): Promise<void> {
    const { feed, nodes } = this.#deps;
    const hindrance = held === undefined ? '' : await this.#adoptLeases(nodeId, held, asked);
    const differences = held === undefined ? [] : differencesFrom(feed.view, nodeId, held);
    const isHindered = differences.length > 0 && hindrance !== '';
    if (isHindered) differences.push(hindrance);
    if (differences.length > 0) {
      this.#tell(nodeId, name, 'HeldDiffers', `it came back to the restored store, and ${differences.join('; ')}`);
    }
    // During an adoption, the node is confirmed by its first report, which has the number of routes on the host.
    if (feed.view.adoption === undefined) return nodes.confirm(nodeId);
    if (!isHindered) return;
    this.#refuse(nodeId, name, 'HeldDiffers', differences.join('; '));
    throw new XnetError('Unavailable', `the restored store says otherwise than this host: ${differences.join('; ')}`, {
      hint: 'the host keeps what it has and tries again; see: xctl backup adopt',
    });
  }

  // Gives a node of the backup the leases that its host holds. Returns the obstacle.
  async #adoptLeases(nodeId: string, held: Assignment, asked: Asked): Promise<string> {
    try {
      await this.#deps.nodes.adopt(nodeId, held, asked);
      return '';
    } catch (error) {
      if (!(error instanceof XnetError)) throw error;
      const away = storeAway(error);
      if (away !== undefined) throw away;
      return error.message;
    }
  }

  #notAdopted(nodeId: string, name: string, error: unknown): unknown {
    if (!(error instanceof XnetError) || error.code === 'NotFound') return error;
    const away = storeAway(error);
    if (away !== undefined) return away;
    const message = `the restored store does not know it, and it can't be a node again: ${error.message}`;
    this.#tell(nodeId, name, 'NodeNotAdopted', message);
    this.#refuse(nodeId, name, 'NodeNotAdopted', message);
    return new XnetError('Unavailable', message, {
      hint: 'the host keeps what it has; remove the obstacle, or add the host again: xctl nodes add, xnetd join',
    });
  }

  #refuse(nodeId: string, nodeName: string, reason: ReturnReason, message: string): void {
    this.#deps.sessions.refused.refuse(nodeId, { nodeName, reason, message });
  }

  // The host tries again: each reason is recorded once, and again before its event expires.
  #tell(nodeId: string, name: string, reason: ReturnReason, message: string): void {
    const { now = () => performance.now() } = this.#deps;
    const last = this.#lastEvents.get(nodeId);
    if (last?.message === message && now() - last.atMs < tellAgainMs) return;
    this.#lastEvents.set(nodeId, { message, atMs: now() });
    this.#deps.sessions.record({ reason, warning: true, subject: `node/${name}`, message });
  }
}

// A store that does not answer, or takes no writes, is no obstacle that the host has: it tries again.
function storeAway(error: XnetError): XnetError | undefined {
  if (error.code === 'Unavailable') return error;
  if (error.code !== 'NotWritable' && !isUnreachable(error)) return undefined;
  const { message, hint } = error;
  return new XnetError('Unavailable', message, { ...(hint === undefined ? {} : { hint }), cause: error });
}
