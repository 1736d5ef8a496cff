// The cost of the firewall effect: none while nothing changes, and little with thousands of peers.
import type { DesiredFirewall } from '../../node/firewall/desired.js';
import type { Urgency } from '../../node/firewall/interest.js';
import { NftablesGeneration } from '../../node/kernel/nftables-generation.js';
import { NftablesSets } from '../../node/kernel/nftables-sets.js';
import { type NftablesCommit, NftablesWatch } from '../../node/kernel/nftables-watch.js';
import { Poller } from '../../node/kernel/poller.js';
import { prefixKey } from '../../proto/domain/address.js';
import { desired, netTest, onHost, signal, works } from '../support/firewall-scene.js';
import { prefix } from '../support/pools.js';

netTest('while the generation is unchanged, nftables is not listed', (t) =>
  onHost('28', 'nft', async (scene) => {
    let generation: number | undefined = 1;
    const runs: string[] = [];
    const start = () =>
      scene.start({
        generation: () => generation,
        exec: (argv, options) => {
          runs.push(argv[0]);
          return scene.on.exec(argv, options);
        },
      });
    const firewall = start();
    await firewall.converge(desired(), signal);
    generation = 2;
    await firewall.converge(desired(), signal);
    runs.length = 0;
    t.deepEqual(await firewall.converge(desired(), signal), { findings: [], changes: 0 });
    t.deepEqual(runs, []);
    generation = 3;
    await firewall.converge(desired(), signal);
    t.deepEqual(runs.sort(), ['iptables-nft-save', 'nft', 'nft']);
    // The desired state may still change.
    const more = desired({ peers: [...desired().peers, prefix('10.76.9.0/24')] });
    t.is((await firewall.converge(more, signal)).changes, 1);
    // A daemon that starts again looks once: at what is there, and for flows from before.
    runs.length = 0;
    t.deepEqual(await start().converge(more, signal), { findings: [], changes: 0 });
    t.deepEqual(runs.sort(), ['conntrack', 'iptables-nft-save', 'nft', 'nft']);
  }),
);

