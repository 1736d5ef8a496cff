// LAN mode on the real kernel: the host's interface becomes the port of a bridge and back, while packets flow.
import test, { type ExecutionContext } from 'ava';
import { signal } from '../support/kernel-story.js';
import { LanHost, lanDesired } from '../support/lan-host.js';
import { isRoot } from '../support/linux-route-host.js';

const rooted = isRoot('LAN mode on the real kernel');

function story(title: string, body: (t: ExecutionContext, lan: LanHost) => Promise<void>): void {
  if (!rooted) return;
  test.serial(`${title}, on the kernel`, async (t) => {
    const lan = new LanHost();
    try {
      await body(t, lan);
    } finally {
      lan.close();
    }
  });
}

if (!rooted) test.skip('LAN mode on the real kernel: needs root', (t) => t.pass());

story('everything of an interface moves to a bridge and back, and no packet is lost', async (t, lan) => {
  const before = lan.inventory('eth0');
  const effect = lan.effect();
  const flows = await lan.flows();
  const seen = (more: number) => Promise.all(flows.map((flow) => flow.seen(more)));
  await seen(50);
  const moved = await effect.converge(lanDesired, signal);
  t.deepEqual(moved.findings, []);
  t.is(lan.masterOf('eth0'), 'xnet-lan');
  t.deepEqual(lan.inventory('xnet-lan'), before);
  t.false(lan.has('xnetlan-up0'));
  await seen(50);
  t.deepEqual(await effect.converge(lanDesired, signal), { findings: [], changes: 0 });
  const back = await effect.remove(signal);
  t.deepEqual(back.findings, []);
  await seen(50);
  t.false(lan.has('xnet-lan'));
  t.deepEqual(lan.inventory('eth0'), before);
  for (const flow of flows) {
    const { sent, received } = await flow.stop();
    t.is(received, sent);
  }
});
