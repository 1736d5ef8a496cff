// Any records in any order: checking the changed ones gives the same result as checking all of them.
import test from 'ava';
import fc from 'fast-check';
import { keys, parseKey } from '../../../../controller/store/keys.js';
import { encode } from '../../../../controller/store/record-codec.js';
import { nodeRecord } from '../../../support/pools.js';
import { freed, lease, pool, Rig } from '../../../support/written-records.js';

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
          ? fc.oneof(id.map(lease), fc.constant(freed))
          : id.map((node) => encode('name', { node }));
  return fc.oneof({ weight: 5, arbitrary: sound }, fc.constant(undefined), fc.constant('{'));
};
const anyWrite = anyKey.chain((key) => anyValue(key).map((value) => ({ key, value })));

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
        t.is(new Set(leases.map(({ record }) => record.node)).size, leases.length, 'one lease each');
        for (const held of view.subnets.values()) {
          const inTheWay = view.recordsIn(held.subnet).filter(({ key }) => !view.strays.has(key));
          t.true(inTheWay.length <= 1, 'no two that stand overlap');
        }
        t.deepEqual([...view.subnetOfNode.keys()].sort(), leases.map(({ record }) => record.node).sort());
      }
    }),
  );
});