netTest('the cost of foreign commits depends on the objects that they touch', (t) =>
  onHost('28', 'nft', async (scene) => {
    const { on } = scene;
    const poller = new Poller();
    const watch = new NftablesWatch(poller, on.host.path);
    const generation = new NftablesGeneration(on.host.path);
    const sets = new NftablesSets(generation, on.host.path);
    const runs: string[] = [];
    const firewall = scene.start({
      generation: () => generation.current(),
      touchedSince: (from, to) => watch.touchedSince(from, to),
      changeSets: (table, at, changes) => sets.change(table, at, changes),
      exec: (argv, options) => {
        runs.push(argv[0]);
        return on.exec(argv, options);
      },
    });
    const commits: NftablesCommit[] = [];
    watch.onCommit((more) => commits.push(...more));
    const after = async (what: string, urgency: Urgency, spawns: readonly string[], change: () => unknown) => {
      const before = generation.current() ?? 0;
      commits.length = 0;
      change();
      t.true(watch.touchedSince(before, generation.current() ?? 0) !== undefined, what);
      t.is(firewall.urgencyOf(commits), urgency, what);
      runs.length = 0;
      const outcome = await firewall.converge(desired(), signal);
      t.deepEqual(outcome.findings, [], what);
      t.deepEqual(runs.sort(), spawns, what);
    };
    const nft = (command: string) => () => on.host.runSync(['nft', command]);
    try {
      await firewall.converge(desired(), signal);
      await firewall.converge(desired(), signal);
      const inputs =
        'add table inet f2b { set s { type ipv4_addr; }; chain incoming { type filter hook input priority -1; }; }';
      await after('a table of others with an input chain', 'soon', ['nft'], nft(inputs));
      await after('an element of it', 'never', [], nft('add element inet f2b s { 1.2.3.4 }'));
      await after('a rule of it', 'never', [], nft('add rule inet f2b incoming ip saddr @s drop'));
      await after("Docker's NAT", 'never', [], () => scene.iptables('-t', 'nat', '-A', 'DOCKER', '-j', 'RETURN'));
      await after("Docker's ports", 'never', ['iptables-nft-save'], () =>
        scene.iptables('-A', 'DOCKER', '-j', 'RETURN'),
      );
      await after('a container of Docker 28', 'soon', ['iptables-nft-save'], () =>
        scene.iptables('-t', 'raw', '-A', 'PREROUTING', '-d', '10.76.1.3', '!', '-i', 'docker0', '-j', 'DROP'),
      );
      const forward =
        'add table inet guard { chain forwarded { type filter hook forward priority 0; ip saddr 1.2.3.4 drop; }; }';
      await after('a forward chain of others', 'soon', ['nft', 'nft'], nft(forward));
      await after('a rule of it', 'soon', ['nft', 'nft'], nft('add rule inet guard forwarded ip saddr 1.2.3.5 drop'));
      await after('what it had', 'soon', ['nft'], nft('delete table inet guard'));
      // A change of peers only takes no turn and runs no program, unless our objects were touched.
      const peer = prefix('10.76.9.0/24');
      const peers = () => on.host.runSync(['nft', 'list', 'set', 'ip', 'xnet', 'peers24']);
      runs.length = 0;
      nft('add element inet f2b s { 1.2.3.5 }')();
      t.is(firewall.changePeers({ added: [peer], removed: [] })?.changes, 1);
      t.true(peers().includes('10.76.9.0'));
      t.is(firewall.changePeers({ added: [], removed: [] })?.changes, 0);
      t.is(firewall.changePeers({ added: [peer], removed: [] }), undefined, 'not the table as it is');
      t.is(firewall.changePeers({ added: [], removed: [peer] })?.changes, 1);
      t.false(peers().includes('10.76.9.0'));
      t.is(
        firewall.changePeers({ added: [prefix('10.76.9.0/25')], removed: [] }),
        undefined,
        'a set that is not there',
      );
      t.deepEqual(runs, []);
      t.deepEqual(await firewall.converge(desired(), signal), { findings: [], changes: 0 });
      nft('add element ip xnet peers24 { 10.76.8.0 }')();
      t.is(firewall.changePeers({ added: [peer], removed: [] }), undefined, 'what others touched is looked at first');
      t.is((await firewall.converge(desired(), signal)).changes, 1);
      commits.length = 0;
      scene.iptables('-F', 'DOCKER-USER');
      nft('flush chain ip xnet from-peers')();
      t.true(watch.touchedSince((generation.current() ?? 0) - 1, generation.current() ?? 0) !== undefined);
      t.is(firewall.urgencyOf(commits), 'now', 'what is ours');
      t.is(firewall.urgencyOf([]), 'now', 'what was lost');
      t.is((await firewall.converge(desired(), signal)).changes, 3);
    } finally {
      watch.close();
      sets.close();
      generation.close();
      await poller.close();
    }
  }),
);

netTest('5,000 peers', (t) =>
  onHost('28', 'nft', async (scene) => {
    const all = Array.from({ length: 5000 }, (_, i) => prefix(`10.${80 + (i >> 8)}.${i & 255}.0/24`));
    const peers = [prefix('10.76.2.0/24'), ...all].sort((a, b) => prefixKey(a) - prefixKey(b));
    const timed = async (what: string, wanted: DesiredFirewall) => {
      const start = performance.now();
      const outcome = await scene.firewall.converge(wanted, signal);
      t.log(`${what}: ${(performance.now() - start).toFixed(0)} ms, ${outcome.changes} changes`);
      t.deepEqual(outcome.findings, []);
      return outcome.changes;
    };
    await timed('from nothing', desired({ peers }));
    t.is(await timed('nothing to do', desired({ peers })), 0);
    t.is(await timed('one less', desired({ peers: peers.slice(0, -1) })), 1);
    t.is(await timed('one more', desired({ peers })), 1);
    t.is(await timed('down to one', desired()), 5000);
    t.is(await timed('up to 5,001', desired({ peers })), 5000);
    const report = await scene.firewall.inspect(desired({ peers }), signal);
    t.like(report, { table: 'installed', peers: { desired: 5001, installed: 5001 }, changes: 0, forwarding: true });
    await works(t, scene, 'with 5,000 others');
  }),
);
