// Findings of preflight about the interface and the address that peers reach the host by, with what triggers and clears each.
// The host has eth0 (192.168.83.11) and eth1 (192.168.90.1), and no default route.
import type { Lookup } from '../../node/kernel/lookup.js';
import { assigned, candidateIn, commandIn, optionIn } from './preflight-fix.js';
import type { PreflightHost, PreflightLook } from './preflight-host.js';
import type { PreflightFixture } from './preflight-lan.js';
import { ip } from './route-fixtures.js';

const eth0 = { underlay: { interfaceName: 'eth0' } } as const;
const lost = '192.168.83.99';
const addition = { start: 'ip address add', LENGTH: '24', INTERFACE: 'eth0' };

function types(start: string, places = {}): PreflightFixture['clear'] {
  return (host, fix) => host.sh(commandIn(fix, start, places));
}

// Where the fix is a setting of xnetd, or of the node, nothing is typed on the host.
const nothing = () => undefined;
const offered = (fix: string): PreflightLook => ({
  underlay: { interfaceName: candidateIn(fix, 'eth0').interfaceName },
});
const nodeSet = (fix: string): PreflightLook => ({
  cached: assigned(optionIn(fix, 'xctl nodes set NAME --address')),
});

// A kernel without VRFs has a bridge in its place: the interface is really enslaved, only its kind is another word.
const asVrf = (opened: Lookup): Lookup => ({
  forward: (packet) => opened.forward(packet),
  kindOf: (ifindex) => opened.kindOf(ifindex).replace(/^bridge$/, 'vrf'),
  ruleCount: () => opened.ruleCount(),
});
const red = 'ip link add red type vrf table 100 2>/dev/null || ip link add red type bridge';

/** prepareUnderlay adds eth1. */
export function prepareUnderlay({ host }: PreflightHost): void {
  host.addLink('eth1');
  host.addAddress('eth1', '192.168.90.1/24');
}

/** underlayFixtures are these findings. */
export const underlayFixtures: readonly PreflightFixture[] = [
  { reason: 'NoDefaultRoute', severity: 'warns', trigger: nothing, clear: nothing, afterwards: offered },
  {
    reason: 'SeveralDefaultRoutes',
    severity: 'warns',
    trigger: (host) => host.sh('ip route add default via 192.168.83.12; ip route append default via 192.168.90.2'),
    clear: nothing,
    afterwards: (fix) => ({ underlay: { interfaceName: optionIn(fix, '--interface') } }),
    undo: (host) => host.sh('ip route flush exact default'),
  },
  {
    ...{ reason: 'InterfaceMissing', severity: 'warns', look: { underlay: { interfaceName: 'eth9' } } },
    trigger: nothing,
    clear: nothing,
    afterwards: offered,
  },
  {
    ...{ reason: 'AddressMissing', severity: 'warns', look: { underlay: { address: ip(lost) } } },
    trigger: nothing,
    clear: nothing,
    afterwards: (fix) => ({ underlay: { address: ip(candidateIn(fix, 'eth0').address) } }),
  },
  {
    // No interface is in use yet.
    ...{ reason: 'AddressMissing', severity: 'warns', look: { cached: assigned(lost) } },
    trigger: nothing,
    clear: types('ip address add', addition),
    undo: (host) => host.sh(`ip address del ${lost}/24 dev eth0`),
  },
  {
    ...{ reason: 'AddressMissing', severity: 'warns', look: { cached: assigned(lost) } },
    // A route of xnet tells the interface.
    trigger: (host) => host.sh('ip route add 10.76.4.0/24 dev eth0 proto 88'),
    clear: types('ip address add', addition),
    undo: (host) => host.sh(`ip address del ${lost}/24 dev eth0; ip route del 10.76.4.0/24`),
  },
  {
    ...{ reason: 'AddressMissing', severity: 'warns', look: { ...eth0, cached: assigned(lost) } },
    trigger: nothing,
    clear: types('ip address add', addition),
    undo: (host) => host.sh(`ip address del ${lost}/24 dev eth0`),
  },
  {
    ...{ reason: 'AddressMissing', severity: 'warns', look: { ...eth0, cached: assigned(lost) } },
    trigger: nothing,
    clear: nothing,
    afterwards: (fix) => ({ ...eth0, ...nodeSet(fix) }),
  },
  {
    ...{ reason: 'AddressElsewhere', severity: 'warns', look: { ...eth0, cached: assigned('192.168.90.1') } },
    trigger: nothing,
    clear: nothing,
    afterwards: (fix) => ({ ...eth0, ...nodeSet(fix) }),
  },
  {
    ...{ reason: 'AddressElsewhere', severity: 'warns', look: { ...eth0, cached: assigned('192.168.90.1') } },
    trigger: nothing,
    clear: nothing,
    afterwards: (fix) => ({
      underlay: { interfaceName: optionIn(fix, '--interface') },
      cached: assigned('192.168.90.1'),
    }),
  },
  ...[nodeSet, (fix: string) => ({ underlay: { address: ip(optionIn(fix, 'change --address to')) } })].map(
    (done): PreflightFixture => {
      const look = { underlay: { address: ip('192.168.83.11') }, cached: assigned('192.168.83.98') };
      return {
        ...{ reason: 'AddressMismatch', severity: 'warns', look },
        trigger: (host) => host.sh('ip address add 192.168.83.98/24 dev eth0'),
        clear: nothing,
        afterwards: (fix) => ({ ...look, ...done(fix) }),
        undo: (host) => host.sh('ip address del 192.168.83.98/24 dev eth0'),
      };
    },
  ),
  {
    ...{ reason: 'NoAddress', severity: 'warns', look: { underlay: { interfaceName: 'eth1' } } },
    trigger: (host) => host.sh('ip address flush dev eth1'),
    clear: types('ip address add', { ADDRESS: '192.168.90.1/24' }),
  },
  {
    reason: 'NoAddress',
    severity: 'warns',
    trigger: (host) => host.sh('ip address flush dev eth0; ip address flush dev eth1'),
    clear: types('ip address add', { ADDRESS: '192.168.83.11/24', INTERFACE: 'eth0' }),
    undo: (host) => host.sh('ip address add 192.168.90.1/24 dev eth1'),
  },
  {
    ...{ reason: 'InterfaceDown', severity: 'warns', look: { underlay: { interfaceName: 'eth1' } } },
    trigger: (host) => host.sh('ip link set eth1 down'),
    clear: types('ip link set eth1 up'),
  },
  {
    ...{ reason: 'InterfaceDown', severity: 'warns', look: { underlay: { interfaceName: 'eth1' } } },
    // The other end is the switch: "check its cable".
    trigger: (host) => host.sh('ip link set eth1-end down'),
    clear: (host, fix) => (fix === 'check its cable' ? host.sh('ip link set eth1-end up') : undefined),
  },
  {
    ...{ reason: 'InVrf', severity: 'stops', look: { ...eth0, kernel: { lookupAs: asVrf } } },
    trigger: (host) => host.sh(`${red}; ip link set red up; ip link set eth0 master red`),
    clear: types('ip link set eth0'),
    undo: (host) => host.sh('ip link delete red'),
  },
  {
    ...{ reason: 'NotOnLink', severity: 'stops', look: { ...eth0, peer: [ip('192.168.90.7')] } },
    trigger: nothing,
    clear: nothing,
    // The right interface is the one with an address in the peer's network: eth1.
    afterwards: (fix) => ({
      peer: [ip('192.168.90.7')],
      underlay: fix.includes('with --interface') ? { interfaceName: 'eth1' } : eth0.underlay,
    }),
  },
];
