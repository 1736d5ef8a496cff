// Which interface and address peers are reached on, over hosts with one and with several.
import test from 'ava';
import {
  type Address,
  addressFlags,
  type KernelRoute,
  type Link,
  linkFlags,
} from '../../../../node/kernel/route-kernel.js';
import { chooseUnderlay, type UnderlayChoice, type UnderlayInput } from '../../../../node/underlay/choose.js';
import { formatIpv4, prefixOf } from '../../../../proto/domain/address.js';
import { ip, pool, route, via } from '../../../support/route-fixtures.js';

const up = linkFlags.up | linkFlags.lowerUp;

function link(ifindex: number, name: string, flags: number = up): Link {
  return { ifindex, name, flags, master: 0, mtu: 1500 };
}

function address(ifindex: number, cidr: string, details: Partial<Address> = {}): Address {
  const [text, length] = cidr.split('/');
  const value = ip(text ?? '');
  return { ifindex, address: value, prefix: prefixOf(value, Number(length)), scope: 0, flags: 0, ...details };
}

function byDefault(ifindex: number, metric = 0): KernelRoute {
  return route('0.0.0.0/0', { ...via('192.168.83.254', ifindex), protocol: 4, metric });
}

const lo = link(1, 'lo', up | linkFlags.loopback);
const loopback = address(1, '127.0.0.1/8', { scope: 254 });

// A host with eth0 (192.168.83.11, default route), eth1 (10.9.0.11) and docker0 (10.76.3.1).
const host: UnderlayInput = {
  settings: {},
  assigned: undefined,
  last: undefined,
  links: new Map([lo, link(2, 'eth0'), link(3, 'eth1'), link(4, 'docker0')].map((each) => [each.ifindex, each])),
  addresses: [
    loopback,
    address(4, '10.76.3.1/24'),
    address(3, '10.9.0.11/16'),
    address(2, '192.168.83.11/24'),
    address(2, '192.168.83.12/24', { flags: addressFlags.secondary }),
  ],
  defaultRoutes: [byDefault(2)],
  nextHops: undefined,
  pools: [pool],
};

// The same host with eth1 as the port of a bridge that has its address.
const asPort = {
  links: new Map([...host.links, [3, { ...link(3, 'eth1'), master: 9 }], [9, link(9, 'xnet-lan')]]),
  addresses: [loopback, address(2, '192.168.83.11/24'), address(9, '10.9.0.11/16')],
};

function text({ underlay, findings }: UnderlayChoice): string {
  const where = underlay === undefined ? 'nothing' : `${underlay.ifname} ${formatIpv4(underlay.address)}`;
  return [where, ...findings.map(({ reason }) => reason)].join(' ');
}

function withLink(changed: Link): ReadonlyMap<number, Link> {
  return new Map([...host.links, [changed.ifindex, changed]]);
}

