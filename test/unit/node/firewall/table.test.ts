// The nftables table: its text, what of it is installed, and the changes to it.
import test from 'ava';
import fc from 'fast-check';
import { tookIn } from '../../../../node/daemon/applied.js';
import { checkMark, type DesiredFirewall, desiredFirewall, unusableNames } from '../../../../node/firewall/desired.js';
import { planRules } from '../../../../node/firewall/iptables-rules.js';
import {
  elementsText,
  isOurTable,
  isOurTableText,
  parseTable,
  planTable,
  replaceText,
  rulesetOf,
  setName,
  takeElements,
} from '../../../../node/firewall/ruleset.js';
import { ipv4FromNumber, type Prefix, prefixKey, prefixOf } from '../../../../proto/domain/address.js';
import type { Lease } from '../../../../proto/domain/network.js';
import { installed, listing, prefix, several, small } from '../../../support/firewall-values.js';
import { address } from '../../../support/pools.js';

test('desired: the own subnet is no peer, and the order in which routes come does not matter', (t) => {
  const routes = ['10.76.3.0/24', '10.76.1.0/24', '10.80.4.64/26', '10.76.2.0/24', '10.76.3.0/24'].map((text) => ({
    subnet: prefix(text),
  }));
  const input = { pools: [small.pools[1], small.pools[0]].flatMap((pool) => pool ?? []), underlay: 'eth0.100' };
  const lease = { pool: 'default', generation: 1, mode: 'bip', networkName: '', bridgeName: '' } as const;
  const own: Lease = { ...lease, subnet: prefix('10.76.1.0/24'), state: 'in force' };
  const assignment = { leases: [own] as const };
  t.deepEqual(desiredFirewall({ ...input, assignment, routes }), small);
  t.deepEqual(desiredFirewall({ ...input, assignment, routes: routes.toReversed() }), small);
  const bridged: Lease = { ...own, subnet: prefix('10.80.5.0/26'), mode: 'bridge', bridgeName: 'xnet0' };
  const ending: Lease = { ...own, subnet: prefix('10.80.6.0/26'), state: 'ending' };
  for (const leases of [
    [own, bridged, ending],
    [{ ...ending, state: 'in force' }, bridged, { ...own, state: 'ending' }],
  ] as const) {
    t.deepEqual(desiredFirewall({ ...input, assignment: { leases }, routes }), several, 'in any order and state');
  }
  const wild = [{ subnet: own.subnet, bridge: 'a"; flush ruleset' }];
  t.deepEqual(unusableNames({ own: wild, underlay: 'eth*' }), ['a"; flush ruleset', 'eth*']);
});

test('peers come by both interfaces of a move of LAN mode, and which of them is the underlay changes no rule', (t) => {
  const before = { ...small, underlay: 'eth0', besides: ['xnet-lan'] };
  const after = { ...small, underlay: 'xnet-lan', besides: ['eth0'] };
  const text = replaceText(rulesetOf(before));
  t.is(replaceText(rulesetOf(after)), text);
  for (const name of ['eth0', 'xnet-lan'])
    t.true(text.includes(`iifname "${name}" ip daddr 10.76.1.0/24 ip saddr`), name);
  const rules = (desired: DesiredFirewall) =>
    planRules(desired, new Map(), 'chain and rules', { abandoned: true, mayMove: true }).text;
  t.is(rules(after), rules(before));
  t.is(rules(before).match(/^-A DOCKER-USER -d 10.76.1.0\/24 -i (eth0|xnet-lan) /gm)?.length, 2);
});

