// The firewall's decisions: the text of the table, what makes an installed one the desired one, our rules among
// anybody's, translated flows, forwarding.
import test from 'ava';
import fc from 'fast-check';
import { tookIn } from '../../node/agent/self-status.js';
import { translatedSources } from '../../node/firewall/conntrack.js';
import {
  checkMark,
  type DesiredFirewall,
  defaultMark,
  desiredFirewall,
  unusableNames,
} from '../../node/firewall/desired.js';
import { dropFindings } from '../../node/firewall/drops.js';
import { type ForwardingState, planForwarding } from '../../node/firewall/forwarding.js';
import { placeInRaw, placeInUserChain } from '../../node/firewall/iptables-place.js';
import { type ChainRole, planRemoval, planRules } from '../../node/firewall/iptables-rules.js';
import { isOurRule, parseSave, type Tables } from '../../node/firewall/iptables-save.js';
import { filterTablesOf } from '../../node/firewall/iptables-verdict.js';
import { type NftTable, parseNftTable } from '../../node/firewall/nft-verdict.js';
import { countChanges, type ObservedFirewall, planFirewall } from '../../node/firewall/plan.js';
import { ipv4Sysctl, procFiles } from '../../node/firewall/proc.js';
import {
  elementsText,
  type InstalledTable,
  isOurTable,
  isOurTableText,
  parseTable,
  planTable,
  replaceText,
  rulesetOf,
} from '../../node/firewall/ruleset.js';
import { type PathSeen, pathFindings } from '../../node/path/findings.js';
import { formatPrefix, ipv4FromNumber, type Prefix, prefixKey, prefixOf } from '../../proto/domain/address.js';
import { checkPrefix } from '../../proto/domain/input.js';
import { dockerRules } from '../support/docker-rules.js';

const prefix = (text: string): Prefix => {
  const checked = checkPrefix(text);
  if ('problem' in checked) throw new TypeError(checked.problem);
  return checked.value;
};

const small: DesiredFirewall = {
  own: prefix('10.76.1.0/24'),
  bridge: 'docker0',
  underlay: 'eth0.100',
  peers: [prefix('10.76.2.0/24'), prefix('10.76.3.0/24'), prefix('10.80.4.64/26')],
  pools: [prefix('10.76.0.0/16'), prefix('10.80.0.0/16')],
  mark: defaultMark,
};

test('desired: the own subnet is no peer, and the order in which routes come does not matter', (t) => {
  const routes = ['10.76.3.0/24', '10.76.1.0/24', '10.80.4.64/26', '10.76.2.0/24', '10.76.3.0/24'].map((text) => ({
    subnet: prefix(text),
  }));
  const input = { pools: [small.pools[1], small.pools[0]].flatMap((pool) => pool ?? []), underlay: 'eth0.100' };
  const assignment = { subnet: small.own, mode: 'bip', bridgeName: '' } as const;
  t.deepEqual(desiredFirewall({ ...input, assignment, routes }), small);
  t.deepEqual(desiredFirewall({ ...input, assignment, routes: routes.toReversed() }), small);
  const bridged = { subnet: small.own, mode: 'bridge', bridgeName: 'xnet0' } as const;
  t.is(desiredFirewall({ ...input, assignment: bridged, routes, mark: 4 }).bridge, 'xnet0');
  t.deepEqual(unusableNames({ bridge: 'a"; flush ruleset', underlay: 'eth*' }), ['a"; flush ruleset', 'eth*']);
});

test('a mark is exactly one of 32 bits', (t) => {
  for (let bit = 0; bit < 32; bit += 1) {
    t.deepEqual(checkMark(`0x${(2 ** bit).toString(16)}`), { value: 2 ** bit });
    t.deepEqual(checkMark(`${2 ** bit}`), { value: 2 ** bit });
  }
  for (const text of ['', '0', '3', '0x3', '-1', '4294967296', '0x100000000', '1.5', '1e3', '0b1', '0x', 'one']) {
    t.true('problem' in checkMark(text), text);
  }
});

