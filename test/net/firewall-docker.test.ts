// The firewall effect with a Docker that starts, stops, uses both backends or none, and with programs that compete for
// the same position.
import { defaultMark } from '../../node/firewall/desired.js';
import { dockerNftables, dockerRules } from '../support/docker-rules.js';
import { closed, desired, netTest, onHost, signal, works } from '../support/firewall-scene.js';
import { prefix } from '../support/pools.js';

netTest('xnet stops fighting a program that also moves its rule to the end', (t) =>
  onHost('28', 'nft', async (scene) => {
    let now = 0;
    const firewall = scene.start({ now: () => now });
    const rival = ['DOCKER-USER', '-s', '1.2.3.4', '-j', 'DROP'];
    await firewall.converge(desired(), signal);
    const turn = async () => {
      const present = scene.chain('filter', 'DOCKER-USER').some((rule) => rule.includes('1.2.3.4'));
      if (present) scene.iptables('-D', ...rival);
      scene.iptables('-A', ...rival);
      const { changes, findings } = await firewall.converge(desired(), signal);
      return changes > 0 ? 'moved' : findings.map(({ reason }) => reason).join();
    };
    const outcomes: string[] = [];
    for (let turns = 0; turns < 20; turns += 1) outcomes.push(await turn());
    t.is(outcomes[0], 'moved');
    t.true(
      outcomes.slice(-5).every((outcome) => outcome === 'Overtaken'),
      outcomes.join(' '),
    );
    scene.iptables('-F', 'DOCKER-USER');
    await firewall.converge(desired(), signal);
    t.is(scene.chain('filter', 'DOCKER-USER').length, 2, 'those that are missing are put back');
    scene.iptables('-A', ...rival);
    now += 3_600_000;
    t.is(await turn(), 'moved');
  }),
);

