// Our rules among those of Docker and the operator: where they stand, and which backends get them.
import test from 'ava';
import fc from 'fast-check';
import { placeInRaw, placeInUserChain } from '../../../../node/firewall/iptables-place.js';
import { type ChainRole, planRemoval, planRules } from '../../../../node/firewall/iptables-rules.js';
import { isOurRule, parseSave, type Tables } from '../../../../node/firewall/iptables-save.js';
import { filterTablesOf } from '../../../../node/firewall/iptables-verdict.js';
import { countChanges, type ObservedFirewall, planFirewall } from '../../../../node/firewall/plan.js';
import { replaceText, rulesetOf } from '../../../../node/firewall/ruleset.js';
import { formatPrefix } from '../../../../proto/domain/address.js';
import { dockerRules } from '../../../support/docker-rules.js';
import { installed, listing, outward, prefix, several, small } from '../../../support/firewall-values.js';

/** apply does to tables what iptables-restore --noflush does, and fails where it fails. */
function apply(tables: Tables, input: string): Tables {
  const result = new Map([...tables].map(([table, chains]) => [table, new Map(chains)]));
  let current = new Map<string, { policy: 'ACCEPT' | 'DROP' | undefined; rules: readonly string[] }>();
  for (const line of input.split('\n')) {
    const [verb = '', name = ''] = line.split(' ');
    const rule = (skip: number) => line.split(' ').slice(skip).join(' ');
    const chain = current.get(name) ?? { policy: 'ACCEPT' as const, rules: [] };
    const { rules } = chain;
    if (verb.startsWith('*')) {
      current = result.get(verb.slice(1)) ?? new Map();
      result.set(verb.slice(1), current);
    } else if (verb === '-N') {
      if (current.has(name)) throw new Error(`${line}: Chain already exists`);
      current.set(name, { policy: undefined, rules: [] });
    } else if (verb === '-X') {
      if (rules.length > 0) throw new Error(`${line}: Directory not empty`);
      current.delete(name);
    } else if (verb === '-D') {
      const at = rules.indexOf(rule(2));
      if (at < 0) throw new Error(`${line}: Bad rule`);
      current.set(name, { ...chain, rules: rules.toSpliced(at, 1) });
    } else if (verb === '-I') {
      current.set(name, { ...chain, rules: rules.toSpliced(Number(line.split(' ')[2]) - 1, 0, rule(3)) });
    } else if (verb === '-A') current.set(name, { ...chain, rules: [...rules, rule(2)] });
  }
  return result;
}

const inward = '-d 10.76.1.0/24 -i eth0.100 -m mark --mark 0x80000000/0x80000000 -m comment --comment xnet -j ACCEPT';
const dockersDrop = '-d 10.76.1.2/32 ! -i docker0 -j DROP';

const foreignRule = fc.constantFrom(
  '-j RETURN',
  dockersDrop,
  '-s 1.2.3.4/32 -j DROP',
  '-s 1.2.3.4/32 -m comment --comment "xnet of \\"theirs\\"" -j ACCEPT',
  '-s 1.2.3.4/32 -m comment --comment xnet -j DROP',
  '-d 10.76.1.0/24 -i eth0.100 -m mark --mark 0x80000000/0x80000000 -j ACCEPT',
  '-m comment --comment "--comment xnet -j ACCEPT" -j LOG --log-prefix "-j ACCEPT --comment xnet "',
);

const ourRule = fc.constantFrom(
  inward,
  outward,
  '-i old0 -m comment --comment xnet -j ACCEPT',
  '-m comment --comment "xnet" -j ACCEPT',
);

const chainOf = (policy: 'ACCEPT' | 'DROP' | undefined) =>
  fc.array(fc.oneof(foreignRule, ourRule), { maxLength: 6 }).map((rules) => ({ policy, rules }));

const anyTables: fc.Arbitrary<Tables> = fc
  .tuple(
    fc.constantFrom('ACCEPT' as const, 'DROP' as const).chain(chainOf),
    fc.option(chainOf(undefined), { nil: undefined }),
    fc.option(chainOf('ACCEPT'), { nil: undefined }),
  )
  .map(([forward, user, raw]) => {
    const filter = new Map([['FORWARD', forward]]);
    if (user !== undefined) filter.set('DOCKER-USER', user);
    return new Map([
      ['filter', filter],
      ...(raw === undefined ? [] : [['raw', new Map([['PREROUTING', raw]])] as const]),
    ]);
  });

