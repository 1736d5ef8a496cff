// What a host reports of its leases and of the containers that use them.
import test from 'ava';
import fc from 'fast-check';
import { containerUses, type DockerSeen, LeaseUses, leaseUseOf } from '../../../../node/daemon/lease-use.js';
import { bipOfLease } from '../../../../node/docker/bip/choose.js';
import { withNicUsers } from '../../../../node/docker/bridge/nic-users.js';
import type { EngineContainer } from '../../../../node/docker/engine/engine.js';
import { type Address, type Link, linkFlags } from '../../../../node/kernel/route-kernel.js';
import { formatPrefix, gatewayOf, ipv4FromNumber } from '../../../../proto/domain/address.js';
import { type Lease, leaseStates } from '../../../../proto/domain/network.js';
import { silent } from '../../../support/controller.js';
import { container, defaultNetwork, network, prefix } from '../../../support/docker-values.js';
import { address } from '../../../support/pools.js';

const bip: Lease = {
  pool: 'default',
  subnet: prefix('10.76.1.0/24'),
  generation: 4,
  mode: 'bip',
  networkName: '',
  bridgeName: '',
  state: 'in force',
};
const bridge: Lease = {
  ...bip,
  subnet: prefix('10.80.1.0/24'),
  mode: 'bridge',
  networkName: 'xnet',
  bridgeName: 'xnet0',
};

// A kernel whose bridges have the gateway addresses of these leases.
function kernel(...on: readonly (readonly [name: string, lease: Lease])[]) {
  const names = [...new Set(on.map(([name]) => name))];
  const links = new Map(
    names.map((name, index) => [index + 1, { ifindex: index + 1, name, flags: linkFlags.up, master: 0 } as Link]),
  );
  const addresses = on.map(
    ([name, { subnet }]): Address => ({
      ifindex: names.indexOf(name) + 1,
      address: gatewayOf(subnet),
      prefix: subnet,
      scope: 0,
      flags: 0,
    }),
  );
  return { links, addresses };
}

test('a lease is in force when its own bridge has the address; one that ends, until Docker shows that it has not', (t) => {
  const seen: DockerSeen = { networks: [defaultNetwork('172.17.0.0/16')], containers: [], bipsToCome: [] };
  const inForce = (lease: Lease, on: ReturnType<typeof kernel>, docker = seen) => leaseUseOf(lease, on, docker).inForce;
  t.deepEqual(leaseUseOf(bip, kernel(['docker0', bip]), seen), {
    subnet: bip.subnet,
    generation: 4,
    inForce: true,
    ending: false,
  });
  t.false(inForce(bip, kernel(['docker0', bridge], ['xnet0', bip])), 'on another bridge');
  t.false(inForce(bip, kernel()));
  t.true(inForce(bridge, kernel(['docker0', bip], ['xnet0', bridge])));
  t.false(leaseUseOf(bip, kernel(), undefined).inForce, 'one that is wanted is never guessed to be in force');
  const ending: Lease = { ...bip, state: 'ending' };
  t.true(leaseUseOf(ending, kernel(), undefined).ending);
  t.true(leaseUseOf(ending, kernel(), undefined).inForce, 'Docker has not answered yet');
  t.true(inForce(ending, kernel(), { ...seen, networks: [defaultNetwork('10.76.1.0/24')] }), 'the bridge comes back');
  t.true(inForce(ending, kernel(['docker0', ending])), 'the address is still there');
  t.false(inForce(ending, kernel(['docker0', { ...bip, subnet: prefix('172.17.0.0/16') }])));
  t.false(inForce({ ...bridge, state: 'ending' }, kernel(['docker0', bip])));
  // docker0 got neither lease, and a start of Docker brings the former one back.
  const failed = { ...seen, bipsToCome: [bipOfLease(ending)] };
  t.true(inForce(ending, kernel(), failed), 'daemon.json names it');
  t.false(inForce(bip, kernel(), failed), 'it is not in force yet');
  t.true(inForce(ending, kernel(), { ...seen, bipsToCome: undefined }), 'daemon.json can not be read');
});

