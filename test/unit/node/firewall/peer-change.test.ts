// A change of the peers as elements: the same as a turn with all peers.
import test from 'ava';
import fc from 'fast-check';
import { desiredFirewall } from '../../../../node/firewall/desired.js';
import { dropFindings } from '../../../../node/firewall/drops.js';
import { Addresses, rangeOf } from '../../../../node/firewall/flow.js';
import { parseSave } from '../../../../node/firewall/iptables-save.js';
import { filterTablesOf } from '../../../../node/firewall/iptables-verdict.js';
import { peerChange, setElementsOf } from '../../../../node/firewall/peer-change.js';
import { planTable, replaceText, rulesetOf, takeElements } from '../../../../node/firewall/ruleset.js';
import { ownSubnets } from '../../../../node/table/own-subnets.js';
import { formatPrefix, prefixKey } from '../../../../proto/domain/address.js';
import type { Lease, Route } from '../../../../proto/domain/network.js';
import { PrefixMap } from '../../../../proto/domain/prefix-map.js';
import { installed, listing, prefix } from '../../../support/firewall-values.js';
import { address } from '../../../support/pools.js';

const lease: Lease = {
  ...{ pool: 'default', subnet: prefix('10.76.1.0/24'), generation: 1, mode: 'bip' },
  ...{ networkName: '', bridgeName: '', state: 'in force' },
};
const assignment = { leases: [lease] as const };
const own = ownSubnets(assignment);
const few = [24, 26, 23].flatMap((length) => [0, 2, 4, 6].map((number) => prefix(`10.76.${number}.0/${length}`)));
const someSubnet = fc.constantFrom(...few, lease.subnet, prefix('10.76.1.64/26'), prefix('10.76.0.0/16'));
const someChange = fc.tuple(someSubnet, fc.constantFrom('192.168.83.12', '192.168.83.13', undefined));
type Change = readonly [typeof lease.subnet, string | undefined];

function changed(routes: PrefixMap<Route>, changes: readonly Change[]): PrefixMap<Route> {
  return routes.with(
    changes.map(([subnet, via]) => [
      prefixKey(subnet),
      via === undefined ? undefined : { subnet, nextHop: address(via), nodeName: 'web-2' },
    ]),
  );
}

const desired = (routes: PrefixMap<Route>) =>
  desiredFirewall({ assignment, routes: routes.values(), pools: [prefix('10.76.0.0/16')], underlay: 'eth0' });

test('any history of changes ends with the table that a turn with all peers leaves', (t) => {
  const history = fc.array(fc.array(someChange, { maxLength: 4 }), { maxLength: 8 });
  let short = 0;
  fc.assert(
    fc.property(history, (steps) => {
      let routes = PrefixMap.from<Route>([]);
      let table = installed(listing(replaceText(rulesetOf(desired(routes)))));
      for (const step of steps) {
        const next = changed(routes, step);
        const ruleset = rulesetOf(desired(next));
        const elements = setElementsOf(peerChange(routes, next, own), table);
        const plan = planTable(ruleset, table);
        t.is(elements === undefined, plan.kind === 'replace', 'a turn where rules have to change, and only there');
        if (elements === undefined) table = installed(listing(replaceText(ruleset)));
        else {
          takeElements(table, elements);
          short += elements.length;
        }
        t.is(planTable(ruleset, table).kind, 'none');
        routes = next;
      }
    }),
  );
  t.true(short > 0);
});

test('a changed table is left to a turn of the lane', (t) => {
  const table = installed(
    listing(
      replaceText(
        rulesetOf(
          desired(
            changed(PrefixMap.from([]), [
              [few[0] ?? lease.subnet, '192.168.83.12'],
              [few[1] ?? lease.subnet, '192.168.83.12'],
            ]),
          ),
        ),
      ),
    ),
  );
  const [first = lease.subnet, second = lease.subnet, third = lease.subnet] = few;
  t.deepEqual(setElementsOf({ added: [third], removed: [first] }, table), [
    { name: 'peers24', missing: [third.network], superfluous: [first.network] },
  ]);
  t.is(setElementsOf({ added: [first], removed: [] }, table), undefined, 'it is there already');
  t.is(setElementsOf({ added: [], removed: [third] }, table), undefined, 'it is gone already');
  t.is(setElementsOf({ added: [], removed: [first, second] }, table), undefined, 'no set is left empty');
});

test('if no answer about the addresses of peers differs, the same foreign rules drop packets', (t) => {
  const someRule = fc
    .tuple(fc.constantFrom('-s', '-d', '! -s', '! -d'), someSubnet, fc.constantFrom('DROP', 'ACCEPT', 'RETURN'))
    .map(([option, range, target]) => `-A FORWARD ${option} ${formatPrefix(range)} -j ${target}`);
  let kept = 0;
  fc.assert(
    fc.property(
      fc.array(someRule, { maxLength: 5 }),
      fc.array(someChange),
      fc.array(someSubnet, { maxLength: 2 }),
      (rules, first, more) => {
        const before = desired(changed(PrefixMap.from([]), first));
        const after = desired(
          changed(PrefixMap.from([]), [...first, ...more.map((each) => [each, '192.168.83.14'] as const)]),
        );
        const theirs = new Addresses(before.peers);
        const tables = parseSave(['*filter', ':FORWARD ACCEPT [0:0]', ...rules, 'COMMIT', ''].join('\n'));
        const found = (firewall: typeof before, addresses?: Addresses) =>
          dropFindings({
            desired: firewall,
            backends: new Map([['nft', tables]]),
            others: [],
            filterOf: filterTablesOf,
            theirs: addresses,
          });
        const findings = found(before, theirs);
        if (before.peers.length === 0 || !after.peers.every((peer) => theirs.keepsAnswers(rangeOf(peer)))) return;
        kept += 1;
        t.deepEqual(found(after), findings);
      },
    ),
  );
  t.true(kept > 0);
});