test('our rules come once, behind all reachable rules, and no foreign rule changes, in any chains', (t) => {
  const theirs = (tables: Tables) =>
    [...tables].flatMap(([table, chains]) =>
      [...chains].flatMap(([name, { rules }]) =>
        rules.filter((rule) => !isOurRule(rule)).map((rule) => [table, name, rule]),
      ),
    );
  fc.assert(
    fc.property(anyTables, fc.boolean(), fc.boolean(), (before, nothing, abandoned) => {
      const hasUser = before.get('filter')?.has('DOCKER-USER') === true;
      const role: ChainRole = nothing ? 'nothing' : hasUser ? 'rules' : 'chain and rules';
      const plan = planRules(small, before, role, { abandoned, mayMove: true });
      t.is(plan.changes === 0, plan.text === '');
      const after = apply(before, plan.text);
      t.deepEqual(theirs(after), theirs(before));
      const chain = (table: string, name: string) => after.get(table)?.get(name)?.rules ?? [];
      const [user, raw, forward] = [
        chain('filter', 'DOCKER-USER'),
        chain('raw', 'PREROUTING'),
        chain('filter', 'FORWARD'),
      ];
      for (const rules of [user, raw]) {
        const ours = rules.filter(
          (rule) => isOurRule(rule) && (rules === user || !rule.startsWith('-s 10.76.1.0/24 ')),
        );
        t.deepEqual(ours, nothing ? [] : [inward]);
        if (nothing) continue;
        const behind = rules[rules.findLastIndex(isOurRule) + 1];
        t.true(behind === undefined || behind === '-j RETURN' || (rules === raw && behind === dockersDrop), behind);
      }
      if (!nothing) t.false(raw.slice(0, raw.indexOf(inward)).includes(dockersDrop));
      const alone = !nothing && abandoned && after.get('filter')?.get('FORWARD')?.policy === 'DROP';
      const pools = small.pools.map((pool) => outward.replace('10.76.0.0/16', formatPrefix(pool)));
      t.deepEqual(forward.filter(isOurRule), alone ? [inward, ...pools] : []);
      const again = planRules(small, after, role === 'nothing' ? role : 'rules', { abandoned, mayMove: true });
      t.deepEqual([again.text, again.changes], ['', 0]);

      const removed = apply(after, planRemoval(after).text);
      t.deepEqual(theirs(removed), theirs(before));
      t.false([...removed.values()].some((chains) => [...chains.values()].some(({ rules }) => rules.some(isOurRule))));
      const leftover = theirs(before).every(([, name]) => name !== 'DOCKER-USER');
      t.is(removed.get('filter')?.has('DOCKER-USER') === true, !leftover);
    }),
    { numRuns: 500 },
  );
});

test('while Docker has no rules, containers on every network of a block reach peers', (t) => {
  const block = { subnet: prefix('10.86.0.0/20'), bridge: 'docker0', partLength: 24 };
  const dropping: Tables = new Map([['filter', new Map([['FORWARD', { policy: 'DROP', rules: [] }]])]]);
  const options = { abandoned: true, mayMove: true };
  const after = apply(dropping, planRules({ ...small, own: [block] }, dropping, 'chain and rules', options).text);
  const rules = after.get('filter')?.get('FORWARD')?.rules ?? [];
  t.true(rules.includes(outward.replace('10.76.1.0/24', '10.86.0.0/20').replace('-i docker0', '! -i eth0.100')));
  t.false(rules.some((rule) => rule.includes('docker0')));
  t.is(planRules({ ...small, own: [block] }, after, 'rules', options).text, '');
});

test('a host with several subnets has the rules of each in one place, and needs no second change', (t) => {
  fc.assert(
    fc.property(anyTables, fc.boolean(), (before, abandoned) => {
      const hasUser = before.get('filter')?.has('DOCKER-USER') === true;
      const role = hasUser ? 'rules' : 'chain and rules';
      const after = apply(before, planRules(several, before, role, { abandoned, mayMove: true }).text);
      const wanted = several.own.map(({ subnet }) => inward.replace('10.76.1.0/24', formatPrefix(subnet)));
      for (const [table, name] of [
        ['filter', 'DOCKER-USER'],
        ['raw', 'PREROUTING'],
      ] as const) {
        const rules = after.get(table)?.get(name)?.rules ?? [];
        t.deepEqual(rules.filter(isOurRule), wanted);
        const at = rules.indexOf(wanted[0] ?? '');
        t.deepEqual(rules.slice(at, at + wanted.length), wanted);
      }
      t.is(planRules(several, after, 'rules', { abandoned, mayMove: true }).text, '');
      // A host that gives one of them up again has exactly what it had before.
      const less = apply(after, planRules(small, after, 'rules', { abandoned, mayMove: true }).text);
      t.deepEqual(less, apply(before, planRules(small, before, role, { abandoned, mayMove: true }).text));
    }),
    { numRuns: 200 },
  );
});

