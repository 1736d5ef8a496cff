// What a node says of itself, and what a controller makes of it.
import test from 'ava';
import { nodeState, transitionsOf } from '../../../../controller/session/node-state.js';
import { Patience, patienceMs } from '../../../../node/daemon/patience.js';
import type { Condition, NodeStatus } from '../../../../proto/domain/network.js';

const failing = (type: string, reason: string, transient = true): Condition => ({
  type,
  ok: false,
  transient,
  reason,
  message: `${reason}!`,
  sinceMs: 0,
});
const well = (type: string): Condition => ({
  type,
  ok: true,
  transient: false,
  reason: 'Ready',
  message: '',
  sinceMs: 0,
});
const status = (conditions: readonly Condition[]): NodeStatus => ({
  routes: { desired: 1, installed: 1, conflicting: 0, unreachable: 0 },
  conditions,
  daemonVersion: '0.1.0',
  kernelVersion: '6.1',
  dockerVersion: '28.0',
  hostNetworks: [],
  silentPeers: [],
  leases: [],
  containers: [],
  containerCount: 0,
});

test('a transient condition becomes permanent after a time limit', (t) => {
  t.is(patienceMs(failing('Docker', 'NotRunning')), 30_000);
  t.is(patienceMs(failing('Docker', 'Pending')), 300_000, 'a restart of Docker may be under way');
  t.is(patienceMs(failing('Routes', 'Pending')), 30_000);

  const patience = new Patience();
  const first = patience.judge([failing('Docker', 'NotRunning'), well('Routes')], 1_000);
  t.true(first.conditions[0]?.transient);
  t.is(first.againMs, 30_000, 'looked at again without anything new');
  const before = patience.judge([failing('Docker', 'NotAnswering'), well('Routes')], 30_999);
  t.true(before.conditions[0]?.transient);
  t.is(before.againMs, 1, 'another reason wins no time');
  const after = patience.judge([failing('Docker', 'NotRunning'), well('Routes')], 31_000);
  t.like(after.conditions[0], { ok: false, transient: false, reason: 'NotRunning', message: 'NotRunning!' });
  t.deepEqual([after.conditions[1], after.againMs], [well('Routes'), undefined]);

  t.is(patience.judge([well('Docker')], 40_000).againMs, undefined);
  t.true(patience.judge([failing('Docker', 'NotRunning')], 50_000).conditions[0]?.transient, 'begins anew');
  t.false(patience.judge([failing('Docker', 'BadFlags', false)], 50_001).conditions[0]?.transient);
});

test('a restart of Docker may take five minutes, its consequences none', (t) => {
  const patience = new Patience();
  patience.judge([failing('Docker', 'Pending')], 0);
  t.true(patience.judge([failing('Docker', 'Pending')], 299_999).conditions[0]?.transient);
  t.false(patience.judge([failing('Docker', 'NotRunning')], 299_999).conditions[0]?.transient);
  t.false(patience.judge([failing('Docker', 'Pending')], 300_000).conditions[0]?.transient);
});

test('a node with a permanent condition, or without a report, is degraded', (t) => {
  t.is(nodeState(0, status([failing('Docker', 'NotRunning')])), 'NODE_STATE_PROGRESSING');
  t.is(nodeState(0, status([failing('Docker', 'NotRunning', false)])), 'NODE_STATE_DEGRADED');
  t.is(nodeState(1_000, undefined), 'NODE_STATE_PROGRESSING');
  t.is(nodeState(31_000, undefined), 'NODE_STATE_DEGRADED');
  t.is(nodeState(undefined, undefined), 'NODE_STATE_PENDING');
  t.is(nodeState(undefined, status([])), 'NODE_STATE_DOWN');
});

test('a transient condition that becomes permanent is one event', (t) => {
  const reasons = (before: Condition, after: Condition) =>
    transitionsOf('web-1', [before], [after]).map(({ reason, warning }) => [reason, warning]);
  const waiting = failing('Docker', 'NotRunning');
  const stuck = failing('Docker', 'NotRunning', false);
  t.deepEqual(reasons(well('Docker'), waiting), [['NotRunning', false]]);
  t.deepEqual(reasons(waiting, stuck), [['NotRunning', true]]);
  t.deepEqual(reasons(stuck, stuck), []);
  t.deepEqual(reasons(failing('Docker', 'Pending'), failing('Docker', 'Pending', false)), [['Pending', true]]);
  t.deepEqual(reasons(failing('Docker', 'Pending'), well('Docker')), []);
});
