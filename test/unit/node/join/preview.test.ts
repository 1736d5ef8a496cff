// What a host makes of what a controller says that it would get.
import test from 'ava';
import { foresaw, previewFromWire, previewText } from '../../../../node/join/preview.js';
import { requestOfJoin } from '../../../../node/preflight/request.js';
import { formatIpv4, formatPrefix } from '../../../../proto/domain/address.js';
import type { Lease } from '../../../../proto/domain/network.js';
import { XnetError } from '../../../../proto/errors.js';
import { wireFromLease } from '../../../../proto/rpc/convert-assignment.js';
import { address, prefix } from '../../../support/pools.js';

const lease: Lease = {
  pool: 'default',
  subnet: prefix('10.76.3.0/24'),
  generation: 1,
  mode: 'bridge',
  networkName: 'xnet',
  bridgeName: 'xnet7',
  state: 'wanted',
};
const block: Lease = { ...lease, subnet: prefix('10.86.0.0/20'), mode: 'block', networkLength: 26, dockerLength: 25 };
const lan: Lease = {
  ...{ ...lease, subnet: prefix('192.168.83.64/27'), mode: 'lan', bridgeName: 'xnet-lan' },
  lan: { prefix: prefix('192.168.83.0/24'), gateway: address('192.168.83.1') },
};

function wire(...leases: readonly Lease[]) {
  return {
    nodeName: 'web-1',
    address: '192.168.83.11',
    leases: leases.map((each) => ({ ...wireFromLease(each), lan: wireFromLease(each).lan ?? null })),
    pools: ['10.76.0.0/16', '10.86.0.0/16'],
    peers: ['192.168.83.12', '192.168.83.13'],
    nodes: 3_000,
    // A host that joins over TCP can't use the others.
    controllers: ['192.168.83.2:7400', 'unix:/run/xnet.sock', 'nonsense:nonsense'],
  } as Parameters<typeof previewFromWire>[0];
}

test('the complete preflight gets everything that the preview has', (t) => {
  const request = requestOfJoin(previewFromWire(wire(block, lan)));
  t.deepEqual(
    request.leases.map(({ subnet, mode, bridge }) => `${formatPrefix(subnet)} ${mode} ${bridge}`),
    ['10.86.0.0/20 block docker0', '192.168.83.64/27 lan xnet-lan'],
  );
  t.like(request.leases[0], { networkLength: 26, dockerLength: 25 });
  t.is(request.mode, 'block');
  t.deepEqual(request.pools.map(formatPrefix), ['10.76.0.0/16', '10.86.0.0/16']);
  t.deepEqual(request.peers.map(formatIpv4), ['192.168.83.12', '192.168.83.13']);
  t.is(request.address, address('192.168.83.11'));
  t.is(request.fleet, 3_000);
  t.deepEqual(request.controllers, [{ kind: 'tcp', host: '192.168.83.2', port: 7400 }]);
  t.false(request.quick);
  // A lease that ends is none that the host would use.
  const ending = requestOfJoin(previewFromWire(wire({ ...block, state: 'ending' }, lease)));
  t.deepEqual(
    ending.leases.map(({ bridge }) => bridge),
    ['xnet7'],
  );
});

test('a preview that can’t be read is an error; one without a lease is not', (t) => {
  for (const wrong of [{ address: 'nowhere' }, { pools: ['10.76.0.1/16'] }, { peers: [''] }]) {
    t.throws(() => previewFromWire({ ...wire(lease), ...wrong }), { instanceOf: XnetError, code: 'Corrupt' });
  }
  t.is(previewText(previewFromWire(wire())), 'web-1 with no subnet yet');
  t.is(previewText(previewFromWire(wire(lease, lan))), 'web-1 with 10.76.3.0/24 (bridge), 192.168.83.64/27 (lan)');
});

test('whatever a controller says, a host asks a bounded number of others, and prints no control character', (t) => {
  const peers = Array.from({ length: 5_000 }, (_, index) => formatIpv4(address(`192.168.${index % 250}.7`)));
  const controllers = Array.from({ length: 5_000 }, (_, index) => `192.168.83.2:${index + 1}`);
  const preview = previewFromWire({ ...wire(lease), nodeName: 'web\u001b[2J\r\n1', peers, controllers });
  t.is(preview.peers.length, 32);
  t.is(preview.controllers.length, 16);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  t.notRegex(previewText(preview), /[\u0000-\u001f]/);
});

test('a host that got another subnet than it was told compares again', (t) => {
  const preview = previewFromWire(wire(lease));
  t.true(foresaw(preview, '10.76.3.0/24'));
  t.true(foresaw(preview, ''), 'the controller did not say');
  t.false(foresaw(preview, '10.76.4.0/24'));
});