netTest('before Docker: nothing is opened, and its first start finds the rules in place', (t) =>
  onHost(undefined, 'nft', async (scene) => {
    const { on } = scene;
    const before = scene.rules();
    const outcome = await scene.firewall.converge(desired(), signal);
    t.deepEqual(
      outcome.findings.map(({ type, reason, transient }) => [type, reason, transient]),
      [['Forwarding', 'ForwardingOff', true]],
    );
    t.is(await on.proc.read('sys/net/ipv4/ip_forward'), '0');
    t.is(scene.chain('filter', 'DOCKER-USER').length, 1);
    // As dockerd 20.10 does: forwarding, then the policy, then chains that may exist already.
    on.host.runSync(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    on.host.runSync(['iptables-nft-restore', '--noflush'], dockerRules('20.10').replace(/^:DOCKER-USER.*\n/m, ''));
    await works(t, scene, 'right after');
    t.is(await scene.converged(t), 3, 'what Docker accepts by now is accepted before its rules');
    await works(t, scene, 'with all rules');
    await closed(t, scene, 'right after');
    await scene.firewall.remove(signal);
    t.deepEqual(scene.chain('filter', 'DOCKER-USER'), ['-A DOCKER-USER -j RETURN'], "the chain is Docker's by now");

    on.host.runSync(['nft', 'flush', 'ruleset']);
    await scene.firewall.converge(desired(), signal);
    const removed = await scene.firewall.remove(signal);
    t.deepEqual(removed.findings, []);
    t.false(scene.rules().includes('DOCKER-USER'), 'made in advance, and Docker never came');
    t.deepEqual(scene.rules().match(/^-A/gm), before.match(/^-A/gm));
  }),
);

netTest('N23 all of nftables is flushed while Docker runs', (t) =>
  onHost('28', 'nft', async (scene) => {
    await scene.converged(t);
    scene.on.host.runSync(['nft', 'flush', 'ruleset']);
    const outcome = await scene.firewall.converge(desired(), signal);
    t.deepEqual(
      outcome.findings.map(({ reason }) => reason),
      ['DockerRulesMissing'],
    );
    await works(t, scene, 'without any of the rest');
    scene.on.host.runSync(['iptables-nft-restore', '--noflush'], dockerRules('28').replace(/^:DOCKER-USER.*\n/m, ''));
    await works(t, scene, 'as soon as Docker is back');
    await scene.converged(t);
    await closed(t, scene, 'as soon as Docker is back');
  }),
);

netTest("Docker's chains in both backends: both get our rules", (t) =>
  onHost('20.10', 'legacy', async (scene) => {
    scene.on.host.runSync(['iptables-nft-restore', '--noflush'], dockerRules('28'));
    await scene.converged(t);
    await works(t, scene, 'through both');
    await closed(t, scene, 'through both');
    const report = await scene.firewall.inspect(desired(), signal);
    t.deepEqual(report.rules, [
      { backend: 'nft', state: 'installed' },
      { backend: 'legacy', state: 'installed' },
    ]);
    await scene.firewall.remove(signal);
    t.false(scene.rules().includes('xnet'));
  }),
);

netTest('forwarding is turned on only where something drops', (t) =>
  onHost('20.10', 'nft', async (scene) => {
    const { on } = scene;
    const forwarding = () => on.proc.read('sys/net/ipv4/ip_forward');
    scene.iptables('-P', 'FORWARD', 'ACCEPT');
    const outcome = await scene.firewall.converge(desired(), signal);
    t.deepEqual(
      outcome.findings.map(({ reason, transient }) => [reason, transient]),
      [['ForwardingOff', false]],
    );
    t.is(await forwarding(), '0');
    const modern = scene.start({ engine: () => ({ running: true, major: 28, iptables: true }) });
    const turned = await modern.converge(desired(), signal);
    t.deepEqual(turned, { findings: [], changes: 1, what: ['net.ipv4.ip_forward: on'] });
    t.is(await forwarding(), '1');
    // It was so before xnet: a note, not a fault.
    t.deepEqual(await scene.firewall.converge(desired(), signal), { findings: [], changes: 0 });
    const { notes } = await scene.firewall.inspect(desired(), signal);
    t.true(notes.some((note) => note.includes('FORWARD chain is ACCEPT')));
    scene.iptables('-P', 'FORWARD', 'DROP');
    on.host.runSync(['sysctl', '-qw', 'net.ipv4.ip_forward=0']);
    t.is(await scene.converged(t), 1);
    on.host.runSync(['sysctl', '-qw', 'net.ipv4.conf.eth0.forwarding=0']);
    const off = await scene.firewall.converge(desired(), signal);
    t.like(off.findings[0], { type: 'Forwarding', reason: 'InterfaceForwardingOff', transient: false });
  }),
);

netTest('unsupported tables and engines', (t) =>
  onHost('28', 'nft', async (scene) => {
    const { on } = scene;
    on.host.runSync(['nft', '-f', '-'], 'table ip xnet { chain mine { type filter hook input priority 0; }; }\n');
    const before = on.host.runSync(['nft', 'list', 'table', 'ip', 'xnet']);
    const outcome = await scene.firewall.converge(desired(), signal);
    t.deepEqual(
      outcome.findings.map(({ reason }) => reason),
      ['ForeignTable'],
    );
    t.is((await scene.firewall.inspect(desired(), signal)).table, 'foreign');
    await scene.firewall.remove(signal);
    on.host.runSync(['nft', 'add', 'table', 'ip', 'xnet', '{ flags dormant; }']);
    await scene.firewall.converge(desired(), signal);
    t.true(on.host.runSync(['nft', 'list', 'table', 'ip', 'xnet']).includes('chain mine'));
    t.true(before.includes('chain mine'));

    on.host.runSync(['nft', 'flush', 'ruleset']);
    const off = scene.start({ engine: () => ({ running: true, major: 20, iptables: false }) });
    await off.converge(desired(), signal);
    t.false(scene.rules().includes('xnet'));
    t.true((await off.inspect(desired(), signal)).notes.some((note) => note.includes('"iptables": false')));
    t.like((await off.converge(desired({ underlay: 'a"b' }), signal)).findings[0], {
      reason: 'UnusableInterfaceName',
      transient: false,
    });
  }),
);

netTest(
  "Docker's nftables backend: the required settings are reported, and admit peers under their own addresses",
  (t) =>
    onHost(undefined, 'nft', async (scene) => {
      const { on } = scene;
      const load = (...args: Parameters<typeof dockerNftables>) =>
        on.host.runSync(['nft', '-f', '-'], dockerNftables(...args));
      const engine = { running: true, major: 29, firewallBackend: 'nftables' };
      const firewall = scene.start({ engine: () => engine });
      load(undefined);
      const unset = await firewall.converge(desired(), signal);
      t.deepEqual(
        unset.findings.map(({ reason, fix }) => [reason, fix]),
        [
          [
            'DockerDropsPeers',
            'put "allow-direct-routing": true and "bridge-accept-fwmark": "0x80000000/0x80000000" into daemon.json and restart Docker',
          ],
        ],
      );
      t.deepEqual((await firewall.foreignDrops(desired(), signal)).length, 1);
      t.false(scene.rules().includes('DOCKER-USER'));
      t.is(await on.knock(on.peer, '10.76.1.2', 81), 'timeout');

      // Docker rewrites its table at each start.
      for (const start of ['first', 'second']) {
        load(defaultMark);
        await works(t, scene, `after its ${start} start`);
        await closed(t, scene, `after its ${start} start`);
        t.deepEqual(await firewall.converge(desired(), signal), { findings: [], changes: 0 });
      }
      // In mode lan, Docker has a network on the bridge by which the host and its other networks reach the LAN.
      const withLan = desired({ lans: [{ subnet: prefix('192.168.83.64/27'), bridge: 'eth0' }] });
      load(defaultMark, { bridge: 'eth0', isUnprotected: false });
      await firewall.converge(withLan, signal);
      t.deepEqual(
        (await firewall.converge(withLan, signal)).findings.map(({ reason }) => reason),
        ['DockerDropsToLan'],
      );
      t.is(await on.knock(on.container, '192.168.83.66', 9000), 'timeout', 'as the default gateway mode has it');
      load(defaultMark, { bridge: 'eth0', isUnprotected: true });
      t.deepEqual(await firewall.converge(withLan, signal), { findings: [], changes: 0 });
      t.is(await on.connect(on.container, '192.168.83.66', 9000), '192.168.83.11', 'masqueraded as before');
      t.is(await on.connect(on.stranger, '192.168.83.11', 8080), '192.168.83.66', 'a published port');
      await works(t, scene, 'beside the network of mode lan');
      await closed(t, scene, 'beside the network of mode lan');
      await firewall.converge(desired(), signal);

      const table = on.host.runSync(['nft', '-s', 'list', 'table', 'ip', 'docker-bridges']);
      await firewall.remove(signal);
      t.is(on.host.runSync(['nft', '-s', 'list', 'table', 'ip', 'docker-bridges']), table);
      t.false(scene.ruleset().includes('table ip xnet'));
    }),
);

netTest('a missing program does not prevent the other steps', (t) =>
  onHost('20.10', 'nft', async (scene) => {
    const { exec } = scene.on;
    const reasons = async (...missing: readonly string[]) => {
      const firewall = scene.start({
        exec: ([program, ...rest], options) =>
          exec([missing.includes(program) ? `/nowhere/${program}` : program, ...rest], options),
      });
      const { findings, inForce } = await firewall.converge(desired(), signal);
      // A part that can't be read is not reported as present.
      t.is(inForce, missing.includes('nft') || missing.includes('iptables') ? false : undefined);
      return findings.map(({ reason, fix = '' }) => [reason, /install the package (\S+)$/.exec(fix)?.[1]]);
    };
    t.deepEqual(await reasons('conntrack'), [['ConntrackMissing', 'conntrack']]);
    t.is(scene.chain('filter', 'DOCKER-USER').filter((rule) => rule.includes('xnet')).length, 2);
    scene.on.host.runSync(['nft', 'delete', 'table', 'ip', 'xnet']);
    scene.iptables('-F', 'DOCKER-USER');
    t.deepEqual(await reasons('nft'), [['NftMissing', 'nftables']]);
    t.is(scene.chain('filter', 'DOCKER-USER').length, 2);
    scene.iptables('-F', 'DOCKER-USER');
    const iptables = ['iptables', 'iptables-nft', 'iptables-nft-save', 'iptables-save'];
    t.deepEqual(await reasons(...iptables), [['IptablesMissing', 'iptables']]);
    t.true(scene.on.host.runSync(['nft', 'list', 'tables']).includes('table ip xnet'));
    // Where there is `iptables` alone.
    t.deepEqual(await reasons('iptables-nft', 'iptables-legacy'), []);
    t.is(scene.chain('filter', 'DOCKER-USER').length, 2);
  }),
);