test('the text of the table', (t) => {
  const text = replaceText(rulesetOf(small));
  t.is(
    text.replace(/xnet:[0-9a-f]{16}/g, 'xnet:DIGEST'),
    `add table ip xnet
delete table ip xnet
table ip xnet {
	set peers24 {
		type ipv4_addr
		elements = { 10.76.2.0, 10.76.3.0 }
	}
	set peers26 {
		type ipv4_addr
		elements = { 10.80.4.64 }
	}
	chain from-peers {
		type filter hook prerouting priority -301; policy accept;
		iifname "eth0.100" ip daddr 10.76.1.0/24 ip saddr & 255.255.255.0 @peers24 meta mark set meta mark | 0x80000000 comment "xnet:DIGEST"
		iifname "eth0.100" ip daddr 10.76.1.0/24 ip saddr & 255.255.255.192 @peers26 meta mark set meta mark | 0x80000000 comment "xnet:DIGEST"
	}
	chain from-peers-again {
		type filter hook forward priority -1; policy accept;
		iifname "eth0.100" ip daddr 10.76.1.0/24 meta mark & 0x80000000 == 0x0 ip saddr & 255.255.255.0 @peers24 meta mark set meta mark | 0x80000000 comment "xnet:DIGEST"
		iifname "eth0.100" ip daddr 10.76.1.0/24 meta mark & 0x80000000 == 0x0 ip saddr & 255.255.255.192 @peers26 meta mark set meta mark | 0x80000000 comment "xnet:DIGEST"
	}
	chain to-pools {
		type nat hook postrouting priority 99; policy accept;
		oifname != "docker0" ip saddr 10.76.1.0/24 ip daddr 10.76.0.0/16 snat to ip saddr comment "xnet:DIGEST"
		oifname != "docker0" ip saddr 10.76.1.0/24 ip daddr 10.80.0.0/16 snat to ip saddr comment "xnet:DIGEST"
	}
}
`,
  );
  t.throws(() => rulesetOf({ ...small, underlay: 'eth0" accept; #' }), { code: 'Internal' });
  t.throws(() => rulesetOf({ ...small, bridge: 'docker*' }), { code: 'Internal' });
});

// What nft 1.0.6 lists of a table that a script made, by reading the script.
function listing(script: string): Record<string, unknown>[] {
  const entries: Record<string, unknown>[] = [{ metainfo: { version: '1.0.6' } }, { table: { name: 'xnet' } }];
  let chain = '';
  let set: Record<string, unknown> = {};
  for (const line of script.split('\n').map((each) => each.trim())) {
    const [, setName] = /^set (\S+) /.exec(line) ?? [];
    const [, elements] = /^elements = \{ (.*) \}/.exec(line) ?? [];
    const [, name] = /^chain (\S+) /.exec(line) ?? [];
    const [, type, hook, prio] = /^type (\S+) hook (\S+) priority (-?\d+);/.exec(line) ?? [];
    const [, comment] = /comment "(.*)"$/.exec(line) ?? [];
    if (setName !== undefined) set = { name: setName, type: 'ipv4_addr' };
    if (elements !== undefined) entries.push({ set: { ...set, elem: elements.split(', ') } });
    if (name !== undefined) chain = name;
    if (type !== undefined) entries.push({ chain: { name: chain, type, hook, prio: Number(prio), policy: 'accept' } });
    if (comment !== undefined) entries.push({ rule: { chain, comment, expr: [] } });
  }
  return entries;
}

function installed(entries: readonly unknown[]): InstalledTable {
  const table = parseTable(JSON.stringify({ nftables: entries }));
  if (table === undefined) throw new TypeError('not to be read');
  return table;
}

const prefixes = fc
  .uniqueArray(
    fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom(24, 26, 28)).map(([index, length]) => {
      return prefixOf(ipv4FromNumber(0x0a4d0000 + length * 0x10000 + index * 256), length);
    }),
    { selector: prefixKey },
  )
  .map((list) => list.sort((a, b) => prefixKey(a) - prefixKey(b)));

