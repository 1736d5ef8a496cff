// Which peers are probed, what follows from their answers, and what a controller makes of it.
import test from 'ava';
import fc from 'fast-check';
import { nodeState } from '../../../../controller/session/node-state.js';
import { type KnownPeer, withDataPath } from '../../../../controller/view/data-path.js';
import { checksum } from '../../../../node/kernel/icmp.js';
import { echoFindings, probeFindings, silentPeersOf } from '../../../../node/probe/findings.js';
import { type ProbedPeer, Rounds, routedPeers } from '../../../../node/probe/rounds.js';
import { ipv4FromNumber, prefixKey } from '../../../../proto/domain/address.js';
import type { Condition, NodeStatus, SilentPeer } from '../../../../proto/domain/network.js';
import { ip, peer, prefix } from '../../../support/route-fixtures.js';
import { status as emptyStatus } from '../../../support/session-values.js';

const peersOf = (count: number): ReadonlyMap<number, ProbedPeer> =>
  new Map(
    Array.from({ length: count }, (_, key) => {
      const peer = {
        key,
        nodeName: `web-${key}`,
        gateway: ipv4FromNumber(ip('10.76.0.1') + key * 256),
        address: ipv4FromNumber(ip('192.168.83.11') + key),
      };
      return [key, peer];
    }),
  );
const asIs = (keys: number[]) => keys;
const silentOf = (rounds: Rounds) => rounds.verdict().silent.map(({ peer }) => peer);
const eth0 = { name: 'eth0', mtu: 1500 };

test('every peer is probed once before any is probed twice', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.func(fc.double()), (count, random) => {
      const rounds = new Rounds();
      const peers = peersOf(count);
      const shuffled = (keys: number[]) => [...keys].sort((a, b) => random(a) - random(b));
      const seen: number[] = [];
      for (let round = 0; round < 2 * count; round += 1) {
        for (const peer of rounds.next(peers, shuffled)) {
          seen.push(peer.key);
          rounds.note(peer, { answered: true }, round);
        }
      }
      t.is(new Set(seen.slice(0, count)).size, count);
      t.is(new Set(seen.slice(count)).size, count);
      t.deepEqual(rounds.verdict(), { silent: [], largeLost: [] });
    }),
    { numRuns: 50 },
  );
});

test('only peers that are routed are probed, and never this host itself', (t) => {
  const routed = prefixKey(peer(1).subnet);
  const peers = routedPeers([peer(0), peer(1), peer(2)], [prefix('10.76.0.0/24')], (key) => key === routed);
  t.deepEqual(
    [...peers.values()],
    [{ key: routed, nodeName: 'web-1', gateway: ip('10.76.1.1'), address: ip('192.168.83.11') }],
  );
  t.is(routedPeers([peer(0), peer(1)], [prefix('10.76.0.0/24'), prefix('10.76.1.0/24')], () => true).size, 0);
});

test('a peer is silent after three rounds, not before, and no longer after one answer', (t) => {
  const rounds = new Rounds();
  const peers = peersOf(50);
  const [dead] = rounds.next(peers, asIs);
  if (dead === undefined) return t.fail();
  rounds.note(dead, { answered: false, hostAnswered: true }, 1_000);
  for (const nowMs of [2_000, 3_000]) {
    t.deepEqual(rounds.verdict().silent, []);
    t.true(rounds.next(peers, asIs).includes(dead), 'looked at again in the next round');
    rounds.note(dead, { answered: false, hostAnswered: true }, nowMs);
  }
  const verdict = rounds.verdict();
  t.deepEqual(verdict.silent, [{ peer: dead, hostAnswers: true, sinceMs: 1_000 }]);
  t.deepEqual(silentPeersOf(verdict), [
    { nodeName: dead.nodeName, gateway: dead.gateway, hostAnswers: true, sinceMs: 1_000 },
  ]);
  t.like(probeFindings(verdict, eth0)[0], { type: 'DataPath', isNote: true, reason: 'NoAnswer' });
  rounds.note(dead, { answered: true }, 4_000);
  t.deepEqual(rounds.verdict().silent, []);

  // A peer that is gone, or has moved, begins anew.
  rounds.note(dead, { answered: false }, 5_000);
  const moved = new Map(peers).set(dead.key, { ...dead, address: ip('192.168.83.250') });
  rounds.next(moved, asIs);
  t.is(rounds.probed, 0);
});

test('of many silent peers a few are probed per round, all of them in turn', (t) => {
  const rounds = new Rounds();
  const peers = peersOf(30);
  const looked = new Set<number>();
  for (let round = 0; round < 30; round += 1) {
    const chosen = rounds.next(peers, asIs);
    t.true(chosen.length <= 5);
    for (const peer of chosen) {
      looked.add(peer.key);
      rounds.note(peer, { answered: false }, round);
    }
  }
  t.is(looked.size, 30);
  t.true(rounds.verdict().silent.length > 15);
  t.is(silentPeersOf(rounds.verdict()).length, 16);
  t.regex(probeFindings(rounds.verdict(), eth0)[0]?.message ?? '', /and \d+ more$/);
});

