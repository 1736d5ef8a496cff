// LAN mode on the real kernel: the host's interface becomes a port of a bridge and back, while packets flow; failures
// are undone or repaired.
import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { makeDetour } from '../../node/lan/detour.js';
import { type LanMove, lanJournalPath } from '../../node/lan/journal.js';
import { LanKernel } from '../../node/lan/lan-kernel.js';
import type { LanRequest } from '../../node/lan/requests.js';
import { linkNamed } from '../../node/lan/snapshot.js';
import { temporaryOf } from '../../proto/process/atomic-file.js';
import { execThrough } from '../../proto/process/exec.js';
import { signal } from '../support/kernel-story.js';
import { LanHost, lanDesired } from '../support/lan-host.js';
import { isRoot } from '../support/linux-route-host.js';
import type { PingFlow } from '../support/ping-flow.js';

const rooted = isRoot('LAN mode on the real kernel');
const converged = { findings: [], changes: 0 };

function story(title: string, body: (t: ExecutionContext, lan: LanHost) => Promise<void>): void {
  if (!rooted) return;
  test.serial(`${title}, on the kernel`, async (t) => {
    const lan = new LanHost();
    try {
      await body(t, lan);
    } finally {
      await lan.close();
    }
  });
}

function seen(flows: readonly PingFlow[], more: number): Promise<unknown> {
  return Promise.all(flows.map((flow) => flow.seen(more)));
}

async function nothingLost(t: ExecutionContext, flows: readonly PingFlow[]): Promise<void> {
  await seen(flows, 50);
  for (const flow of flows) {
    const { sent, received } = await flow.stop();
    t.is(sent - received, 0, `of ${sent}`);
  }
}

if (!rooted) test.skip('LAN mode on the real kernel: needs root', (t) => t.pass());

story('everything on an interface moves to a bridge and back, while packets flow', async (t, lan) => {
  const before = lan.inventory('eth0');
  const effect = lan.effect();
  const flows = await lan.flows();
  await seen(flows, 50);
  t.deepEqual((await effect.converge(lanDesired, signal)).findings, []);
  t.is(lan.masterOf('eth0'), 'xnet-lan');
  t.deepEqual(lan.inventory('xnet-lan'), before);
  t.false(lan.has('xnetlan-up0'));
  t.is(lan.sourceFilter('xnet-lan'), '1', 'strict again');
  t.is(lan.host.runSync(['nft', 'list', 'ruleset', 'netdev']), '', 'no detour is left');
  await seen(flows, 50);
  t.deepEqual(await effect.converge(lanDesired, signal), converged);
  t.deepEqual((await effect.remove(signal)).findings, []);
  await seen(flows, 50);
  t.false(lan.has('xnet-lan'));
  t.deepEqual(lan.inventory('eth0'), before);
  await nothingLost(t, flows);
});

story('the way around an interface takes its longest packets, and none of its VLANs', async (t, lan) => {
  for (const name of ['port0', 'lan']) lan.gateway.runSync(['ip', 'link', 'set', name, 'mtu', '9000']);
  lan.host.ipBatch([
    'link set eth0 mtu 9000',
    'link add xnet-lan address 02:fc:00:00:61:11 mtu 9000 type bridge forward_delay 0',
    'link set xnet-lan up',
    'address add 192.168.61.11/24 dev xnet-lan noprefixroute',
  ]);
  const { detour, loosen } = lan.options();
  const links = await lan.kernel.links();
  const [port, bridge] = ['eth0', 'xnet-lan'].map((name) => linkNamed({ links }, name));
  if (port === undefined || bridge === undefined) return t.fail('no links');
  loosen(bridge);
  t.true(await detour.begin(lan.kernel, port, bridge));
  // In a VLAN, `meta protocol` is ip as well, and the interface of the VLAN is on eth0.
  t.regex(lan.host.runSync(['nft', 'list', 'ruleset', 'netdev']), / ether type ip meta pkttype host fwd to /);
  t.notThrows(() => lan.gateway.runSync(['ping', '-c', '1', '-W', '20', '-M', 'do', '-s', '8900', '192.168.61.11']));
  t.regex(lan.host.runSync(['ip', '-s', '-o', 'link', 'show', 'xnetlan-up1']), /mtu 9000/);
  await detour.end();
  // As nft reports a kernel without `fwd`.
  const refused = { code: 1, stdout: '', stderr: 'Error: Could not process rule: No such file or directory' };
  const withoutFwd = makeDetour(() => Promise.resolve(refused));
  t.false(await withoutFwd.begin(lan.kernel, port, bridge));
  t.false(lan.has('xnetlan-up0'));
  const inHost = execThrough(lan.host.enter);
  const killed = makeDetour(async (argv, options) => {
    const result = await inHost(argv, options);
    if (argv[1] === '-f') throw new Error('nft was killed after its change');
    return result;
  });
  t.false(await killed.begin(lan.kernel, port, bridge));
  t.is(lan.host.runSync(['nft', 'list', 'ruleset', 'netdev']), '', 'nothing is led to a pair that is gone');
});