test('a table that was made from the text needs no change, and any change to it is seen', (t) => {
  const entries = listing(replaceText(rulesetOf(small)));
  const ruleset = rulesetOf(small);
  t.deepEqual(planTable(ruleset, installed(entries)), { kind: 'none' });
  t.is(planTable(ruleset, undefined).kind, 'replace');
  const changed = (index: number, entry: Record<string, unknown>) => entries.with(index, entry);
  for (const [index, entry] of entries.entries()) {
    const [[kind = '', value] = []] = Object.entries(entry);
    if (kind === 'metainfo') continue;
    const fields = Object.fromEntries(Object.entries(value ?? {}));
    if (kind !== 'table') t.is(planTable(ruleset, installed(entries.toSpliced(index, 1))).kind, 'replace', kind);
    for (const key of ['hook', 'prio', 'policy', 'comment', 'name'].filter((each) => each in fields)) {
      if (kind === 'table') continue;
      const other = changed(index, { [kind]: { ...fields, [key]: key === 'prio' ? 0 : 'drop' } });
      t.is(planTable(ruleset, installed(other)).kind, 'replace', `${kind} ${key}`);
    }
    if (kind !== 'rule') {
      const flagged = changed(index, { [kind]: { ...fields, flags: ['dormant'] } });
      t.is(planTable(ruleset, installed(flagged)).kind, kind === 'chain' ? 'none' : 'replace', `flags of ${kind}`);
    }
    if (kind === 'set') {
      const timed = changed(index, { set: { ...fields, elem: [{ elem: { val: '10.76.2.0', timeout: 60 } }] } });
      t.is(planTable(ruleset, installed(timed)).kind, 'replace', 'an element with options');
    }
  }
  for (const extra of [{ map: {} }, { rule: { chain: 'to-pools' } }, { set: { name: 'x', type: 'ipv4_addr' } }]) {
    t.is(planTable(ruleset, installed([...entries, extra])).kind, 'replace', JSON.stringify(extra));
  }
  t.is(parseTable('{"nftables": [{"table": {"flags": '), undefined);
});

test('element changes make an installed table the desired one, whatever the two are', (t) => {
  fc.assert(
    fc.property(prefixes, prefixes, (before, after) => {
      const table = installed(listing(replaceText(rulesetOf({ ...small, peers: before }))));
      const ruleset = rulesetOf({ ...small, peers: after });
      const plan = planTable(ruleset, table);
      if (plan.kind === 'replace') {
        const lengths = (list: readonly Prefix[]) => [...new Set(list.map(({ length }) => length))].sort().join();
        t.not(lengths(before), lengths(after), 'a replacement without need');
        return;
      }
      const sets = new Map([...table.sets].map(([name, elements]) => [name, new Set(elements)]));
      for (const [, verb, name = '', list = ''] of plan.kind === 'none'
        ? []
        : elementsText(plan.sets).matchAll(/^(add|delete) element ip xnet (\S+) \{ (.*) \}$/gm)) {
        for (const element of list.split(', ')) {
          const set = sets.get(name);
          // nft refuses to delete what is not there.
          t.is(set?.has(element), verb === 'delete');
          if (verb === 'delete') set?.delete(element);
          else set?.add(element);
        }
      }
      t.deepEqual(
        new Map([...sets].map(([name, set]) => [name, [...set].sort()])),
        new Map([...ruleset.sets].map(([name, set]) => [name, [...set].sort()])),
      );
      t.deepEqual(planTable(ruleset, { ...table, sets }), { kind: 'none' });
    }),
  );
});

test('whose table it is', (t) => {
  const ours = listing(replaceText(rulesetOf(small)));
  const emptied = ours.filter((entry) => !('rule' in entry));
  const foreign = [{ chain: { name: 'mine', type: 'filter', hook: 'input', prio: 0, policy: 'accept' } }];
  t.true(isOurTable(installed(ours)));
  t.true(isOurTable(installed(emptied)), 'flushed');
  t.true(isOurTable(installed([{ table: { name: 'xnet' } }])), 'empty');
  t.true(isOurTable(installed([...ours, ...foreign])), 'ours with something of somebody else in it');
  t.false(isOurTable(installed(foreign)));
  t.false(isOurTable(installed([{ map: { name: 'mine' } }])));
  t.true(isOurTableText(replaceText(rulesetOf(small))));
  t.true(isOurTableText('table ip xnet {\n\tflags dormant\n}\n'));
  t.false(isOurTableText('table ip xnet {\n\tflags dormant\n\tchain mine {\n\t}\n}\n'));
});

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
const outward = '-s 10.76.1.0/24 -d 10.76.0.0/16 -i docker0 -o eth0.100 -m comment --comment xnet -j ACCEPT';

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

