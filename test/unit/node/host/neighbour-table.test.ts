// The kernel's neighbour table against the size of the fleet: told with the command, or raised.
import test from 'ava';
import fc from 'fast-check';
import type { ProcFiles } from '../../../../node/firewall/proc.js';
import { NeighbourTable, neededLimits } from '../../../../node/host/neighbour-table.js';
import { silent } from '../../../support/controller.js';

const folder = 'sys/net/ipv4/neigh/default';

// Writing is not tested, because the table belongs to the machine: all network namespaces share it.
function files(soft: number, hard: number, write?: ProcFiles['write']) {
  const values = new Map([
    [`${folder}/gc_thresh2`, String(soft)],
    [`${folder}/gc_thresh3`, String(hard)],
  ]);
  const proc: ProcFiles = {
    read: async (path) => values.get(path),
    write: write ?? (async (path, text) => void values.set(path, text)),
  };
  return { values, proc };
}

test('a neighbour table with room is left alone, as is a kernel without limits', async (t) => {
  const { values, proc } = files(512, 1024);
  const table = new NeighbourTable({ tune: true, log: silent, proc });
  t.deepEqual(await table.converge(768), { findings: [], changes: 0 });
  t.deepEqual([...values.values()], ['512', '1024']);
  const none: ProcFiles = { read: async () => undefined, write: async () => t.fail() };
  t.deepEqual(await new NeighbourTable({ tune: true, log: silent, proc: none }).converge(5_000), {
    findings: [],
    changes: 0,
  });
});

test('R11 a small neighbour table is reported with the command, and raised if allowed', async (t) => {
  const { values, proc } = files(512, 1024);
  const told = await new NeighbourTable({ tune: false, log: silent, proc }).converge(5_000);
  t.like(told.findings[0], { type: 'Routes', reason: 'NeighbourTableSmall', transient: false });
  t.regex(
    `${told.findings[0]?.message}; fix: ${told.findings[0]?.fix}`,
    /room for 1024 entries, this fleet of 5000 peers needs 5256: .*; fix: sysctl -w net\.ipv4\.neigh\.default\.gc_thresh2=8192 net\.ipv4\.neigh\.default\.gc_thresh3=16384 .*--tune-kernel/,
  );
  t.deepEqual([...values.values()], ['512', '1024']);
  const tuning = new NeighbourTable({ tune: true, log: silent, proc });
  t.deepEqual(await tuning.converge(5_000), { findings: [], changes: 1 });
  t.deepEqual([...values.values()], ['8192', '16384']);
  t.deepEqual(await tuning.converge(5_000), { findings: [], changes: 0 });
  const denied = files(512, 1024, () => Promise.reject(new Error('EACCES: permission denied')));
  const refused = await new NeighbourTable({ tune: true, log: silent, proc: denied.proc }).converge(5_000);
  t.regex(refused.findings[0]?.message ?? '', /could not raise the limits: EACCES/);
});

test('limits are only ever raised, and have room for the fleet then', (t) => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(100_000), fc.nat(20_000), (soft, hard, peers) => {
      const raised = neededLimits({ soft, hard }, peers);
      if (raised === undefined) return hard > peers;
      const still = neededLimits(raised, peers);
      return raised.soft >= soft && raised.hard > hard && raised.soft > peers && still === undefined;
    }),
  );
  t.pass();
});
