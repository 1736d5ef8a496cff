// Any records in any order: checking the changed ones gives the same result as checking all of them.
import test from 'ava';
import fc from 'fast-check';
import { keys, parseKey } from '../../../../controller/store/keys.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { prefixKey } from '../../../../proto/domain/address.js';
import { clashesOf } from '../../../support/lease-clashes.js';
import { nodeRecord } from '../../../support/pools.js';
import { freed, type LeaseFields, lease, pool, Rig } from '../../../support/written-records.js';

const id = fc.integer({ min: 1, max: 4 }).map((index) => `n-${index}`);
const anyKey = fc.oneof(
  fc.constantFrom('pools/default', 'pools/b'),
  id.map(keys.node),
  fc.constantFrom('names/web-1', 'names/web-2', 'names/web-3', 'addresses/192.168.83.1', 'addresses/192.168.83.2'),
  fc
    .tuple(
      fc.constantFrom('default', 'b'),
      fc.constantFrom('10.76.1.0-24', '10.76.2.0-24', '10.76.2.0-23', '10.76.2.128-25', '10.76.3.0-24'),
    )
    .map(([name, subnet]) => `subnets/${name}/${subnet}`),
);
const anyLease = fc.constantFrom<LeaseFields[]>(
  {},
  { endingMs: 5 },
  { mode: 'bip' },
  { mode: 'bridge' },
  { mode: 'bridge', networkName: 'blue' },
  { mode: 'bridge', networkName: 'blue', bridgeName: 'br-blue' },
  { mode: 'bridge', networkName: 'red', bridgeName: 'br-red', endingMs: 5 },
);
const anyValue = (key: string): fc.Arbitrary<string | undefined> => {
  const kind = parseKey(key)?.kind;
  const sound =
    kind === 'pool'
      ? fc.constantFrom(pool('10.76.0.0/16'), pool('10.76.0.0/16', 25), pool('10.80.0.0/16'))
      : kind === 'node'
        ? fc
            .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 }))
            .map(([n, host]) => encode('node', nodeRecord(`web-${n}`, `192.168.83.${host}`)))
        : kind === 'subnet'
          ? fc.oneof(
              fc.tuple(id, anyLease).map(([node, more]) => lease(node, more)),
              fc.constant(freed),
            )
          : id.map((node) => encode('name', { node }));
  return fc.oneof({ weight: 5, arbitrary: sound }, fc.constant(undefined), fc.constant('{'));
};
const anyWrite = anyKey.chain((key) => anyValue(key).map((value) => ({ key, value })));

const sorted = (ids: readonly number[]) => [...ids].sort((a, b) => a - b);

test('checking records change by change gives the same result as checking all of them', (t) => {
  fc.assert(
    fc.property(fc.array(fc.array(anyWrite, { minLength: 1, maxLength: 4 }), { maxLength: 20 }), (transactions) => {
      const rig = new Rig();
      for (const writes of transactions) {
        rig.write(Object.fromEntries(writes.map(({ key, value }) => [key, value])));
        const whole = rig.restarted();
        t.deepEqual([...rig.view.contradictions].sort(), [...whole.view.contradictions].sort());
        t.deepEqual([...rig.view.strays.keys()].sort(), [...whole.view.strays.keys()].sort());
        const known = new Set([...whole.view.subnets.keys(), ...whole.view.unresolvedSubnets.keys()]);
        for (const subnet of known) {
          t.true(rig.view.subnets.has(subnet) || rig.view.unresolvedSubnets.has(subnet));
        }
        const { view } = whole;
        const leases = [...view.subnets.values()].filter(({ record }) => record.state === 'leased');
        for (const node of view.leasesOfNode.keys()) t.deepEqual(clashesOf(view, node), []);
        for (const held of view.subnets.values()) {
          const inTheWay = view.recordsIn(held.subnet).filter(({ key }) => !view.strays.has(key));
          t.true(inTheWay.length <= 1, 'no two that stand overlap');
        }
        t.deepEqual(
          sorted([...view.leasesOfNode.values()].flat()),
          sorted(leases.map(({ subnet }) => prefixKey(subnet))),
        );
      }
    }),
  );
});
