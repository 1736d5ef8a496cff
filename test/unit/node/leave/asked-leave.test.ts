// A leave that the controllers request: obstacles are reported, and nothing is begun before they are gone.
import test from 'ava';
import type { Known } from '../../../../node/daemon/known.js';
import { AskedLeave } from '../../../../node/leave/asked-leave.js';
import type { Finding } from '../../../../node/reconcile/effect.js';
import { LiveValue } from '../../../../node/reconcile/live-value.js';
import type { Assignment } from '../../../../proto/domain/network.js';
import { XnetError } from '../../../../proto/errors.js';
import { makeLog } from '../../../../proto/process/log.js';
import { address, prefix } from '../../../support/pools.js';

const assignment: Assignment = {
  nodeId: 'n-1',
  nodeName: 'web-1',
  address: address('192.168.83.11'),
  availability: 'active',
  leases: [
    {
      pool: 'default',
      subnet: prefix('10.76.1.0/24'),
      generation: 1,
      mode: 'bip',
      networkName: '',
      bridgeName: '',
      state: 'in force',
    },
  ],
  permit: undefined,
  leave: false,
};
const asked: Known = { assignment: { ...assignment, leave: true }, table: undefined, isConfirmed: true };
const running: Finding = {
  type: 'Docker',
  transient: false,
  reason: 'ContainersRunning',
  message: 'web runs',
  fix: 'stop it',
};

function scene(before: Known, obstacles: () => Promise<readonly Finding[]>) {
  const known = new LiveValue<Known>(before);
  const stop = new AbortController();
  let begun = 0;
  const begins: (() => void)[] = [];
  const leave = new AskedLeave({
    known,
    obstacles,
    begin: () => {
      begun += 1;
      for (const each of begins.splice(0)) each();
    },
    log: makeLog('test', 'error'),
  });
  const told = () => new Promise<void>((resolve) => void leave.subscribe(resolve));
  return { known, stop, leave, told, begun: () => begun, begins: () => new Promise<void>((done) => begins.push(done)) };
}

test('a host leaves when requested, not before, and not after the request was withdrawn', async (t) => {
  const on = scene({ ...asked, assignment }, async () => []);
  const ended = on.leave.run(on.stop.signal);
  const begins = on.begins();
  on.known.set({ ...asked, assignment: { ...assignment, availability: 'draining' } });
  t.is(on.begun(), 0);
  on.known.set(asked);
  await begins;
  await ended;
  t.is(on.begun(), 1);
  t.deepEqual(on.leave.findings, []);
});

test('containers that run are reported and not stopped; the request can be withdrawn', async (t) => {
  let found: readonly Finding[] | undefined = [running];
  const on = scene(asked, async () => found ?? Promise.reject(new XnetError('Unavailable', 'Docker is away')));
  const told = on.told();
  const ended = on.leave.run(on.stop.signal);
  await told;
  t.like(on.leave.findings[0], { reason: 'LeaveRefused', transient: false });
  t.regex(on.leave.findings[0]?.message ?? '', /asked to leave, and can't: web runs: stop it/);
  // Docker that does not answer says nothing of containers: the host waits for it.
  found = undefined;
  const again = on.told();
  on.known.set({ ...asked, assignment: { ...assignment, leave: true } });
  await again;
  t.like(on.leave.findings[0], { reason: 'LeaveRefused', transient: true });
  const withdrawn = on.told();
  on.known.set({ ...asked, assignment });
  await withdrawn;
  t.deepEqual(on.leave.findings, []);
  t.is(on.begun(), 0);
  on.stop.abort();
  await ended;
});

test('a leave that failed half way is reported, and retried after a pause at the earliest', async (t) => {
  const on = scene(asked, async () => []);
  await on.leave.run(on.stop.signal);
  t.is(on.begun(), 1);
  on.leave.failed(new XnetError('FailedPrecondition', 'the firewall could not be undone', { hint: 'mend that' }));
  t.regex(on.leave.findings[0]?.message ?? '', /the firewall could not be undone: mend that/);
  const ended = on.leave.run(on.stop.signal);
  await new Promise((resolve) => setImmediate(resolve));
  t.is(on.begun(), 1);
  on.known.set({ ...asked, assignment });
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(on.leave.findings, [], 'nobody asks any more');
  on.stop.abort();
  await ended;
  t.is(on.begun(), 1);
});
