// Changes of the firewall under traffic, by a daemon that is killed anywhere, and by several at once.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Namespace } from '../../deploy/lab/namespace.js';
import { makeDetour } from '../../node/lan/detour.js';
import { LanEffect } from '../../node/lan/lan.js';
import { LanKernel } from '../../node/lan/lan-kernel.js';
import { closed, desired, netTest, onHost, signal, works } from '../support/firewall-scene.js';
import { PingFlow } from '../support/ping-flow.js';
import { prefix } from '../support/pools.js';
import { ip } from '../support/route-fixtures.js';

// Each combination of what a turn finds changed.
const manyTurns = 12;

netTest('changes under traffic lose no packet', (t) =>
  onHost('28', 'nft', async (scene) => {
    const { on } = scene;
    await scene.converged(t);
    const flowFrom = async (from: Namespace, to: string) => {
      const flow = await PingFlow.start({ enter: () => Promise.resolve(from.enter) }, to);
      t.teardown(() => flow.stop());
      await flow.seen(50);
      return flow;
    };
    const flows = [await flowFrom(on.peer, '10.76.1.2'), await flowFrom(on.container, '10.76.2.2')];
    let changes = 0;
    const many = Array.from({ length: 500 }, (_, index) => prefix(`10.77.${index >> 1}.${(index & 1) * 128}/25`));
    for (let turns = 1; turns <= manyTurns; turns += 1) {
      const peers = [...desired().peers, ...many.slice(0, (turns * 37) % 500)];
      const pools = turns % 3 === 0 ? [...desired().pools, prefix('10.77.0.0/16')] : desired().pools;
      if (turns % 4 === 1) scene.iptables('-I', 'DOCKER-USER', '-s', '1.2.3.4', '-j', 'RETURN');
      if (turns % 4 === 2) scene.iptables('-t', 'raw', '-I', 'PREROUTING', '-s', '1.2.3.4', '-j', 'RETURN');
      // A new daemon each time.
      const outcome = await scene.start().converge(desired({ peers, pools }), signal);
      t.deepEqual(outcome.findings, []);
      changes += outcome.changes;
    }
    t.true(changes > manyTurns, 'every turn had something to change');
    for (const flow of flows) {
      await flow.seen(50);
      const { sent, received } = await flow.stop();
      t.is(received, sent);
    }
  }),
);

