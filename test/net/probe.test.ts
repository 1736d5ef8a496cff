// The probe on the real kernel: two hosts on one LAN, each with a gateway address of its own and a route to the other's.
import test from 'ava';
import { Namespace } from '../../deploy/lab/namespace.js';
import { openIcmp } from '../../node/kernel/icmp.js';
import { Poller } from '../../node/kernel/poller.js';
import { Prober } from '../../node/probe/prober.js';
import type { ProbedPeer, ProbeVerdict } from '../../node/probe/rounds.js';
import { makeLog } from '../../proto/process/log.js';
import { isRoot } from '../support/linux-route-host.js';
import { ip } from '../support/route-fixtures.js';

const peer: ProbedPeer = { key: 1, nodeName: 'h2', gateway: ip('10.76.1.1'), address: ip('192.168.83.12') };

// Both hosts, and the results of the first one's probe.
class TwoHosts {
  readonly first = Namespace.create('probe');
  readonly second = Namespace.create('probe');
  readonly #poller = new Poller();
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  #peers: ReadonlyMap<number, ProbedPeer> = new Map([[peer.key, peer]]);
  #verdict: ProbeVerdict | undefined;
  readonly #ended: Promise<void>;

  constructor() {
    this.first.ipBatch([
      `link add eth0 type veth peer name eth0 netns ${this.second.name}`,
      'link set lo up',
      'link set eth0 up',
      'address add 192.168.83.11/24 dev eth0',
      'link add docker0 type bridge',
      'address add 10.76.0.1/24 dev docker0',
      'link set docker0 up',
      'route add 10.76.1.0/24 via 192.168.83.12',
    ]);
    this.second.ipBatch([
      'link set lo up',
      'link set eth0 up',
      'address add 192.168.83.12/24 dev eth0',
      'link add docker0 type bridge',
      'address add 10.76.1.1/24 dev docker0',
      'link set docker0 up',
      'route add 10.76.0.0/24 via 192.168.83.11',
    ]);
    const prober = new Prober({
      scene: () => ({ gateway: ip('10.76.0.1'), peers: this.#peers, mtu: 1500 }),
      open: (source) => openIcmp(this.#poller, source, this.first.path),
      intervalMs: 20,
      timeoutMs: 200,
      onVerdict: (verdict) => {
        this.#verdict = verdict;
        for (const listener of this.#listeners) listener();
      },
      log: makeLog('test', 'error'),
    });
    this.#ended = prober.run(this.#stop.signal);
  }

  /** until waits for a verdict that is so. */
  async until(holds: (verdict: ProbeVerdict) => boolean): Promise<ProbeVerdict> {
    while (this.#verdict === undefined || !holds(this.#verdict)) {
      await new Promise<void>((resolve) => {
        const listener = () => {
          this.#listeners.delete(listener);
          resolve();
        };
        this.#listeners.add(listener);
      });
    }
    return this.#verdict;
  }

  /** join takes it in again. */
  join(): void {
    this.#peers = new Map([[peer.key, peer]]);
  }

  /** leave takes the second host out of the fleet. */
  leave(): void {
    this.#peers = new Map();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
    await this.#poller.close();
    this.first.delete();
    this.second.delete();
  }
}

if (isRoot('the probe on the real kernel')) {
  test('R12 R13 packets that pass, that a firewall drops, that the link loses, and that are too long', async (t) => {
    const hosts = new TwoHosts();
    const { first, second } = hosts;
    const well = (verdict: ProbeVerdict) => verdict.silent.length + verdict.largeLost.length === 0;
    try {
      // A busy machine may take too long with the first packets.
      await hosts.until(well);

      // Only packets from the first host's subnet: the host itself still answers.
      second.runSync(['nft', 'add table ip closed; add chain ip closed in { type filter hook input priority 0; }']);
      second.runSync(['nft', 'add rule ip closed in ip saddr 10.76.0.0/24 drop']);
      t.like((await hosts.until((verdict) => verdict.silent[0]?.hostAnswers === true)).silent[0], { peer });
      second.runSync(['nft', 'delete table ip closed']);
      await hosts.until(well);

      // The LAN is split.
      second.runSync(['ip', 'link', 'set', 'eth0', 'down']);
      t.like((await hosts.until((verdict) => verdict.silent[0]?.hostAnswers === false)).silent[0], { peer });
      second.ipBatch(['link set eth0 up', 'route replace 10.76.0.0/24 via 192.168.83.11']);
      await hosts.until(well);

      second.runSync(['ip', 'link', 'set', 'eth0', 'mtu', '1400']);
      const isShort = ({ silent, largeLost }: ProbeVerdict) => silent.length === 0 && largeLost.length > 0;
      t.deepEqual((await hosts.until(isShort)).largeLost, [peer]);
      hosts.leave();
      await hosts.until(well);
      hosts.join();
      await hosts.until(isShort);
      second.runSync(['ip', 'link', 'set', 'eth0', 'mtu', '1500']);
      await hosts.until(well);

      // Without its gateway address it can't send: no verdict, no exception.
      first.runSync(['ip', 'address', 'delete', '10.76.0.1/24', 'dev', 'docker0']);
      await hosts.until(() => true);
    } finally {
      await hosts.close();
    }
  });
}