story('xnetd that is killed at any step of a move or its undoing ends in one of both states', async (t, lan) => {
  const before = lan.inventory('eth0');
  const flows = await lan.flows();
  const effect = lan.effect({ witnesses: () => [] });
  for (const step of ['journaled', 'bridge made', 'prepared', 'moved', 'verified']) {
    await lan.killedAt(step, 'converge');
    t.is(await lan.move(), step === 'verified' ? 'settled' : 'unverified', step);
    await seen(flows, 5);
    t.deepEqual((await effect.converge(lanDesired, signal)).findings, [], step);
    t.is(lan.masterOf('eth0'), 'xnet-lan', step);
    t.deepEqual(lan.inventory('xnet-lan'), before, step);
    t.is(await lan.move(), 'settled', step);
    t.deepEqual(await effect.converge(lanDesired, signal), converged, step);
    await effect.remove(signal);
    t.deepEqual(lan.inventory('eth0'), before, step);
  }
  for (const step of ['returning', 'return prepared', 'taken out', 'returned']) {
    await effect.converge(lanDesired, signal);
    await lan.killedAt(step, 'remove');
    await seen(flows, 5);
    t.deepEqual((await effect.remove(signal)).findings, [], step);
    t.false(lan.has('xnet-lan'), step);
    t.deepEqual(lan.inventory('eth0'), before, step);
  }
  // Of equal default routes, the kernel takes turns unless it has just confirmed a gateway, which it never does if that is declared.
  const [, mac = ''] = /link\/ether (\S+)/.exec(lan.gateway.runSync(['ip', '-o', 'link', 'show', 'lan'])) ?? [];
  lan.host.ipBatch([`neighbour replace 192.168.61.254 lladdr ${mac} dev eth0 nud permanent`]);
  await lan.killedAt('prepared', 'converge');
  await seen(flows, 50);
  await effect.converge(lanDesired, signal);
  t.true(lan.inventory('xnet-lan').some((line) => line.includes(`192.168.61.254 dev IF lladdr ${mac} PERMANENT`)));
  await effect.remove(signal);
  await seen(flows, 5);
  await nothingLost(t, flows);
});

story('a move after which a controller or gateway does not answer is undone', async (t, lan) => {
  const before = lan.inventory('eth0');
  const flows = await lan.flows();
  const breaking = (action: () => void, waitMs = 300) =>
    lan.effect({ waitMs, steps: { reached: (step) => (step === 'moved' ? action() : undefined) } });
  const isBack = async (title: string, move: LanMove = 'undone') => {
    t.false(lan.has('xnet-lan'), title);
    t.deepEqual(lan.inventory('eth0'), before, title);
    t.is(await lan.move(), move, title);
  };
  const silent = breaking(() => {
    lan.answers = false;
  });
  const back = await silent.converge(lanDesired, signal);
  t.deepEqual(
    back.findings.map(({ reason }) => reason),
    ['LanRolledBack'],
  );
  t.regex(back.findings[0]?.message ?? '', /^a controller did not answer within 0.3 s after eth0 became a port/);
  await isBack('no controller answers');
  // Not again without an operator's request, also not by another process.
  lan.answers = true;
  t.deepEqual((await lan.effect().converge(lanDesired, signal)).findings, back.findings);
  await isBack('given up');
  const stop = new AbortController();
  const stopped = breaking(() => stop.abort());
  stopped.retry();
  await stopped.converge(lanDesired, stop.signal);
  await isBack('xnetd is stopped before the move is verified', 'settled');
  await nothingLost(t, flows);
  const cut = breaking(() => lan.gateway.runSync(['ip', 'link', 'set', 'lan', 'down']));
  const [finding] = (await cut.converge(lanDesired, signal)).findings;
  t.regex(finding?.message ?? '', /^the gateway 192.168.61.254 did not answer/);
  await isBack('the gateway is gone');
  lan.gateway.runSync(['ip', 'link', 'set', 'lan', 'up']);
  const again = lan.effect();
  again.retry();
  t.deepEqual((await again.converge(lanDesired, signal)).findings, []);
  t.deepEqual(lan.inventory('xnet-lan'), before);
  lan.answers = false;
});