netTest('R15 flows that were translated before the join are reset, all others continue', (t) =>
  onHost('20.10', 'nft', async (scene) => {
    const { on } = scene;
    on.host.runSync(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    // Flows are forgotten after 30 s by default, which a busy machine may need.
    on.host.runSync(['sysctl', '-qw', 'net.netfilter.nf_conntrack_icmp_timeout=600']);
    const flows = () =>
      on.host
        .runSync(['conntrack', '-L', '-o', 'id', '-p', 'icmp'])
        .split('\n')
        .filter((line) => line.includes('src=10.76.1.2 '))
        .map((line) => ({ to: / dst=(\S+)/.exec(line)?.[1], answers: / dst=\S+.* dst=(\S+)/.exec(line)?.[1], line }));
    t.is(await on.ping(on.container, '10.76.2.2', 1), 1);
    t.is(await on.ping(on.container, '10.99.0.1', 1), 1);
    t.deepEqual(
      flows()
        .map(({ to, answers }) => `${to} ${answers}`)
        .sort(),
      ['10.76.2.2 192.168.83.11', '10.99.0.1 192.168.83.11'],
    );
    await scene.converged(t);
    t.deepEqual(
      flows().map(({ to }) => to),
      ['10.99.0.1'],
    );
    t.is(await on.ping(on.container, '10.76.2.2', 1), 1);
    const id = (line: string | undefined) => /id=(\d+)$/.exec(line ?? '')?.[1];
    const kept = flows()
      .map(({ line }) => id(line))
      .sort();
    t.is(kept.length, 2);
    on.host.runSync(['nft', 'delete', 'table', 'ip', 'xnet']);
    t.is(await on.ping(on.container, '10.76.2.2', 1), 1);
    t.is(flows().length, 3);
    await scene.converged(t);
    t.deepEqual(
      flows()
        .map(({ line }) => id(line))
        .sort(),
      kept,
      'the untranslated flow among them',
    );
  }),
);

netTest('a daemon that is killed anywhere, and two at once, end up with the same', (t) =>
  onHost('28', 'nft', async (scene) => {
    const { on } = scene;
    on.host.runSync(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    const clean = scene.rules();
    await scene.converged(t);
    const whole = { rules: scene.rules(), ruleset: scene.ruleset() };
    const translated = () =>
      on.host
        .runSync(['conntrack', '-L', '-s', '10.76.1.0/24', '-d', '10.76.0.0/16'])
        .split('\n')
        .filter((line) => line.includes('dst=192.168.83.11 '));
    // Killed before the nth program is started, until a turn needs fewer.
    for (let programs = 0, killed = true; killed; programs += 1) {
      await scene.firewall.remove(signal);
      t.is(scene.rules(), clean);
      await on.ping(on.container, '10.76.2.2', 1);
      t.is(translated().length, 1);
      let left = programs;
      killed = false;
      const dying = scene.start({
        exec: (argv, options) => {
          left -= 1;
          if (left >= 0) return on.exec(argv, options);
          killed = true;
          return Promise.reject(new Error('killed'));
        },
      });
      await dying.converge(desired(), signal).catch((error: Error) => t.is(error.message, 'killed'));
      t.deepEqual((await scene.start().converge(desired(), signal)).findings, []);
      t.deepEqual({ rules: scene.rules(), ruleset: scene.ruleset() }, whole, `killed after ${programs} programs`);
      t.deepEqual(translated(), [], `killed after ${programs} programs`);
    }
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await scene.firewall.remove(signal);
      const outcomes = await Promise.all([1, 2, 3].map(() => scene.start().converge(desired(), signal)));
      t.deepEqual(
        outcomes.flatMap(({ findings }) => findings.filter(({ transient }) => !transient)),
        [],
      );
      t.deepEqual((await scene.start().converge(desired(), signal)).findings, []);
      t.deepEqual({ rules: scene.rules(), ruleset: scene.ruleset() }, whole, 'three at once');
    }
  }),
);

netTest('an interface that becomes the port of a bridge, and back, leaves peers admitted before the next turn', (t) =>
  onHost('28', 'nft', async (scene) => {
    const { on } = scene;
    const stateFolder = mkdtempSync(join(tmpdir(), 'xnet-lan-'));
    const kernel = new LanKernel(on.host.path);
    t.teardown(() => {
      kernel.close();
      rmSync(stateFolder, { recursive: true });
    });
    const admitted: string[] = [];
    const lan = new LanEffect({
      ...{
        kernel,
        stateFolder,
        waitMs: 20_000,
        boot: 'first',
        copySettings: () => undefined,
        loosen: () => undefined,
        detour: makeDetour(on.exec),
      },
      witnesses: () => [{ name: 'a controller', ask: () => Promise.resolve(true) }],
      factsOf: () => Promise.resolve({ isWireless: false, managedBy: undefined, rules: [] }),
      untilAdmitted: (bridge) => {
        admitted.push(bridge);
        return Promise.resolve();
      },
    });
    const wanted = { bridgeName: 'xnet-lan', address: ip('192.168.83.11') };
    await scene.converged(t, desired({ besides: [wanted.bridgeName] }));
    const enter = () => Promise.resolve(on.peer.enter);
    const flow = await PingFlow.start({ enter }, '10.76.1.2');
    t.teardown(() => flow.stop());
    await flow.seen(50);
    t.deepEqual((await lan.converge(wanted, signal)).findings, []);
    t.deepEqual(admitted, ['xnet-lan']);
    await flow.seen(50);
    // The underlay is another interface now, and the rules are the same.
    const moved = desired({ underlay: wanted.bridgeName, besides: ['eth0'] });
    t.deepEqual(await scene.firewall.converge(moved, signal), { findings: [], changes: 0 });
    t.deepEqual((await lan.remove(signal)).findings, []);
    await flow.seen(50);
    const { sent, received } = await flow.stop();
    t.is(received, sent);
    await works(t, scene, 'after the return');
    await closed(t, scene, 'after the return');
  }),
);