const cases: [string, Partial<UnderlayInput>, string][] = [
  ['the default route’s interface', {}, 'eth0 192.168.83.11'],
  ['the one with the assigned address', { assigned: ip('10.9.0.11') }, 'eth1 10.9.0.11'],
  ['an assigned address that is secondary', { assigned: ip('192.168.83.12') }, 'eth0 192.168.83.12'],
  ['an assigned address that no interface has', { assigned: ip('192.168.83.77') }, 'nothing AddressMissing'],
  [
    'an assigned address that no interface has any more',
    { assigned: ip('10.9.0.77'), last: { ifname: 'eth1', ifindex: 3 } },
    'eth1 10.9.0.77 AddressMissing',
  ],
  [
    'the last interface, renamed',
    { assigned: ip('10.9.0.77'), last: { ifname: 'lan0', ifindex: 3 } },
    'eth1 10.9.0.77 AddressMissing',
  ],
  [
    'the last interface, made anew',
    { assigned: ip('10.9.0.77'), last: { ifname: 'eth1', ifindex: 33 } },
    'eth1 10.9.0.77 AddressMissing',
  ],
  [
    'the last interface is gone',
    { assigned: ip('10.9.0.77'), last: { ifname: 'eth7', ifindex: 77 } },
    'nothing AddressMissing',
  ],
  [
    'the last interface, when another has the assigned address',
    { assigned: ip('192.168.83.11'), last: { ifname: 'eth1', ifindex: 3 } },
    'eth0 192.168.83.11',
  ],
  [
    'the assigned address on two interfaces',
    {
      assigned: ip('192.168.83.11'),
      addresses: [...host.addresses.slice(0, 2), address(3, '192.168.83.11/32'), ...host.addresses.slice(3)],
      last: { ifname: 'eth0', ifindex: 2 },
    },
    'eth0 192.168.83.11',
  ],
  ['--interface', { settings: { interfaceName: 'eth1' } }, 'eth1 10.9.0.11'],
  [
    '--interface with the assigned address among others',
    { settings: { interfaceName: 'eth0' }, assigned: ip('192.168.83.12') },
    'eth0 192.168.83.12',
  ],
  [
    '--interface, the assigned address elsewhere',
    { settings: { interfaceName: 'eth1' }, assigned: ip('192.168.83.11') },
    'eth1 10.9.0.11 AddressElsewhere',
  ],
  ['--interface that is not there', { settings: { interfaceName: 'eth7' } }, 'nothing InterfaceMissing'],
  ['--interface without an address', { settings: { interfaceName: 'eth1' }, addresses: [] }, 'nothing NoAddress'],
  [
    '--interface that is the port of a bridge in mode lan',
    { ...asPort, settings: { interfaceName: 'eth1' }, assigned: ip('10.9.0.11') },
    'xnet-lan 10.9.0.11',
  ],
  [
    '--interface and --address of such a port',
    { ...asPort, settings: { interfaceName: 'eth1', address: ip('10.9.0.11') } },
    'xnet-lan 10.9.0.11',
  ],
  [
    '--interface that is a port of a bridge with another address',
    { ...asPort, settings: { interfaceName: 'eth1' }, assigned: ip('192.168.83.11') },
    'nothing NoAddress',
  ],
  ['--address', { settings: { address: ip('10.9.0.11') } }, 'eth1 10.9.0.11'],
  ['--address that no interface has', { settings: { address: ip('10.9.0.77') } }, 'nothing AddressMissing'],
  [
    '--address on another interface than --interface',
    { settings: { address: ip('10.9.0.11'), interfaceName: 'eth0' } },
    'nothing AddressMissing',
  ],
  [
    '--address other than the assigned one',
    { settings: { address: ip('10.9.0.11') }, assigned: ip('192.168.83.11') },
    'eth1 10.9.0.11 AddressMismatch',
  ],
  [
    'the default route of the lowest metric',
    { defaultRoutes: [byDefault(3, 100), byDefault(2, 50)] },
    'eth0 192.168.83.11',
  ],
  ['two default routes of one metric', { defaultRoutes: [byDefault(3), byDefault(2)] }, 'nothing SeveralDefaultRoutes'],
  ['a default route into a pool’s bridge', { defaultRoutes: [byDefault(4), byDefault(3, 9)] }, 'eth1 10.9.0.11'],
  ['no default route', { defaultRoutes: [] }, 'nothing NoDefaultRoute'],
  [
    'no default route, one interface',
    { defaultRoutes: [], addresses: [loopback, address(2, '192.168.83.11/24')] },
    'eth0 192.168.83.11',
  ],
  ['no address at all', { addresses: [loopback], defaultRoutes: [] }, 'nothing NoAddress'],
  [
    'a deprecated address before a valid one',
    {
      addresses: [
        address(2, '192.168.83.10/24', { flags: addressFlags.deprecated }),
        address(2, '192.168.83.11/24', { flags: addressFlags.secondary }),
      ],
    },
    'eth0 192.168.83.11',
  ],
  ['an interface that is down', { links: withLink(link(2, 'eth0', 0)) }, 'eth0 192.168.83.11 InterfaceDown'],
  [
    'an interface without carrier',
    { links: withLink(link(2, 'eth0', linkFlags.up)) },
    'eth0 192.168.83.11 InterfaceDown',
  ],
  [
    'a default route by a next-hop object',
    {
      defaultRoutes: [route('0.0.0.0/0', { nextHopId: 7 })],
      nextHops: new Map([
        [7, { id: 7, protocol: 4, hop: { gateway: ip('10.9.0.1'), ifindex: 3, flags: 0 }, members: [] }],
      ]),
    },
    'eth1 10.9.0.11',
  ],
];

for (const [title, changed, expected] of cases) {
  test(`underlay: ${title}`, (t) => {
    t.is(text(chooseUnderlay({ ...host, ...changed })), expected);
  });
}

test('invalid settings are reported with the setting to change', (t) => {
  const [missing] = chooseUnderlay({ ...host, settings: { interfaceName: 'eth\u001b7' } }).findings;
  const candidates =
    'set --interface or --address to one of eth1 (10.9.0.11), eth0 (192.168.83.11), eth0 (192.168.83.12)';
  t.is(missing?.message, 'there is no interface "eth\\u001b7", which --interface names');
  t.is(missing?.fix, candidates);
  const [gone] = chooseUnderlay({ ...host, assigned: ip('192.168.83.77') }).findings;
  t.is(gone?.message, 'peers route to 192.168.83.77, which no interface has');
  const addition = 'ip address add 192.168.83.77/LENGTH dev INTERFACE, with the interface that leads to the peers';
  t.is(gone?.fix, `${addition}, or ${candidates}`);
  const last = { ifname: 'eth0', ifindex: 2 };
  const [lost] = chooseUnderlay({ ...host, assigned: ip('192.168.83.77'), last }).findings;
  t.is(lost?.message, 'peers route to 192.168.83.77, which no interface has; eth0 stays in use without it');
  t.is(lost?.fix, 'ip address add 192.168.83.77/LENGTH dev eth0, or: xctl nodes set NAME --address ADDRESS');
});