test('what leaves a block keeps its source by address, whatever bridges Docker makes in it', (t) => {
  const block = { subnet: prefix('10.86.0.0/20'), bridge: 'docker0', partLength: 24 };
  const text = replaceText(rulesetOf({ ...small, own: [block] }));
  t.regex(text, /\tip daddr != 10\.86\.0\.0\/20 ip saddr 10\.86\.0\.0\/20 ip daddr \S+ snat to ip saddr /);
  t.regex(text, /iifname "\S+" ip daddr 10\.86\.0\.0\/20 .* meta mark set/);
  t.notRegex(text, /oifname/);
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
  // Each subnet has rules of its own, with its own bridge; those of the first are as they are alone.
  const [alone, all] = [rulesetOf(small), rulesetOf(several)].map(({ chains }) => chains.map(({ rules }) => rules));
  for (const [index, rules] of (all ?? []).entries()) {
    t.is(rules.length, 6);
    t.deepEqual(rules.slice(0, 2), alone?.[index]);
  }
  t.deepEqual(
    all?.[2]?.slice(2),
    [
      ['xnet0', '10.80.5.0/26'],
      ['docker0', '10.80.6.0/26'],
    ].flatMap(([bridge, own]) =>
      ['10.76.0.0/16', '10.80.0.0/16'].map(
        (pool) => `oifname != "${bridge}" ip saddr ${own} ip daddr ${pool} snat to ip saddr`,
      ),
    ),
  );
  t.throws(() => rulesetOf({ ...small, underlay: 'eth0" accept; #' }), { code: 'Internal' });
  t.throws(() => rulesetOf({ ...small, own: [{ subnet: prefix('10.76.1.0/24'), bridge: 'docker*' }] }), {
    code: 'Internal',
  });
});

const prefixes = fc
  .uniqueArray(
    fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom(24, 26, 28)).map(([index, length]) => {
      return prefixOf(ipv4FromNumber(0x0a4d0000 + length * 0x10000 + index * 256), length);
    }),
    { selector: prefixKey },
  )
  .map((list) => list.sort((a, b) => prefixKey(a) - prefixKey(b)));

test('a freshly installed table needs no change, and any change to it is detected', (t) => {
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
        for (const element of list.split(', ').map(address)) {
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

test('a table that no controller has confirmed only adds to an installed one', (t) => {
  const own = prefix('10.76.1.0/24');
  const desired = (peers: readonly Prefix[], more: Partial<DesiredFirewall> = {}) =>
    rulesetOf({ ...small, ...more, peers });
  fc.assert(
    fc.property(prefixes, prefixes, (newer, cached) => {
      const table = installed(
        listing(replaceText(desired(newer, { pools: [...small.pools, prefix('10.99.0.0/16')] }))),
      );
      const plan = planTable(desired(cached), table, 'add');
      if (plan.kind === 'elements') takeElements(table, plan.sets);
      const now = plan.kind === 'replace' ? installed(listing(plan.text)) : table;
      const lengths = new Set(cached.map(({ length }) => length));
      const isReplaced = [...lengths].some((length) => !newer.some((one) => one.length === length));
      t.is(plan.kind === 'replace', isReplaced, 'replaced only where a rule is missing');
      // Of a replaced table, no rule would look at other sets.
      const kept = isReplaced ? newer.filter(({ length }) => lengths.has(length)) : newer;
      for (const { network, length } of [...kept, ...cached]) t.true(now.sets.get(setName(length))?.has(network));
    }),
  );
  const foreign = installed([...listing(replaceText(desired([own]))), { rule: { chain: 'to-pools' } }]);
  t.is(planTable(desired([own]), foreign, 'add').kind, 'replace', 'a rule of somebody else does not stay');
});

test('a table is recognised as ours or foreign', (t) => {
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

test('a table revision counts as applied only once it is in force', (t) => {
  const finding = { type: 'Firewall', transient: false, reason: 'NftMissing', message: '' } as const;
  t.true(tookIn('firewall', { findings: [], changes: 0 }));
  t.true(tookIn('firewall', { findings: [finding], changes: 0 }));
  t.false(tookIn('firewall', { findings: [finding], changes: 0, inForce: false }), 'although waiting does not help');
  t.false(tookIn('firewall', { findings: [{ ...finding, transient: true }], changes: 0 }));
  t.true(tookIn('routes', { findings: [{ ...finding, transient: true }], changes: 0 }));
});
