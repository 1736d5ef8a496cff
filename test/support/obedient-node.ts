// A simulated node that does what a host does with its leases: it uses its first lease, moves to another one when it has a
// permit, and reports. It connects to another controller when its own ends.
import type { NodeServiceClient } from '../../proto/gen/xnet/v1/NodeService.js';
import { pause } from '../../proto/process/backoff.js';
import { SimulatedNode } from './simulated-node.js';

/** ObedientNode keeps a simulated node connected and reporting until it is stopped. */
export class ObedientNode {
  readonly node: SimulatedNode;
  /** The permits that it obeyed: "r-4f2f9c03a1b2/1 10.77.0.0". */
  readonly obeyed: string[] = [];
  readonly #clients: readonly NodeServiceClient[];
  readonly #stop = new AbortController();
  #using = new Set<string>();
  #heard = 0;
  readonly ended: Promise<void>;

  /** @param clients of all controllers, tried in turn */
  constructor(name: string, clients: readonly NodeServiceClient[]) {
    const [first] = clients;
    if (first === undefined) throw new Error('no controller');
    this.#clients = clients;
    this.node = new SimulatedNode(first, name).watch();
    this.ended = this.#run();
  }

  // Which leases it uses, "10.77.0.0 1": those that are not ending, if it may use them.
  #follow(): void {
    const { assignment } = this.node;
    if (assignment === undefined) return;
    const { leases, permit } = assignment;
    const key = ({ subnet, generation }: (typeof leases)[number]) => `${subnet.network}/${generation}`;
    const staying = leases.filter(({ state }) => state !== 'ending');
    const may = permit !== undefined || this.#using.size === 0 || staying.every((lease) => this.#using.has(key(lease)));
    if (!may) return;
    if (permit !== undefined && permit.rollout !== '' && !this.obeyed.includes(permit.rollout)) {
      this.obeyed.push(permit.rollout);
    }
    this.#using = new Set(staying.map(key));
  }

  async #run(): Promise<void> {
    let at = 0;
    while (!this.#stop.signal.aborted) {
      if (this.node.heard.at(-1)?.kind === 'ended') {
        at += 1;
        const client = this.#clients[at % this.#clients.length];
        if (client !== undefined) this.node.over(client).watch();
        await pause(100, this.#stop.signal);
      }
      if (this.node.heard.length !== this.#heard && this.node.table !== undefined) {
        this.#heard = this.node.heard.length;
        this.#follow();
        await this.#report();
      }
      await pause(20, this.#stop.signal);
    }
    this.node.leaveStream();
  }

  async #report(): Promise<void> {
    const leases = (this.node.assignment?.leases ?? []).map(({ subnet, generation, state }) => ({
      subnet,
      generation,
      inForce: this.#using.has(`${subnet.network}/${generation}`),
      ending: state === 'ending',
    }));
    // A controller that just died does not take it: it is reported again to the next one.
    await this.node.report([], leases).catch(() => {
      this.#heard = -1;
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }
}