test('the containers on the Docker network of a lease are named, also stopped ones', (t) => {
  const networks = [network('xnet', '10.80.1.0/24')];
  const containers = [
    container('web', 'xnet'),
    { ...container('db', 'xnet'), running: false },
    container('other', 'shop'),
  ];
  const use = leaseUseOf(bridge, kernel(), { networks, containers, bipsToCome: [] });
  t.like(use, { inUse: true, attached: ['db (stopped)', 'web'] });
  t.is(leaseUseOf(bridge, kernel(), { networks, containers: [], bipsToCome: [] }).inUse, undefined);
  const nics = [{ containerId: 'id-other', address: address('10.80.1.200') }];
  const withNics = { ...withNicUsers({ networks, containers }, nics), bipsToCome: [] };
  t.deepEqual(leaseUseOf(bridge, kernel(), withNics).attached, ['db (stopped)', 'other', 'web'], 'by a nic');
  const another = [network('xnet', '10.80.2.0/24')];
  t.is(
    leaseUseOf(bridge, kernel(), { networks: another, containers, bipsToCome: [] }).inUse,
    undefined,
    'not its subnet',
  );
});

test('containers are counted where they have addresses, and only while they run', (t) => {
  const at = (name: string, address: string, running = true): EngineContainer => ({
    ...container(name, 'bridge'),
    running,
    networks: [{ name: 'bridge', id: 'n', address: ipv4FromNumber(prefix(`${address}/32`).network) }],
  });
  const two = {
    ...at('two', '10.76.1.9'),
    networks: [...at('', '10.76.1.9').networks, ...at('', '10.80.1.2').networks],
  };
  const all = [
    at('web', '10.76.1.2'),
    two,
    at('old', '10.76.1.3', false),
    at('shop', '172.18.0.2'),
    container('x', 'bridge'),
  ];
  t.deepEqual(
    containerUses([bip, bridge], all).map(({ name, subnet }) => `${name} ${formatPrefix(subnet)}`),
    ['two 10.76.1.0/24', 'two 10.80.1.0/24', 'web 10.76.1.0/24'],
  );
  t.deepEqual(
    containerUses([bip, { ...bridge, state: 'ending' }], all).map(
      ({ name, subnet }) => `${name} ${formatPrefix(subnet)}`,
    ),
    ['two 10.80.1.0/24', 'two 10.76.1.0/24', 'web 10.76.1.0/24'],
    'those that keep a lease from ending first',
  );
  t.true(containerUses([bip], all).every(({ id }) => id.length <= 12));
  const asking = [at('a', '10.76.1.2'), at('z', '10.76.1.200'), at('off', '10.76.1.201', false)];
  const ofNic = { ...at('n', '10.76.1.202'), networks: [{ ...at('n', '10.76.1.202').networks[0], isNic: true }] };
  const asked = (lease: Lease) =>
    containerUses([lease], [...asking, ofNic as EngineContainer]).map(
      ({ name, askedAddress }) => `${name} ${askedAddress}`,
    );
  t.deepEqual(asked({ ...bip, dockerLength: 25 }), [`z ${address('10.76.1.200')}`, 'a undefined', 'n undefined']);
  t.deepEqual(asked(bip), ['a undefined', 'n undefined', 'z undefined'], 'Docker hands out all of it');
  fc.assert(
    fc.property(fc.shuffledSubarray(all), fc.constantFrom(...leaseStates), (containers, state) => {
      const uses = containerUses([{ ...bip, state }], containers);
      t.deepEqual(
        [...new Set(uses.map(({ name }) => name))],
        containers
          .map(({ name }) => name)
          .filter((name) => name === 'web' || name === 'two')
          .sort(),
      );
    }),
  );
});

test('containers are known once Docker has answered', async (t) => {
  const known = { current: { assignment: undefined, table: undefined, isConfirmed: true } };
  let answers = false;
  const answer = async () => {
    if (!answers) throw new Error('no answer');
    return [];
  };
  const docker = { engine: { networks: answer, containers: answer }, bipsToCome: async () => [] };
  const uses = new LeaseUses({
    docker,
    nics: { attached: () => Promise.resolve([]) },
    mirror: kernel(['docker0', bip]),
    known,
    log: silent,
  });
  const count = async () => {
    await uses.look();
    return uses.report({ leases: [bip] }).containerCount;
  };
  t.is(await count(), undefined);
  answers = true;
  t.is(await count(), 0);
  answers = false;
  t.is(await count(), 0, 'what it said last stays');
});

test('a nic that an earlier run of the daemon made counts from the first observation', async (t) => {
  const known = { current: { assignment: undefined, table: undefined, isConfirmed: true } };
  const containers = async () => [container('db', 'shop')];
  const docker = { engine: { networks: async () => [], containers }, bipsToCome: async () => [] };
  const nics = { attached: async () => [{ containerId: 'id-db', address: address('10.76.1.200') }] };
  const uses = new LeaseUses({ docker, nics, mirror: kernel(['docker0', bip]), known, log: silent });
  await uses.look();
  t.like(uses.report({ leases: [bip] }), { containers: [{ name: 'db', subnet: bip.subnet }], containerCount: 1 });
});
