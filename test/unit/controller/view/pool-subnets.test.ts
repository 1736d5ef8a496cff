// What the choice of a subnet looks for, kept while records come and go.
import test from 'ava';
import fc from 'fast-check';
import { chooseSubnet, type PoolState } from '../../../../controller/registry/allocate.js';
import type { SubnetRecord } from '../../../../controller/store/records.js';
import { PoolSubnets } from '../../../../controller/view/pool-subnets.js';
import { ipv4FromNumber, subnetKeyAt } from '../../../../proto/domain/address.js';
import { address } from '../../../support/pools.js';

const network = ipv4FromNumber(0x0a4c0000);
const hosts = [address('192.168.83.11'), address('192.168.83.12')] as const;
// The pool, and the pool once it has grown.
const ranges = [20, 19].map((length) => ({ cidr: { network, length }, subnetLength: 24 }));

const records: fc.Arbitrary<SubnetRecord> = fc.oneof(
  fc.record({
    state: fc.constant('leased' as const),
    node: fc.constant('n-1'),
    generation: fc.constant(1),
    sinceMs: fc.constant(0),
  }),
  fc.record({
    state: fc.constant('quarantined' as const),
    node: fc.constant('n-2'),
    nodeName: fc.constantFrom('web-1', 'web-2'),
    address: fc.constantFrom(...hosts),
    generation: fc.constant(1),
    sinceMs: fc.nat(50),
    untilMs: fc.nat(100),
  }),
  fc.record({
    state: fc.constant('static' as const),
    nextHop: fc.constantFrom(...hosts),
    name: fc.constant('by-hand'),
    generation: fc.constant(1),
    sinceMs: fc.constant(0),
  }),
) as fc.Arbitrary<SubnetRecord>;

// No two records are equally good: any of them may be chosen then.
function apart(
  all: ReadonlyMap<number, SubnetRecord>,
  record: SubnetRecord | undefined,
  sinceMs: number,
): SubnetRecord | undefined {
  const isOther = record?.state === 'static' && [...all.values()].some(({ state }) => state === 'static');
  return record === undefined || isOther ? undefined : { ...record, sinceMs };
}

const sorted = (map: ReadonlyMap<number, SubnetRecord>) => [...map].sort(([a], [b]) => a - b);

test('the chosen subnet equals that of a search of all records, after any history', (t) => {
  const steps = fc.array(
    fc.record({ index: fc.nat(17), record: fc.option(records, { nil: undefined }), range: fc.constantFrom(...ranges) }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, fc.nat(3), (all, spread) => {
      const kept = new PoolSubnets();
      const plain = new Map<number, SubnetRecord>();
      for (const [at, { index, record: drawn, range }] of all.entries()) {
        const record = apart(plain, drawn, at);
        const id = subnetKeyAt(range.cidr, 24, index);
        if (record === undefined) {
          kept.delete(id);
          plain.delete(id);
        } else {
          kept.set(id, record);
          plain.set(id, record);
        }
        const networks = { networkName: 'xnet', bridgeName: 'xnet0' };
        const pool = {
          ...range,
          ...networks,
          mode: 'bip' as const,
          quarantineSeconds: 1,
          reservations: [],
          createdMs: 0,
        };
        const state: PoolState = { name: 'default', record: pool, subnets: plain, excluded: new Set(), blocked: [] };
        const indexed: PoolState = { ...state, subnets: kept, unleased: kept.unleased, leading: kept.leading(range) };
        const wish = { nodeName: 'web-1', address: hosts[0] };
        t.deepEqual(chooseSubnet(indexed, wish, 60, spread), chooseSubnet(state, wish, 60, spread));
        const leading = [...Array(33).keys()].findIndex((each) => !plain.has(subnetKeyAt(range.cidr, 24, each)));
        t.is(kept.leading(range), Math.min(leading, 2 ** (24 - range.cidr.length)));
        t.deepEqual(sorted(kept.unleased), sorted(new Map([...plain].filter(([, { state: is }]) => is !== 'leased'))));
      }
    }),
    { numRuns: 40 },
  );
});
