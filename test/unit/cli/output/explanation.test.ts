// The sentence that `xctl nodes show` begins with, for every state of a node.
import test from 'ava';
import { type Explanation, explanationOf } from '../../../../cli/output/explanation.js';
import { nodeStates } from '../../../../cli/output/states.js';
import { availabilities } from '../../../../proto/domain/network.js';
import type { Node__Output } from '../../../../proto/gen/xnet/v1/Node.js';
import { failing, node, nowMs } from '../../../support/cli-values.js';

type Row = readonly [more: Partial<Node__Output>, text: string, fix: Explanation['fix'], hasJoined?: boolean];

const drain = { sinceMs: nowMs - 60_000, deadlineMs: 0, drainedMs: 0, missedMs: 0, remove: false, leave: false };
const draining = { availability: 'AVAILABILITY_DRAINING', drain } as const;
const drained = { ...draining, drain: { ...drain, drainedMs: nowMs } };
const leaving = { availability: 'AVAILABILITY_LEAVING' } as const;
const cordoned = { availability: 'AVAILABILITY_CORDONED' } as const;
const containers = {
  containers: [{ id: '0123456789ab', name: '$(reboot)', subnet: '10.76.3.0/24', askedAddress: '' }],
  containerCount: 3,
};
const rolledBack = failing('Docker', 'RolledBack', 'dockerd did not start');
const degraded: Partial<Node__Output> = { state: 'NODE_STATE_DEGRADED', conditions: [rolledBack] };
const waiting = { ...failing('Routes', 'Pending', ''), transient: true };

function leaseOf(subnet: string, state: 'WANTED' | 'IN_FORCE' | 'ENDING', mode: 'BIP' | 'BRIDGE' = 'BIP') {
  return {
    ...{
      subnet,
      pool: 'default',
      gateway: '',
      generation: 1,
      networkName: 'xnet',
      bridgeName: 'xnet0',
      sinceMs: nowMs,
      networkLength: 0,
      dockerLength: 0,
      lan: null,
      network: '',
      detach: false,
    },
    mode: `MODE_${mode}` as const,
    state: `LEASE_STATE_${state}` as const,
  };
}