test('the place of our rule', (t) => {
  const inUser = (...foreign: readonly string[]) => placeInUserChain(foreign);
  const inRaw = (...foreign: readonly string[]) =>
    placeInRaw(foreign, [prefix('10.99.0.0/24'), prefix('10.76.1.0/24')]);
  const [a, b] = ['-s 1.2.3.4/32 -j DROP', '-s 1.2.3.5/32 -j RETURN'];
  const end = '-m comment --comment "the end" -j RETURN';
  for (const place of [inUser, inRaw]) {
    t.deepEqual(place(), { after: 0, unreached: [] });
    t.deepEqual(place(a, b), { after: 2, unreached: [] });
    t.deepEqual(place(a, b, end), { after: 2, unreached: [] }, 'before a final RETURN');
    t.deepEqual(place(end, a), { after: 0, unreached: [a] }, 'behind it nothing is reached by any packet');
    t.deepEqual(place(end, a, end), { after: 2, unreached: [] }, 'never before one that somebody put there');
  }
  t.deepEqual(inRaw(a, dockersDrop, b), { after: 1, unreached: [b] });
  t.deepEqual(inRaw(dockersDrop.replace('10.76.1.2', '172.17.0.2'), a), { after: 2, unreached: [] }, 'of others');
  const dockers = ['-d 10.76.1.2/32 -i eth0 -j ACCEPT', '-d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport 80 -j DROP'];
  t.deepEqual(inRaw(dockersDrop, ...dockers), { after: 0, unreached: [] });
  t.deepEqual(inUser(dockersDrop), { after: 1, unreached: [] });
});

test('a misplaced rule stays in place while moves are not allowed', (t) => {
  const chain = (...rules: readonly string[]) =>
    parseSave(`*filter\n:DOCKER-USER - [0:0]\n${rules.map((rule) => `-A DOCKER-USER ${rule}\n`).join('')}COMMIT\n`);
  const plan = (mayMove: boolean, ...rules: readonly string[]) =>
    planRules(small, chain(...rules), 'rules', { abandoned: false, mayMove });
  const foreign = '-s 1.2.3.4/32 -j DROP';
  t.deepEqual(plan(true, inward, foreign).misplaced, ['DOCKER-USER']);
  t.regex(plan(true, inward, foreign).text, /-D DOCKER-USER .*\n-A DOCKER-USER/);
  t.notRegex(plan(false, inward, foreign).text, /DOCKER-USER/);
  t.deepEqual(plan(false, inward, foreign).misplaced, ['DOCKER-USER']);
  t.regex(plan(false, foreign).text, /-A DOCKER-USER/, 'one that is missing is put back');
  t.regex(plan(false, inward.replace('eth0', 'eth1'), foreign).text, /-D DOCKER-USER/, 'one that is wrong is replaced');
});

test('rules are compared by meaning', (t) => {
  const save = (rule: string) =>
    `*filter\n:DOCKER-USER - [0:0]\n-A DOCKER-USER ${rule}\nCOMMIT\n*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING ${rule}\nCOMMIT\n`;
  const planned = (rule: string) =>
    planRules(small, parseSave(save(rule)), 'rules', { abandoned: false, mayMove: true }).changes;
  t.is(planned(inward), 0);
  t.is(planned(inward.replace('-d 10.76.1.0/24 -i eth0.100', '-i eth0.100 -d 10.76.1.0/24')), 0, 'in another order');
  t.is(planned(inward.replace('--comment xnet', '--comment "xnet"')), 0, 'quoted');
  t.true(planned(inward.replace('-i eth0.100', '! -i eth0.100')) > 0, 'negated');
  t.true(planned(inward.replace('10.76.1.0', '10.76.2.0')) > 0);
});

test('iptables-save of what dockerd makes', (t) => {
  for (const engine of ['20.10', '28'] as const) {
    const tables = parseSave(`# Generated by iptables-save\n${dockerRules(engine)}# Completed\n`);
    t.is(tables.get('filter')?.get('FORWARD')?.policy, 'DROP');
    const plan = planRules(small, tables, 'rules', { abandoned: false, mayMove: true });
    const [raw, user] = engine === '28' ? ['-I PREROUTING 1', '-A DOCKER-USER'] : ['-A PREROUTING', '-I DOCKER-USER 1'];
    const pools = small.pools.map((pool) => outward.replace('10.76.0.0/16', formatPrefix(pool)));
    const early = engine === '28' ? pools.map((rule) => rule.replace(' -o eth0.100', '')) : [];
    const lines = (place: string, rules: readonly string[]) =>
      rules.map((rule, at) => `${place.replace('1', String(at + 1))} ${rule}\n`).join('');
    const both = [lines(raw, [inward, ...early]), lines(user, [inward, ...pools])].join('COMMIT\n*filter\n');
    t.is(plan.text, `*raw\n${both}COMMIT\n`);
    t.is(planRemoval(tables).changes, 0);
  }
});

