// Gives nodes the addresses that their hosts report as new. An address of another node becomes a claim, which lasts as long
// as the host's stream comes from that address. Claims that form a ring are exchanged, wherever their hosts are connected.
// Invariant: a host that keeps changing its address makes its peers replace a next hop only a few times an hour. A refusal
// is one event as long as its reason stays the same.

import { formatIpv4 } from '../../proto/domain/address.js';
import { checkAddress } from '../../proto/domain/input.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import { Allowances } from '../../proto/rpc/allowance.js';
import type { Peer } from '../../proto/rpc/peer.js';
import type { Asked } from '../audit/audit.js';
import { ringOf } from '../registry/exchange-addresses.js';
import type { NodeRegistry } from '../registry/nodes.js';
import type { Sessions } from '../session/sessions.js';
import type { ReadonlyView } from '../view/view.js';
import type { ViewFeed } from '../view/view-feed.js';

// A lease of DHCP changes a few times in the life of a host.
const share = { burst: 3, perSecond: 1 / 600 };

/** FollowedAddressDeps are the dependencies of FollowedAddresses. */
export type FollowedAddressDeps = {
  readonly feed: Pick<ViewFeed, 'view' | 'onChange'>;
  readonly nodes: Pick<NodeRegistry, 'follow' | 'exchange'>;
  readonly sessions: Pick<Sessions, 'record' | 'claim' | 'isHere'>;
};

/** Claimant is a node whose host reports an address. */
export type Claimant = Asked & { readonly nodeId: string; readonly nodeName: string; readonly peer: Peer };

/** FollowedAddresses gives nodes their new addresses. */
export class FollowedAddresses {
  readonly #deps: FollowedAddressDeps;
  readonly #share = new Allowances(share);
  /** The last refusal of each node, by node id. */
  readonly #refused = new Map<string, string>();

  constructor(deps: FollowedAddressDeps) {
    this.#deps = deps;
    deps.feed.onChange((touched, view) => {
      if (touched.sessions) for (const nodeId of touched.nodes) this.#reviewClaim(nodeId, view);
    });
  }

  /** take gives the node the address, or records why not. An empty address is no claim. */
  async take({ nodeId, nodeName, peer, ...asked }: Claimant, address: string): Promise<void> {
    const { feed, nodes, sessions } = this.#deps;
    if (address === '') {
      sessions.claim(nodeId, undefined);
      this.#refused.delete(nodeId);
      return;
    }
    const checked = checkAddress(address);
    const claimed = 'value' in checked ? checked.value : undefined;
    const source = peer.kind === 'local' ? '' : peer.address;
    try {
      if ('problem' in checked) throw new XnetError('InvalidArgument', checked.problem);
      await nodes.follow(nodeId, { address: checked.value, source }, () => this.#requireShare(nodeId), asked);
      sessions.claim(nodeId, undefined);
      this.#refused.delete(nodeId);
    } catch (error) {
      if (!(error instanceof XnetError)) throw error;
      const holds = sessions.claim(nodeId, error.code === 'AlreadyExists' ? claimed : undefined);
      // With a claim that is not in the view yet, the exchange begins when it is.
      if (holds && ringOf(feed.view, nodeId, claimed) !== undefined) await this.#exchange(nodeId, nodeName, asked);
      else this.#refuse(nodeId, nodeName, address.slice(0, 64), holds ? untilExchanged(error) : error);
    }
  }

  // Only the controller of the node whose claim came last carries out the exchange, unless its first attempt fails.
  #reviewClaim(nodeId: string, view: ReadonlyView): void {
    const nodeName = view.nodes.get(nodeId)?.record.name;
    if (nodeName === undefined || !this.#deps.sessions.isHere(nodeId)) return;
    if (ringOf(view, nodeId) !== undefined) void this.#exchange(nodeId, nodeName, {});
  }

  async #exchange(nodeId: string, nodeName: string, asked: Asked): Promise<void> {
    const { feed, nodes } = this.#deps;
    const claimed = feed.view.sessions.get(nodeId)?.record.claimedAddress;
    try {
      await nodes.exchange(nodeId, () => this.#requireShare(nodeId), asked);
      this.#refused.delete(nodeId);
    } catch (error) {
      const known = error instanceof XnetError ? error : new XnetError('Internal', messageOf(error));
      this.#refuse(nodeId, nodeName, claimed === undefined ? '' : formatIpv4(claimed), known);
    }
  }

  #requireShare(nodeId: string): void {
    const now = performance.now();
    if (this.#share.of(nodeId, now).take(now)) return;
    throw new XnetError('ResourceExhausted', 'its address changes too often: at most every 10 minutes', {});
  }

  #refuse(nodeId: string, nodeName: string, address: string, { message, hint }: XnetError): void {
    const text = `its host reports the address ${address}, which is not taken: ${message}${hint === undefined ? '' : `; ${hint}`}`;
    if (this.#refused.get(nodeId) === text) return;
    this.#refused.set(nodeId, text);
    this.#deps.sessions.record({
      reason: 'AddressRefused',
      warning: true,
      subject: `node/${nodeName}`,
      message: text,
    });
  }
}

function untilExchanged({ code, message }: XnetError): XnetError {
  return new XnetError(code, message, { hint: 'it is taken when the host of that node reports another one' });
}