story('a move is undone also if the journal can’t be written or a program undoes each repair', async (t, lan) => {
  const before = lan.inventory('eth0');
  const blocker = temporaryOf(lanJournalPath(lan.stateFolder));
  const full = lan.effect({
    waitMs: 300,
    steps: {
      reached: (step) => {
        if (step !== 'moved') return;
        lan.answers = false;
        mkdirSync(blocker);
      },
    },
  });
  await t.throwsAsync(full.converge(lanDesired, signal), { message: /lan\.json/ });
  t.false(lan.has('xnet-lan'));
  t.deepEqual(lan.inventory('eth0'), before);
  rmdirSync(blocker);
  lan.answers = true;
  // A DHCP client that puts its address on the port whenever it is gone.
  const client = { runs: false };
  class Contested extends LanKernel {
    override change(requests: readonly LanRequest[]) {
      const refused = super.change(requests);
      if (client.runs) lan.host.runSync(['ip', 'address', 'replace', '172.20.0.5/32', 'dev', 'eth0']);
      return refused;
    }
  }
  const kernel = new Contested(lan.host.path);
  t.teardown(() => kernel.close());
  const reached = (step: string) => {
    if (step !== 'moved') return;
    lan.answers = false;
    client.runs = true;
  };
  const contested = lan.effect({ kernel, waitMs: 300, steps: { reached } });
  const { findings } = await contested.converge(lanDesired, signal);
  t.deepEqual(
    findings.map(({ reason }) => reason),
    ['LanRolledBack'],
  );
  t.false(lan.has('xnet-lan'));
});

story(
  'a verified move stays while the journal can’t be written; a lost journal does not prevent undoing a move',
  async (t, lan) => {
    const before = lan.inventory('eth0');
    const blocker = temporaryOf(lanJournalPath(lan.stateFolder));
    const effect = lan.effect({
      steps: { reached: (step) => (step === 'moved' ? mkdirSync(blocker) : undefined) },
    });
    await t.throwsAsync(effect.converge(lanDesired, signal), { message: /lan\.json/ });
    // A controller that restarts meanwhile does not undo the move.
    lan.answers = false;
    await t.throwsAsync(effect.converge(lanDesired, signal), { message: /lan\.json/ });
    t.is(lan.masterOf('eth0'), 'xnet-lan');
    rmdirSync(blocker);
    t.deepEqual((await effect.converge(lanDesired, signal)).findings, []);
    rmSync(lanJournalPath(lan.stateFolder));
    t.deepEqual((await lan.effect().remove(signal)).findings, []);
    t.false(lan.has('xnet-lan'));
    t.deepEqual(lan.inventory('eth0'), before);
  },
);

story('nothing is moved while neither a controller nor a gateway answers', async (t, lan) => {
  const before = lan.inventory('eth0');
  lan.answers = false;
  lan.gateway.runSync(['ip', 'link', 'set', 'lan', 'down']);
  const { findings } = await lan.effect().converge(lanDesired, signal);
  t.deepEqual(
    findings.map(({ reason }) => reason),
    ['LanUnproven'],
  );
  t.deepEqual(lan.inventory('eth0'), before);
});

story('objects that others delete or add are restored, moved or left', async (t, lan) => {
  const effect = lan.effect();
  const ip = (...words: string[]) => lan.host.runSync(['ip', ...words]);
  await effect.converge(lanDesired, signal);
  // The kernel deletes next-hop objects when the carrier is lost; the routes effect restores them.
  const present = () =>
    lan
      .inventory('xnet-lan')
      .filter((line) => !line.includes('1234'))
      .sort();
  const whole = present();
  const healed = async (title: string) => {
    t.deepEqual((await effect.converge(lanDesired, signal)).findings, [], title);
    t.is(lan.masterOf('eth0'), 'xnet-lan', title);
    t.deepEqual(present(), whole, title);
    t.deepEqual(await effect.converge(lanDesired, signal), converged, title);
  };
  ip('route', 'delete', 'default');
  await healed('the default route is dropped');
  ip('link', 'set', 'eth0', 'nomaster');
  await healed('the port is taken out');
  // Like a DHCP client that does not know the bridge.
  ip('address', 'replace', '172.20.0.5/32', 'dev', 'eth0', 'valid_lft', '9000', 'preferred_lft', '8000');
  await healed('a renewed address comes back on the port');
  t.regex(ip('address', 'show', 'dev', 'xnet-lan'), /172.20.0.5\/32[^\n]*\n *valid_lft (9000|89\d\d)sec/);
  ip('link', 'set', 'eth0', 'mtu', '1400');
  await healed('the MTU of the port changes');
  t.regex(ip('link', 'show', 'xnet-lan'), /mtu 1400/);
  ip('link', 'delete', 'xnet-lan');
  await healed('the bridge is deleted');
  ip('address', 'flush', 'dev', 'xnet-lan');
  await healed('the addresses are flushed');
  ip('address', 'add', '192.168.61.13/24', 'dev', 'xnet-lan');
  ip('route', 'delete', '10.77.0.0/16');
  t.deepEqual((await effect.converge(lanDesired, signal)).findings, []);
  t.regex(ip('address', 'show', 'dev', 'xnet-lan'), /192.168.61.13/);
  t.deepEqual((await effect.remove(signal)).findings, []);
  t.regex(ip('address', 'show', 'dev', 'eth0'), /192.168.61.13/);
  t.notRegex(ip('route', 'show'), /10.77.0.0/);
});
