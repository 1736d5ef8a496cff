// Modes of leases in fleet files whose pools can't have them, also pools that the same file makes.
import test from 'ava';
import { readFleet } from '../../../../cli/fleet/file.js';
import { type FleetState, planFleet } from '../../../../cli/fleet/plan.js';
import { nodeOutput, poolOutput } from '../../../support/fleet.js';

const block = nodeOutput('web-1', '192.168.83.1', { subnet: '10.76.1.0/24', mode: 'MODE_BLOCK' });
const fleet: FleetState = {
  pools: [poolOutput('a', '10.76.0.0/16'), poolOutput('b', '10.79.0.0/16', { mode: 'MODE_BRIDGE' })],
  nodes: [block, nodeOutput('web-2', '192.168.83.2', { subnet: '10.76.2.0/24' })],
  ...{ routes: [], networks: [], nics: [] },
};
const made = 'pools: [{name: l, cidr: 192.168.83.0/24, mode: lan, subnetLength: 27}, {name: c, cidr: 10.80.0.0/16}]';
const [one, two] = ['name: web-1, address: 192.168.83.1', 'name: web-2, address: 192.168.83.2'];

function refused(nodes: string): readonly string[] {
  const { file, textOf } = readFleet(`apiVersion: xnet/v1\n${made}\nnodes: [${nodes}]`, 'f');
  return planFleet(file, fleet, { prune: false }).problems.map(textOf);
}

test('a lease of a mode that its pool does not have is refused before the pool is made', (t) => {
  const onlyLan = (pool: string, ofPool: string, mode: string) =>
    `pool ${pool} is of mode ${ofPool}, and its leases can't be of mode ${mode}: only a pool that lies in the hosts' LAN has leases of mode lan, and no others`;
  t.deepEqual(
    refused(
      [
        `{${one}, leases: [{pool: l, mode: bridge}, {pool: c, mode: lan}]}`,
        `{${two}, pool: c, mode: block, leases: [{pool: l}]}`,
        '{name: web-3, address: 192.168.83.3, pool: l, mode: bip}',
      ].join(', '),
    ),
    [
      `f:3:71: nodes[0].leases[0].mode: ${onlyLan('l', 'lan', 'bridge')}`,
      `f:3:96: nodes[0].leases[1].mode: ${onlyLan('c', 'bip', 'lan')}`,
      'f:3:156: nodes[1].mode: mode block needs subnets of /23 or larger, and those of pool c are /24: docker0 gets the first /24, and other networks the rest',
      `f:3:237: nodes[2].mode: ${onlyLan('l', 'lan', 'bip')}`,
    ],
  );
});

test('a mode that a pool has, or that a node has already, is no problem', (t) => {
  t.deepEqual(
    refused(`{${two}, leases: [{pool: l, mode: lan}, {pool: b}]}, {name: web-3, address: 192.168.83.3, pool: l}`),
    [],
  );
  // However it came to have it: its subnet is a /24.
  t.deepEqual(refused(`{${one}, mode: block}`), []);
});