test('peers that have long been silent do not delay the detection of another one', (t) => {
  const rounds = new Rounds();
  const peers = peersOf(120);
  const dead = [...peers.values()].slice(0, 100);
  for (const peer of dead) {
    for (let round = 0; round < 3; round += 1) rounds.note(peer, { answered: false }, round);
  }
  t.is(rounds.verdict().silent.length, 100);
  const newest = peers.get([...peers.keys()].at(-1) ?? 0);
  if (newest === undefined) return t.fail();
  rounds.note(newest, { answered: false }, 0);
  const looked = new Set<number>();
  let confirmedIn = 0;
  for (let round = 1; round <= 40; round += 1) {
    for (const peer of rounds.next(peers, asIs)) {
      looked.add(peer.key);
      rounds.note(peer, { answered: peer !== newest && !dead.includes(peer) }, round);
    }
    if (silentOf(rounds).includes(newest) && confirmedIn === 0) confirmedIn = round;
  }
  t.is(confirmedIn, 2);
  t.true(
    dead.every(({ key }) => looked.has(key)),
    'those that may have come back are looked at in turn',
  );
  return t.is(rounds.verdict().silent.length, 101);
});

test('peers that lose large packets do not delay the detection of a silent one', (t) => {
  const rounds = new Rounds();
  const peers = peersOf(120);
  const lossy = [...peers.values()].slice(0, 100);
  for (const peer of lossy) {
    for (let round = 0; round < 3; round += 1) rounds.note(peer, { answered: true, largeAnswered: false }, round);
  }
  t.is(rounds.verdict().largeLost.length, 100);
  const [lost] = lossy;
  const newest = peers.get(119);
  if (lost === undefined || newest === undefined) return t.fail();
  // One that no packet comes back from any more is looked at as if it had never lost any.
  const fallen = [lost, newest];
  for (const peer of fallen) rounds.note(peer, { answered: false }, 0);
  const looked = new Set<number>();
  for (let round = 1; round <= 60; round += 1) {
    for (const peer of rounds.next(peers, asIs)) {
      looked.add(peer.key);
      const answered = !fallen.includes(peer);
      const large = rounds.wantsLarge(peer) ? { largeAnswered: !lossy.includes(peer) } : {};
      rounds.note(peer, answered ? { answered, ...large } : { answered }, round);
    }
    if (round >= 2) t.deepEqual(silentOf(rounds), fallen);
  }
  t.true(
    lossy.every(({ key }) => looked.has(key)),
    'those whose large packets may come through again are looked at in turn',
  );
  return t.is(rounds.verdict().largeLost.length, 99);
});

test('a host whose settings ignore echo requests reports that, and degrades no other', (t) => {
  t.deepEqual(echoFindings('0'), []);
  t.deepEqual(echoFindings(undefined), []);
  const [finding] = echoFindings('1');
  t.like(finding, { type: 'DataPath', transient: false, reason: 'EchoIgnored' });
  t.regex(finding?.fix ?? '', /^sysctl -w net\.ipv4\.icmp_echo_ignore_all=0/);
  const ignoring = { ...docker(false), type: 'DataPath', reason: 'EchoIgnored' } as const;
  const own = status([silentPeer('web-2', true)]);
  const judged = (conditions: readonly Condition[]) =>
    withDataPath('web-1', own, () => ({ connectedMs: later, status: status([], conditions) }), later);
  t.is(judged([docker(true), ignoring]), own);
  t.is(nodeState(60_000, judged([docker(true)])), 'NODE_STATE_DEGRADED');
});

test('a report limited in size keeps the silent peers that are up and those that fell silent last', (t) => {
  const rounds = new Rounds();
  // Hosts that were added and not set up yet, and after them two that were cut off.
  const peers = [...peersOf(30).values()];
  for (const [index, peer] of peers.entries()) {
    for (let round = 0; round < 3; round += 1) {
      rounds.note(peer, { answered: false, hostAnswered: index === 28 }, index === 29 ? 9_000 : 1_000);
    }
  }
  const reported = silentPeersOf(rounds.verdict());
  t.deepEqual([reported[0]?.nodeName, reported[1]?.nodeName, reported.length], ['web-28', 'web-29', 16]);
  t.regex(probeFindings(rounds.verdict(), eth0)[0]?.message ?? '', /from web-28 .* web-29 /);
});

