// Takes in the addresses that hosts report as new.
// Invariant: a host that keeps changing its address makes its peers replace a next hop only now and then, and a refusal is
// one event for as long as its reason stays.

import { checkAddress } from '../../proto/domain/input.js';
import { XnetError } from '../../proto/errors.js';
import { Allowances } from '../../proto/rpc/allowance.js';
import type { Peer } from '../../proto/rpc/peer.js';
import type { Asked } from '../audit/audit.js';
import type { NodeRegistry } from '../registry/nodes.js';
import type { Sessions } from '../session/sessions.js';

// A lease of DHCP changes a few times in the life of a host.
const share = { burst: 3, perSecond: 1 / 600 };

/** FollowedAddressDeps are the dependencies of FollowedAddresses. */
export type FollowedAddressDeps = {
  readonly nodes: Pick<NodeRegistry, 'follow'>;
  readonly sessions: Pick<Sessions, 'record'>;
};

/** Claimant is a node whose host reports an address. */
export type Claimant = Asked & { readonly nodeId: string; readonly nodeName: string; readonly peer: Peer };

/** FollowedAddresses takes in new addresses. */
export class FollowedAddresses {
  readonly #deps: FollowedAddressDeps;
  readonly #share = new Allowances(share);
  /** The last refusal of each node, by node id. */
  readonly #refused = new Map<string, string>();

  constructor(deps: FollowedAddressDeps) {
    this.#deps = deps;
  }

  /** take gives the node the address, or records why not. An empty address is no claim. It never throws. */
  async take({ nodeId, nodeName, peer, ...asked }: Claimant, address: string): Promise<void> {
    if (address === '') {
      this.#refused.delete(nodeId);
      return;
    }
    try {
      const checked = checkAddress(address);
      if ('problem' in checked) throw new XnetError('InvalidArgument', checked.problem);
      await this.#deps.nodes.follow(
        nodeId,
        { address: checked.value, source: peer.kind === 'local' ? '' : peer.address },
        () => this.#requireShare(nodeId),
        asked,
      );
      this.#refused.delete(nodeId);
    } catch (error) {
      if (!(error instanceof XnetError)) throw error;
      this.#refuse(nodeId, nodeName, address.slice(0, 64), error);
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