test('which backends get rules', (t) => {
  const docker = parseSave(dockerRules('28'));
  const none: Tables = new Map();
  const table = { ours: true, table: installed(listing(replaceText(rulesetOf(small)))) };
  const plan = (observed: Partial<ObservedFirewall>, engine = {}) =>
    planFirewall({
      desired: small,
      ruleset: rulesetOf(small),
      observed: {
        table,
        backends: new Map([['nft', none]]),
        preferred: undefined,
        dockerTable: false,
        others: [],
        ...observed,
      },
      engine: { running: true, major: 28, ...engine },
      mayMove: true,
      filterOf: filterTablesOf,
    });
  const used = (of: ReturnType<typeof plan>) =>
    [...of.rules].flatMap(([backend, rules]) => (rules.used ? backend : []));
  const reasons = (of: ReturnType<typeof plan>) => of.findings.map(({ reason }) => reason);
  const both = (nft: Tables, legacy: Tables) => new Map([['nft', nft] as const, ['legacy', legacy] as const]);
  t.deepEqual(used(plan({ backends: both(docker, none) })), ['nft']);
  t.deepEqual(used(plan({ backends: both(none, docker) })), ['legacy']);
  t.deepEqual(used(plan({ backends: both(docker, docker) })), ['nft', 'legacy']);
  t.deepEqual(used(plan({ backends: both(none, none), preferred: 'legacy' }, { running: false })), ['legacy']);
  t.deepEqual(reasons(plan({ backends: both(none, none), preferred: 'nft' }, { running: false })), []);
  t.deepEqual(reasons(plan({ backends: both(none, none), preferred: 'nft' })), ['DockerRulesMissing']);

  const unfiltered = plan({ preferred: 'nft' }, { iptables: false });
  t.deepEqual([used(unfiltered), reasons(unfiltered), unfiltered.notes.length], [[], [], 1]);
  // dockerd leaves its rules behind: they drop as before.
  t.deepEqual(used(plan({ backends: both(docker, none) }, { iptables: false })), ['nft']);

  const modern = { major: 29, firewallBackend: 'nftables' };
  for (const of of [plan({ preferred: 'nft' }, modern), plan({ preferred: 'nft', dockerTable: true })]) {
    t.deepEqual([used(of), reasons(of), of.notes], [[], [], []]);
  }
  t.deepEqual(reasons(plan({}, { ...modern, major: 28 })), ['UnsupportedFirewallBackend']);
  t.is(countChanges(plan({ backends: both(docker, none) })), 2 + 2 * small.pools.length);
  t.is(countChanges(plan({ backends: both(none, docker) })), 2, 'the legacy backend announces no change');
  t.is(plan({ table: undefined }).table.kind, 'none', 'what was not seen is not changed');
  const foreign = plan({ table: { ours: false, table: undefined } });
  t.deepEqual([foreign.table.kind, reasons(foreign).includes('ForeignTable')], ['none', true]);
});

test('networks of Docker reach the LAN by a bridge that Docker isolates them from, and no others do', (t) => {
  const lans = [{ subnet: prefix('192.168.61.64/27'), bridge: 'xnet-lan' }];
  const isolation = ['docker0', 'br-shop', 'xnet-lan'].map(
    (name) => `-i ${name} ! -o ${name} -j DOCKER-ISOLATION-STAGE-2`,
  );
  const internal = '! -s 172.20.0.0/16 -o br-in -j DROP';
  const chains = new Map([
    ['DOCKER-USER', { policy: undefined, rules: ['-j RETURN'] }],
    ['DOCKER-ISOLATION-STAGE-1', { policy: undefined, rules: [...isolation, internal, '-j RETURN'] }],
  ]);
  const tables: Tables = new Map([['filter', chains]]);
  const desired = { ...small, own: [], lans };
  const options = { abandoned: false, mayMove: true };
  const after = apply(tables, planRules(desired, tables, 'rules', options).text);
  const commented = '-m comment --comment xnet -j ACCEPT';
  t.deepEqual(after.get('filter')?.get('DOCKER-USER')?.rules, [
    ...['br-shop', 'docker0'].flatMap((name) => [
      `! -d 192.168.61.64/27 -i ${name} -o xnet-lan ${commented}`,
      `-i xnet-lan -o ${name} -m conntrack --ctstate RELATED,ESTABLISHED,DNAT ${commented}`,
    ]),
    '-j RETURN',
  ]);
  t.is(planRules(desired, after, 'rules', options).changes, 0);
  const script = replaceText(rulesetOf(desired));
  t.regex(script, /oifname "xnet-lan" ip daddr 192\.168\.61\.64\/27 ct status dnat masquerade/);
  t.notRegex(replaceText(rulesetOf(small)), /published/);
});