test('large packets are sent now and then, and lost ones are found', (t) => {
  const rounds = new Rounds();
  const peers = peersOf(1);
  const [peer] = peers.values();
  if (peer === undefined) return t.fail();
  let large = 0;
  for (let round = 0; round < 16; round += 1) {
    if (rounds.wantsLarge(peer)) large += 1;
    rounds.note(peer, { answered: true, ...(rounds.wantsLarge(peer) ? { largeAnswered: true } : {}) }, round);
  }
  t.is(large, 2);
  for (let round = 0; round < 3; round += 1) {
    t.deepEqual(rounds.verdict().largeLost, []);
    rounds.note(peer, { answered: true, largeAnswered: false }, round);
    t.true(rounds.wantsLarge(peer));
  }
  const [finding] = probeFindings(rounds.verdict(), eth0);
  t.like(finding, { type: 'DataPath', transient: false, reason: 'LargePacketsLost' });
  t.is(finding?.isNote, undefined);
  t.regex(finding?.message ?? '', /packets of 1500 bytes .* web-0 \(10\.76\.0\.1\)/);
  t.regex(finding?.fix ?? '', /ip link set eth0 mtu 1500/);
});

test('the checksum makes the sum of a message zero', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 64 }), (bytes) => {
      const message = Buffer.from(bytes.length % 2 === 0 ? bytes : [...bytes, 0]);
      message.writeUInt16BE(0, 2);
      message.writeUInt16BE(checksum(message), 2);
      t.is(checksum(message), 0);
    }),
  );
});

const docker = (ok: boolean): Condition => ({
  type: 'Docker',
  ok,
  transient: false,
  reason: ok ? 'Ready' : 'Pending',
  message: '',
  sinceMs: 0,
});
const silentPeer = (nodeName: string, hostAnswers = false): SilentPeer => ({
  nodeName,
  gateway: ip('10.76.1.1'),
  hostAnswers,
  sinceMs: 7,
});
const status = (silentPeers: readonly SilentPeer[], conditions: readonly Condition[] = [docker(true)]): NodeStatus => ({
  ...emptyStatus,
  conditions,
  silentPeers,
});

const later = 3_600_000;

test('a peer that returns after a reboot degrades no node until it is probed again', (t) => {
  const own = status([silentPeer('web-2')]);
  const judged = (connectedMs: number, dockerForMs: number) => {
    const conditions = [{ ...docker(true), sinceMs: later - dockerForMs }];
    return withDataPath('web-1', own, () => ({ connectedMs, status: status([], conditions) }), later);
  };
  // Its status is the one from before the reboot, until it has reported.
  t.is(judged(1_000, 600_000), own);
  // Its Docker has just started, and made the bridge.
  t.is(judged(90_000, 1_000), own);
  t.is(nodeState(60_000, judged(90_000, 90_000)), 'NODE_STATE_DEGRADED');
  // Its clock goes an hour before ours: what it says of its Docker's time says nothing.
  t.is(nodeState(60_000, judged(90_000, -later)), 'NODE_STATE_DEGRADED');
});

test('a node is ready while silent peers are down or not set up, and degraded when they ought to answer', (t) => {
  const own = status([silentPeer('web-2')]);
  const judged = (peer: KnownPeer | undefined, nowMs = later) => withDataPath('web-1', own, () => peer, nowMs);
  for (const peer of [
    undefined,
    { connectedMs: undefined, status: status([]) },
    { connectedMs: later, status: undefined },
    { connectedMs: later, status: status([], [docker(false)]) },
  ]) {
    t.is(judged(peer), own);
  }
  const cut = judged({ connectedMs: later, status: status([]) });
  t.is(nodeState(60_000, cut), 'NODE_STATE_DEGRADED');
  t.like(cut.conditions.at(-1), { type: 'DataPath', ok: false, transient: false, reason: 'NoAnswer', sinceMs: 7 });
  t.regex(cut.conditions.at(-1)?.message ?? '', /web-2 at 10\.76\.1\.1 \(nor does its host\), which is connected$/);
  t.regex(cut.conditions.at(-1)?.fix ?? '', /LAN is split/);
  const silentToo = { connectedMs: later, status: status([silentPeer('web-1')]) };
  const both = withDataPath('web-1', status([silentPeer('web-2', true)]), () => silentToo, later);
  t.regex(both.conditions.at(-1)?.message ?? '', /its host answers, and web-2 gets none from web-1/);
  t.regex(both.conditions.at(-1)?.fix ?? '', /firewall/);
  const large = {
    ...docker(false),
    type: 'DataPath',
    reason: 'LargePacketsLost',
    message: 'large ones are lost',
    fix: 'x',
  };
  const well = { connectedMs: later, status: status([]) };
  const worse = withDataPath('web-1', status([silentPeer('web-2')], [docker(true), large]), () => well, later);
  t.is(worse.conditions.length, 2);
  t.like(worse.conditions.at(-1), { reason: 'LargePacketsLost' });
  t.regex(worse.conditions.at(-1)?.message ?? '', /^large ones are lost; no answer from web-2/);
  t.regex(worse.conditions.at(-1)?.fix ?? '', /^x; .*LAN/);
});