const rows: readonly Row[] = [
  [{}, 'web-1 is ready: all 49 routes are installed', null],
  [
    { routes: { desired: 0, installed: 0, conflicting: 0, unreachable: 0 } },
    'web-1 is ready: it has no peers to route to',
    null,
  ],
  [
    { state: 'NODE_STATE_PENDING' },
    'web-1 is pending: its host has not joined',
    'xctl tokens create --node web-1',
    false,
  ],
  [
    { state: 'NODE_STATE_PENDING' },
    'web-1 is pending: its host has joined, but xnetd never connected',
    'on its host: systemctl start xnetd',
  ],
  [
    { state: 'NODE_STATE_REVOKED', ...draining },
    'web-1 is revoked: controllers refuse it, and its leases and the routes to it stay until it is removed',
    'xctl nodes remove web-1 --force',
  ],
  [
    { state: 'NODE_STATE_DOWN', conditions: [rolledBack] },
    'web-1 is down: its host is disconnected for 3m, and its leases and the routes to it stay',
    'on its host: systemctl status xnetd',
  ],
  [
    { state: 'NODE_STATE_DOWN', ...draining },
    'web-1 is down: its host is disconnected for 3m, and the drain waits for it',
    'on its host: systemctl status xnetd',
  ],
  [
    { state: 'NODE_STATE_DOWN', ...leaving },
    'web-1 is down: its host is disconnected for 3m and has not finished leaving',
    'on its host: systemctl status xnetd',
  ],
  [degraded, 'web-1 is degraded: Docker: dockerd did not start', 'on its host: xnetd status'],
  [
    { ...degraded, ...cordoned, conditions: [waiting, { ...rolledBack, fix: 'xctl audit' }] },
    'web-1 is degraded and cordoned: Docker: dockerd did not start (and 1 other problem)',
    'xctl audit',
  ],
  [
    { state: 'NODE_STATE_DEGRADED', routes: null },
    'web-1 is degraded: it has connected, but has not reported yet',
    'on its host: journalctl -u xnetd',
  ],
  [
    { state: 'NODE_STATE_PROGRESSING', conditions: [waiting] },
    'web-1 is progressing: Routes: Pending',
    'on its host: journalctl -fu xnetd',
  ],
  [
    { state: 'NODE_STATE_PROGRESSING', routes: { desired: 49, installed: 48, conflicting: 0, unreachable: 0 } },
    'web-1 is progressing: 48 of 49 routes are installed',
    'xctl routes check',
  ],
  [
    { ...draining, ...containers },
    'web-1 is draining: 3 containers use its subnets: $(reboot) and 2 more',
    'xctl nodes drain web-1',
  ],
  [
    { ...degraded, ...draining, drain: { ...drain, remove: true }, ...containers },
    'web-1 is draining: 3 containers use its subnets: $(reboot) and 2 more',
    'xctl nodes remove web-1 --wait',
  ],
  [
    drained,
    'web-1 is drained: no container used its subnets, and it gets no new ones until the drain ends',
    'xctl nodes drain web-1 --cancel',
  ],
  [
    { ...drained, ...degraded },
    'web-1 is drained: no container used its subnets, but it is degraded: Docker: dockerd did not start',
    'on its host: xnetd status',
  ],
  [
    { ...drained, drain: { ...drained.drain, remove: true } },
    'web-1 is drained: no container used its subnets, and its host is about to leave',
    'xctl nodes remove web-1 --wait',
  ],
  [
    { ...drained, drain: { ...drained.drain, remove: true, leave: true }, ...degraded },
    'web-1 is leaving, but is degraded: Docker: dockerd did not start',
    'on its host: xnetd status',
  ],
  [
    leaving,
    'web-1 is leaving: its host undoes what xnet made and its peers withdraw the routes to it',
    'xctl nodes remove web-1 --wait',
  ],
  [cordoned, 'web-1 is ready and cordoned: no new containers should be placed on it', 'xctl nodes uncordon web-1'],
  [
    { ...cordoned, drain: { ...drain, missedMs: nowMs }, ...containers },
    'web-1 is ready and cordoned since its drain missed the deadline: 3 containers use its subnets: $(reboot) and 2 more',
    'xctl nodes drain web-1',
  ],
  [{ subnet: '' }, 'web-1 has no lease', 'xctl leases add web-1 --pool POOL'],
  [
    { leases: [leaseOf('10.76.3.0/24', 'ENDING'), leaseOf('10.84.0.0/24', 'WANTED')] },
    'web-1 is ready on 10.76.3.0/24, and moves to 10.84.0.0/24 when a rollout permits it',
    'xctl rollouts list',
  ],
  [
    { leases: [leaseOf('10.76.3.0/24', 'IN_FORCE'), leaseOf('10.84.0.0/24', 'WANTED', 'BRIDGE')] },
    'web-1 is ready, but its host does not use 10.84.0.0/24 yet',
    'on its host: xnetd status',
  ],
  [
    { ...cordoned, leases: [leaseOf('10.76.3.0/24', 'IN_FORCE'), leaseOf('10.84.0.0/24', 'ENDING', 'BRIDGE')] },
    'web-1 is ready, and its lease of 10.84.0.0/24 ends when its host has stopped using it',
    'on its host: xnetd status',
  ],
];

for (const [more, text, fix, hasJoined = true] of rows) {
  test(`${text}${hasJoined ? '' : ' (no certificate)'}: ${JSON.stringify(Object.keys(more))}`, (t) => {
    t.deepEqual(explanationOf(node(more), { hasJoined, nowMs }), { text, fix });
  });
}

test('every state with every availability is one line, with a command unless there is nothing to do', (t) => {
  for (const state of [...nodeStates, 'unspecified']) {
    for (const availability of availabilities) {
      const wire = {
        state: `NODE_STATE_${state.toUpperCase()}` as Node__Output['state'],
        availability: `AVAILABILITY_${availability.toUpperCase()}` as Node__Output['availability'],
      };
      const { text, fix } = explanationOf(node(wire), { hasJoined: true, nowMs });
      t.regex(text, /^web-1 (is|has) [^\n]+$/);
      t.is(fix === null, state === 'ready' && availability === 'active', `${state} ${availability}: ${text}`);
    }
  }
});
