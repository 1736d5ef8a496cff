// The firewall effect on a real kernel: which packets are admitted, from which address, and repair after changes of
// other programs. Docker's rules are made by hand, in both backends of iptables.
import { masquerade } from '../support/docker-rules.js';
import { closed, desired, netTest, onHost, ourRule, signal, works } from '../support/firewall-scene.js';
import { prefix } from '../support/pools.js';

for (const docker of ['20.10', '28'] as const) {
  for (const backend of ['nft', 'legacy'] as const) {
    const name = `${docker} with iptables-${backend}`;

    netTest(`N22 peers are admitted and keep their addresses, strangers are not admitted (${name})`, (t) =>
      onHost(docker, backend, async (scene) => {
        const { on } = scene;
        await closed(t, scene, 'before');
        t.true((await scene.converged(t)) > 0);
        t.is(await on.proc.read('sys/net/ipv4/ip_forward'), '1');
        await works(t, scene, 'at first');
        await closed(t, scene, 'at first');
        t.is(await on.connect(on.container, '10.99.0.1', 9000), '192.168.83.11', 'out of the pool');
        t.is(await on.connect(on.stranger, '192.168.83.11', 8080), '192.168.83.66', 'a published port');
        t.is(await on.connect(on.container, '192.168.83.11', 8080), '10.76.1.1', 'hairpin');
        // A dockerd that starts puts its own rules first.
        const [table, chain] = ['nat', 'POSTROUTING'];
        scene.iptables('-t', table, '-D', chain, ...masquerade.split(' '));
        scene.iptables('-t', table, '-I', chain, '1', ...masquerade.split(' '));
        await works(t, scene, "after Docker's masquerade came first");
        scene.iptables('-t', 'mangle', '-A', 'PREROUTING', '-j', 'MARK', '--set-mark', '7');
        await works(t, scene, 'although somebody takes our mark away');
        await closed(t, scene, 'although somebody takes our mark away');
        await scene.converged(t, desired({ peers: [] }));
        t.is(await on.knock(on.peer, '10.76.1.2', 81), 'timeout', 'a peer without a lease');
      }),
    );

    netTest(`N23 rules that are flushed, deleted, duplicated or moved are repaired (${name})`, (t) =>
      onHost(docker, backend, async (scene) => {
        const { on } = scene;
        await scene.converged(t);
        const [user, raw, table] = [
          () => scene.chain('filter', 'DOCKER-USER'),
          () => scene.chain('raw', 'PREROUTING'),
          () => on.host.runSync(['nft', 'list', 'table', 'ip', 'xnet']),
        ];
        const [ours, oursRaw] = [ourRule(user()), ourRule(raw())];
        const inTable = table();
        const named = (rule: string) => rule.split(' ').slice(1);
        const nft = (...words: readonly string[]) => on.host.runSync(['nft', ...words]);
        const nftRule = nft('-a', 'list', 'chain', 'ip', 'xnet', 'to-pools').match(/handle (\d+)\n\t}/)?.[1] ?? '';
        const damages: Record<string, () => void> = {
          'our table is deleted': () => nft('delete', 'table', 'ip', 'xnet'),
          'our table is flushed': () => nft('flush', 'table', 'ip', 'xnet'),
          'a chain of ours is flushed': () => nft('flush', 'chain', 'ip', 'xnet', 'from-peers'),
          'a rule of ours is deleted': () => nft('delete', 'rule', 'ip', 'xnet', 'to-pools', 'handle', nftRule),
          'a rule is put before ours': () => nft('insert', 'rule', 'ip', 'xnet', 'from-peers', 'drop'),
          'a set is flushed': () => nft('flush', 'set', 'ip', 'xnet', 'peers24'),
          'an element is added': () => nft('add', 'element', 'ip', 'xnet', 'peers24', '{ 10.76.66.0 }'),
          'a policy is changed': () => nft('chain', 'ip', 'xnet', 'from-peers', '{ policy drop; }'),
          'a set is added': () => nft('add', 'set', 'ip', 'xnet', 'more', '{ type ipv4_addr; flags interval; }'),
          'the table sleeps': () => nft('add', 'table', 'ip', 'xnet', '{ flags dormant; }'),
          'our rules are deleted': () => {
            scene.iptables('-D', ...named(ours));
            scene.iptables('-t', 'raw', '-D', ...named(oursRaw));
          },
          'our rules are doubled': () => {
            scene.iptables('-A', ...named(ours));
            scene.iptables('-t', 'raw', '-I', ...named(oursRaw));
          },
          'DOCKER-USER is flushed': () => scene.iptables('-F', 'DOCKER-USER'),
          'raw is flushed': () => scene.iptables('-t', 'raw', '-F'),
          'an outdated rule of ours is left': () =>
            scene.iptables('-I', 'DOCKER-USER', '-i', 'eth9', '-m', 'comment', '--comment', 'xnet', '-j', 'ACCEPT'),
        };
        for (const [what, damage] of Object.entries(damages)) {
          damage();
          t.true((await scene.converged(t)) > 0, what);
          t.is(ourRule(user()), ours, what);
          t.is(ourRule(raw()), oursRaw, what);
          // With nftables, one in DOCKER-USER is for packets to the pool, and one in raw precedes Docker's rules there.
          const early = raw().some((rule) => rule.endsWith('! -i docker0 -j DROP')) ? 2 : 1;
          const count = 2 + (backend === 'nft' ? early : 0);
          t.is([...user(), ...raw()].filter((rule) => rule.includes('xnet')).length, count, what);
          t.is(table(), inTable, what);
        }
        await works(t, scene, 'in the end');
        await closed(t, scene, 'in the end');
      }),
    );

    netTest(`${name}: an operator’s drop precedes xnet’s rules`, (t) =>
      onHost(docker, backend, async (scene) => {
        const { on } = scene;
        // Another peer is not dropped.
        const two = desired({ peers: [...desired().peers, prefix('10.76.3.0/24')] });
        const reaches = () => on.knock(on.peer, '10.76.1.2', 81);
        const ours = (rules: readonly string[]) => rules.findIndex((rule) => rule.includes('--comment xnet'));
        const user = () => scene.chain('filter', 'DOCKER-USER');
        const raw = () => scene.chain('raw', 'PREROUTING');
        await scene.converged(t, two);
        const drop = ['-s', '10.76.2.0/24', '-d', '10.76.1.0/24', '-j', 'DROP'];
        for (const [table, chain] of [
          ['filter', 'DOCKER-USER'],
          ['raw', 'PREROUTING'],
        ] as const) {
          t.is(await on.connect(on.peer, '10.76.1.2', 81), '10.76.2.2');
          scene.iptables('-t', table, '-I', chain, ...drop);
          const inserted = scene.rules();
          t.is(await scene.converged(t, two), 0, 'one that stands before ours changes nothing');
          t.is(scene.rules(), inserted);
          t.is(await reaches(), 'timeout', `${table}: inserted`);
          scene.iptables('-t', table, '-D', chain, ...drop);
        }
        // As an older version left it: its rule first, and a second time.
        scene.iptables('-I', 'DOCKER-USER', ...ourRule(user()).split(' ').slice(2));
        scene.iptables('-I', 'DOCKER-USER', ...drop);
        scene.iptables('-I', 'DOCKER-USER', ...ourRule(user()).split(' ').slice(2));
        t.true((await scene.converged(t, two)) > 0);
        t.is(user().filter((rule) => rule.includes('--comment xnet')).length, backend === 'nft' ? 2 : 1);
        t.is(ours(user()), 1, 'moved behind');
        t.is(await reaches(), 'timeout', 'before ours by now');
        scene.iptables('-D', 'DOCKER-USER', ...drop);
        // Appended, by an operator who knows where: before the final RETURN.
        const at = docker === '28' ? ['-A', 'DOCKER-USER'] : ['-I', 'DOCKER-USER', '2'];
        scene.iptables(...at, ...drop);
        t.is(ours(user()), 0);
        t.true((await scene.converged(t, two)) > 0);
        t.is(ours(user()), 1);
        t.is(await reaches(), 'timeout', 'appended');
        scene.iptables('-D', 'DOCKER-USER', ...drop);
        scene.iptables('-t', 'raw', '-A', 'PREROUTING', ...drop);
        const changes = await scene.converged(t, two);
        if (docker === '28') {
          t.is(ours(raw()), 0, "Docker's own stands in between");
          const { notes } = await scene.firewall.inspect(two, signal);
          t.true(notes.some((note) => note.includes('iptables -t raw -A PREROUTING -s 10.76.2.0/24')));
        } else {
          t.true(changes > 0);
          t.is(await reaches(), 'timeout', 'appended to raw');
        }
      }),
    );

    netTest(`${name}: traffic flows although all of Docker's filter rules are flushed`, (t) =>
      onHost(docker, backend, async (scene) => {
        await scene.converged(t);
        scene.iptables('-F');
        const outcome = await scene.firewall.converge(desired(), signal);
        t.deepEqual(
          outcome.findings.map(({ reason, transient }) => [reason, transient]),
          [['DockerRulesMissing', false]],
        );
        await works(t, scene, "without Docker's rules");
        await closed(t, scene, "without Docker's rules");
        scene.iptables('-I', 'FORWARD', '-i', 'docker0', '!', '-o', 'docker0', '-j', 'ACCEPT');
        scene.iptables('-I', 'FORWARD', '-j', 'DOCKER-USER');
        t.true((await scene.converged(t)) > 0);
        t.false(
          scene.chain('filter', 'FORWARD').some((rule) => rule.includes('xnet')),
          'only as long as needed',
        );
      }),
    );

    netTest(`${name}: foreign rules are unchanged, also when ours are removed`, (t) =>
      onHost(docker, backend, async (scene) => {
        const { on } = scene;
        scene.iptables('-I', 'DOCKER-USER', '-s', '1.2.3.4', '-m', 'comment', '--comment', 'a "b" xnet', '-j', 'DROP');
        scene.iptables('-A', 'DOCKER-USER', '-s', '1.2.3.5', '-m', 'comment', '--comment', 'xnet', '-j', 'DROP');
        scene.iptables('-t', 'raw', '-I', 'PREROUTING', '-s', '1.2.3.6', '-j', 'ACCEPT');
        scene.iptables('-t', 'mangle', '-A', 'FORWARD', '-s', '1.2.3.7', '-j', 'MARK', '--set-mark', '7');
        on.host.runSync(['nft', '-f', '-'], 'table inet other { chain c { type filter hook forward priority 5; }; }\n');
        const before = { rules: scene.rules(), ruleset: scene.ruleset() };
        await scene.converged(t);
        const withOurs = scene.rules();
        t.is(
          withOurs
            .split('\n')
            .filter((line) => !/--comment xnet -j ACCEPT$/.test(line))
            .join('\n'),
          before.rules,
        );
        await scene.converged(t, desired({ peers: [], underlay: 'eth1' }));
        const outcome = await scene.firewall.remove(signal);
        t.deepEqual(outcome.findings, []);
        const early = docker === '28' ? 2 : 1;
        t.is(outcome.changes, 3 + (backend === 'nft' ? early : 0), 'the table and the rules');
        t.deepEqual({ rules: scene.rules(), ruleset: scene.ruleset() }, before);
        t.deepEqual(await scene.firewall.remove(signal), { findings: [], changes: 0 });
      }),
    );
  }
}