test('our rules come once, after all that a packet can come to, and nobody else is touched, whatever the chains have', (t) => {
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
        t.deepEqual(rules.filter(isOurRule), nothing ? [] : [inward]);
        if (nothing) continue;
        const behind = rules[rules.indexOf(inward) + 1];
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

test('where our rule stands', (t) => {
  const inUser = (...foreign: readonly string[]) => placeInUserChain(foreign);
  const inRaw = (...foreign: readonly string[]) => placeInRaw(foreign, small.own);
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

test('a rule that is only in the wrong place stays there when it may not be moved', (t) => {
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

test('rules are compared by what they say', (t) => {
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
    // Before what drops in raw, and before the final RETURN.
    const [raw, user] = engine === '28' ? ['-I PREROUTING 1', '-A DOCKER-USER'] : ['-A PREROUTING', '-I DOCKER-USER 1'];
    t.is(plan.text, `*raw\n${raw} ${inward}\nCOMMIT\n*filter\n${user} ${inward}\nCOMMIT\n`);
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

  for (const modern of [plan({ preferred: 'nft' }, { firewallBackend: 'nftables' }), plan({ dockerTable: true })]) {
    t.deepEqual([used(modern), reasons(modern)], [[], ['UnsupportedFirewallBackend']]);
  }
  t.is(countChanges(plan({ backends: both(docker, none) })), 2);
  t.is(plan({ table: undefined }).table.kind, 'none', 'what was not seen is not changed');
  const foreign = plan({ table: { ours: false, table: undefined } });
  t.deepEqual([foreign.table.kind, reasons(foreign).includes('ForeignTable')], ['none', true]);
});

test('what drops packets of peers is named with what to type, by whoever made it', (t) => {
  const filter = (...lines: readonly string[]) => parseSave(`*filter\n${lines.join('\n')}\nCOMMIT\n`);
  const told = (tables: Tables, others: readonly NftTable[] = []) =>
    dropFindings({ desired: small, backends: new Map([['nft', tables]]), others, filterOf: filterTablesOf }).map(
      ({ message }) => message,
    );
  const ufw = [':FORWARD DROP [0:0]', ':ufw-user-forward - [0:0]', '-A FORWARD -j ufw-user-forward'];
  const [first = '', ...rest] = told(filter(...ufw));
  t.deepEqual(rest, []);
  t.regex(first, /policy of iptables-nft's filter chain FORWARD drops all packets from peers .* and from containers/);
  t.regex(first, /: ufw route allow from 10\.76\.0\.0\/16 to 10\.76\.0\.0\/16; ufw route allow/);
  const rules = small.pools.flatMap((from) =>
    small.pools.map((to) => `-A ufw-user-forward -s ${formatPrefix(from)} -d ${formatPrefix(to)} -j ACCEPT`),
  );
  t.deepEqual(told(filter(...ufw, ...rules)), [], 'some may come through each of them');
  t.deepEqual(told(filter(':FORWARD DROP [0:0]', '-A FORWARD -p tcp -j ACCEPT')), []);
  t.deepEqual(told(filter(':FORWARD ACCEPT [0:0]', '-A FORWARD ! -i lo -m set --match-set x src -j DROP')), []);
  t.is(
    told(filter(':FORWARD ACCEPT [0:0]', '-A FORWARD ! -s 10.99.0.0/16 -i eth+ -j REJECT --reject-with tcp-reset'))
      .length,
    1,
  );
  t.deepEqual(
    dropFindings({
      desired: { ...small, peers: [] },
      backends: new Map([['nft', filter(...ufw)]]),
      others: [],
      filterOf: filterTablesOf,
    }),
    [],
  );

  // As ufw-docker has it, with and without a port that is published: Docker's rule is right, and nobody is told to delete it.
  const published = `-A DOCKER -d 10.76.1.2/32 ! -i ${small.bridge} -o ${small.bridge} -p tcp --dport 80 -j ACCEPT`;
  const leaves = [':FORWARD DROP [0:0]', ':DOCKER - [0:0]', ':DOCKER-USER - [0:0]', '-A FORWARD -j DOCKER-USER'];
  const dockers = ['-A FORWARD -j DOCKER', published, `-A DOCKER ! -i ${small.bridge} -o ${small.bridge} -j DROP`];
  const passedBy = '-A DOCKER-USER -s 10.0.0.0/8 -j RETURN';
  const outward = `-A FORWARD -i ${small.bridge} -j ACCEPT`;
  const accept = `-A DOCKER-USER -i ${small.underlay} -m comment --comment xnet -j ACCEPT`;
  const [left = '', ...more] = told(filter(...leaves, ...dockers, outward, passedBy, accept));
  t.deepEqual(more, []);
  t.regex(
    left,
    /chain DOCKER .* from peers to containers: iptables-nft -I DOCKER-USER -i \S+ -s \S+ -d \S+ -j ACCEPT$/,
  );
  const byUfw = [':ufw-user-forward - [0:0]', '-A DOCKER-USER -j ufw-user-forward'];
  t.regex(told(filter(...leaves, ...byUfw, ...dockers, outward, passedBy, accept))[0] ?? '', /: ufw route allow from/);
  t.deepEqual(told(filter(...leaves, ...dockers, outward, accept)), [], 'where packets come to ours');

  const table = (name: string, ...entries: readonly unknown[]) =>
    parseNftTable(
      JSON.stringify({
        nftables: [
          {
            chain: {
              family: 'inet',
              table: name,
              name: 'fwd',
              type: 'filter',
              hook: 'forward',
              prio: 0,
              policy: 'drop',
            },
          },
          ...entries,
        ],
      }),
      { family: 'inet', table: name },
      ['fwd'],
    );
  const rule = (...expr: readonly unknown[]) => ({ rule: { chain: 'fwd', handle: 1, expr } });
  t.regex(
    told(new Map(), [table('firewalld')])[0] ?? '',
    /: firewall-cmd --permanent --zone=trusted --add-source=10\.76/,
  );
  const match = (left: unknown, right: unknown) => ({ match: { op: '==', left, right } });
  const daddr = { payload: { protocol: 'ip', field: 'daddr' } };
  t.deepEqual(
    told(new Map(), [table('t', rule(match(daddr, '@allowed'), { accept: null }))]),
    [],
    'a set that is not listed',
  );
  t.deepEqual(told(new Map(), [table('t', rule({ queue: { num: 0 } }))]), []);
  t.deepEqual(told(new Map(), [table('t', rule({ jump: { target: 'gone' } }))]), []);
  t.is(told(new Map(), [table('t', rule(match({ meta: { key: 'nfproto' } }, 'ipv6'), { accept: null }))]).length, 1);
  const dormant = { table: { family: 'inet', name: 't', flags: 'dormant' } };
  t.deepEqual(told(new Map(), [table('t', dormant)]), [], 'a table that sleeps');
  t.throws(() => parseNftTable('{', { family: 'ip', table: 't' }, []), { instanceOf: SyntaxError });
});

test('an interface that belongs to a VRF is named before anything that follows from it', (t) => {
  const entrance = { ifindex: 2, isStrict: true };
  const seen: PathSeen = {
    desired: small,
    enslaved: [{ name: 'eth0', vrf: 'red' }],
    hasRules: true,
    entrances: { in: entrance, out: entrance },
    probed: [{ peer: prefix('10.76.2.0/24'), in: { errno: 'ENETUNREACH' }, out: { table: 10, to: 3 } }],
  };
  t.deepEqual(
    pathFindings(seen).map(({ type, reason, message }) => [type, reason, /: (.*)$/.exec(message)?.[1]]),
    [['Underlay', 'InVrf', 'ip link set eth0 nomaster']],
  );
  const reasons = (change: Partial<PathSeen>) =>
    pathFindings({ ...seen, enslaved: [], ...change }).map(({ reason }) => reason);
  t.deepEqual(reasons({}), ['DivertedByRule', 'DivertedByRule']);
  const [probe] = seen.probed;
  if (probe === undefined) return t.fail();
  // Before Linux 6.13 the kernel said which of them it is.
  for (const errno of ['EXDEV', 'EINVAL']) {
    const probed = [{ ...probe, in: { errno }, out: { table: 254, to: 3 } }];
    t.deepEqual(reasons({ probed }), ['ReversePath']);
  }
  t.deepEqual(reasons({ hasRules: false, probed: [{ ...probe, out: { table: 254, to: 2 } }] }), [], 'no route there');
});

test('a table counts as taken in only once it is in force', (t) => {
  const finding = { type: 'Firewall', transient: false, reason: 'NftMissing', message: '' } as const;
  t.true(tookIn('firewall', { findings: [], changes: 0 }));
  t.true(tookIn('firewall', { findings: [finding], changes: 0 }));
  t.false(tookIn('firewall', { findings: [finding], changes: 0, inForce: false }), 'although waiting does not help');
  t.false(tookIn('firewall', { findings: [{ ...finding, transient: true }], changes: 0 }));
  t.true(tookIn('routes', { findings: [{ ...finding, transient: true }], changes: 0 }));
});

test('translated flows are told from those that keep their source', (t) => {
  const flow = (to: string, answersTo: string) =>
    `tcp      6 431999 ESTABLISHED src=10.76.1.2 dst=${to} sport=4711 dport=80 src=${to} dst=${answersTo} sport=80 dport=4711 [ASSURED] mark=0 use=1`;
  const lines = [
    flow('10.76.2.2', '192.168.83.11'),
    flow('10.76.2.3', '10.76.1.2'),
    flow('10.76.3.2', '192.168.83.12'),
    flow('10.76.4.2', '192.168.83.11'),
    'icmp     1 29 src=10.76.1.9 dst=10.76.2.2 type=8 code=0 id=9 [UNREPLIED] src=10.76.2.2 dst=192.168.84.1 type=0 code=0 id=9 mark=0 use=1',
    flow('10.76.5.2', '192.168.83.13').replaceAll('10.76.1.2', '10.99.1.2'),
    'conntrack v1.4.7 (conntrack-tools): 5 flow entries have been shown.',
    'nonsense src= dst=x dst=y',
  ];
  t.deepEqual(translatedSources(small.own, lines.join('\n')), ['192.168.83.11', '192.168.83.12', '192.168.84.1']);
});

test('forwarding is turned on only where something drops what nobody let in', (t) => {
  const on: ForwardingState = {
    host: '1',
    interfaces: new Map([['eth0', '1']]),
    reversePath: new Map([
      ['all', '1'],
      ['docker0', '0'],
    ]),
  };
  const off = { ...on, host: '0', interfaces: new Map([['eth0', '0']]) };
  const decide = (state: ForwardingState, drops: boolean, engine?: Parameters<typeof planForwarding>[0]['engine']) => {
    const { turnOn, findings, notes } = planForwarding({ state, bridge: 'docker0', drops, engine });
    return [turnOn, findings.map(({ reason, transient }) => `${reason} ${transient}`).join(), notes.length];
  };
  t.deepEqual(decide(off, true), [true, '', 0]);
  t.deepEqual(decide(off, false), [false, 'ForwardingOff true', 0]);
  t.deepEqual(decide(off, false, { running: false, major: 28 }), [false, 'ForwardingOff true', 0]);
  t.deepEqual(decide(off, false, { running: true, major: 26 }), [false, 'ForwardingOff false', 0]);
  t.deepEqual(decide(off, false, { running: true }), [false, 'ForwardingOff false', 0]);
  t.deepEqual(decide(off, false, { running: true, major: 28 }), [true, '', 0]);
  t.deepEqual(decide(off, false, { running: true, major: 28, iptables: false }), [false, 'ForwardingOff false', 0]);
  t.deepEqual(decide(on, true, { running: true, major: 20 }), [false, '', 0]);
  t.deepEqual(decide(on, false, { running: true, major: 20 }), [false, '', 1]);
  t.deepEqual(decide(on, false, { running: true, major: 28 }), [false, '', 0]);
  t.deepEqual(decide({ ...on, interfaces: off.interfaces }, true), [false, 'InterfaceForwardingOff false', 0]);
  t.is(planForwarding({ state: on, bridge: 'xnet0', drops: true, engine: undefined }).notes.length, 1);
  t.is(
    planForwarding({ state: { ...on, host: undefined }, bridge: 'docker0', drops: true, engine: undefined }).turnOn,
    false,
  );
});

test('files of /proc', async (t) => {
  t.regex((await procFiles.read(ipv4Sysctl('ip_forward'))) ?? '', /^[01]$/);
  t.is(await procFiles.read(ipv4Sysctl('conf', 'no.such', 'forwarding')), undefined);
  t.is(ipv4Sysctl('conf', 'eth0.100', 'rp_filter'), 'sys/net/ipv4/conf/eth0.100/rp_filter');
});
