// The checkers of the random mode: what they accept, and that each can fail.
import test from 'ava';
import type { Change } from '../../../controller/store/store.js';
import { historyProblems } from '../../chaos/history-checks.js';
import type { FaultEntry, Mutation } from '../../chaos/journal.js';
import { lossProblems } from '../../chaos/loss-checks.js';
import { type Flow, lossesOf } from '../../chaos/mesh.js';
import { Replay } from '../../chaos/replay.js';
import { type WatchLine, watchProblems } from '../../chaos/watching.js';
import type { StoredVersion } from '../../support/etcd-history.js';

const put = (key: string, record: object, revision: number, createRevision = revision): Change => ({
  kind: 'put',
  entry: { key, value: JSON.stringify(record), modRevision: revision, createRevision },
});
const node = (name: string, address: string, availability = 'active') => ({
  ...{ name, address, labels: {}, availability, createdMs: 0 },
});
const leased = (id: string) => ({ state: 'leased', node: id, generation: 1, sinceMs: 0 });

// Two nodes are added, then one moves.
const history: readonly StoredVersion[] = [
  {
    revision: 2,
    changes: [
      put('nodes/n-1', node('h1', '192.168.83.11'), 2),
      put('names/h1', { node: 'n-1' }, 2),
      put('subnets/default/10.76.0.0-24', leased('n-1'), 2),
      put('operations/op-1', {}, 2),
    ],
  },
  {
    revision: 3,
    changes: [
      put('nodes/n-2', node('h2', '192.168.83.12'), 3),
      put('names/h2', { node: 'n-2' }, 3),
      put('subnets/default/10.76.1.0-24', leased('n-2'), 3),
      put('operations/op-2', {}, 3),
    ],
  },
  {
    revision: 4,
    changes: [put('nodes/n-2', node('h2', '192.168.83.99'), 4, 3), put('operations/op-3', {}, 4)],
  },
];
const mutation = (operationId: string, call: string, name: string, outcome = 'OK'): Mutation => ({
  ...{ operationId, call, node: name, beginMs: 0, endMs: 1, attempts: 1, unchanged: false, outcome },
});
const mutations = [
  mutation('op-1', 'AddNode', 'h1'),
  mutation('op-2', 'AddNode', 'h2'),
  mutation('op-3', 'SetNode', 'h2'),
];

test('a history without faults has no problems', (t) => {
  t.deepEqual(historyProblems(history, mutations), []);
});

test('overlaps, missing revisions, repeated and lost mutations are found', (t) => {
  const overlapping = { revision: 5, changes: [put('subnets/default/10.76.0.0-23', leased('n-2'), 5)] };
  t.regex(historyProblems([...history, overlapping], mutations).join(), /at revision 5: n-[12] and n-[12]/);
  const [first, , third] = history;
  if (first === undefined || third === undefined) return t.fail();
  t.regex(
    historyProblems([first, third], mutations).join('\n'),
    /goes from revision 2 to 4[\s\S]*op-2[\s\S]*not committed/,
  );
  const again = { revision: 5, changes: [put('operations/op-3', {}, 5)] };
  t.regex(historyProblems([...history, again], mutations).join(), /operation op-3: 2 times/);
  const refused = [...mutations.slice(0, 2), mutation('op-3', 'SetNode', 'h2', 'NotFound')];
  t.regex(historyProblems(history, refused).join(), /answered NotFound and was committed/);
  const twice = { revision: 5, changes: [put('names/h2', { node: 'n-3' }, 5)] };
  t.regex(historyProblems([...history, twice], mutations).join(), /h2 was added 1 times and created 2 times/);
});

test('the store is rebuilt at any revision, without nodes that leave', (t) => {
  t.deepEqual(new Replay(history).at(3).routes(), ['10.76.0.0/24 via 192.168.83.11', '10.76.1.0/24 via 192.168.83.12']);
  const leaving = { revision: 5, changes: [put('nodes/n-1', node('h1', '192.168.83.11', 'leaving'), 5)] };
  t.deepEqual(new Replay([...history, leaving]).at(5).routes(), ['10.76.1.0/24 via 192.168.83.99']);
});

const at = (revision: number) => [...new Replay(history).at(revision).routes()];
const session: readonly WatchLine[] = [
  { kind: 'opened', controller: 'c1', revision: 0 },
  { kind: 'snapshot', from: 0, revision: 2, routes: at(2) },
  { kind: 'delta', from: 2, revision: 3, routes: at(3) },
  { kind: 'ended', why: 'cancelled' },
  { kind: 'opened', controller: 'c2', revision: 3 },
  { kind: 'delta', from: 3, revision: 4, routes: at(4) },
];

test('a session that follows the store has no problems', (t) => {
  t.deepEqual(watchProblems(session, history), []);
});

test('deltas that are missing, repeated, out of order or wrong are found', (t) => {
  const [opened, snapshot, delta] = session;
  if (opened === undefined || snapshot === undefined || delta === undefined) return t.fail();
  t.regex(watchProblems([...session, delta], history).join(), /a delta to 3 comes after revision 4/);
  t.regex(watchProblems([...session, snapshot], history).join(), /goes back from 4 to 2/);
  t.regex(watchProblems([opened, { kind: 'gap', from: 3, revision: 2 }], history).join(), /a delta from 3 follows/);
  const stale: WatchLine = { kind: 'delta', from: 3, revision: 4, routes: at(3) };
  t.regex(watchProblems([opened, snapshot, delta, stale], history).join(), /\+10.76.1.0\/24 via 192.168.83.12/);
});

const flow = (sequences: readonly number[], endMs?: number): Flow => ({
  ...{ from: 'h1', to: 'h2', startMs: 0, endMs },
  answers: sequences.map((sequence) => ({ sequence, ms: 100_000 + sequence * 200 })),
});
const during = (fault: FaultEntry['fault'], beginMs: number, endMs: number): FaultEntry => ({ fault, beginMs, endMs });

test('losses are counted between answers, and at the end of a flow', (t) => {
  t.deepEqual(lossesOf(flow([1, 2, 4, 3, 5])), []);
  t.deepEqual(
    lossesOf(flow([1, 2, 6])).map(({ lost }) => lost),
    [3],
  );
  t.is(lossesOf(flow([1, 2], 103_000)).length, 0);
  t.is(lossesOf(flow([1, 2], 120_000)).length, 1);
});

test('a loss needs a fault that allows it, between these hosts, at that time', (t) => {
  const lossy = [flow([1, 2, 6])];
  const allowed = (entry: FaultEntry) => lossProblems(lossy, [entry]).length === 0;
  t.is(lossProblems(lossy, []).length, 1);
  t.true(allowed(during({ break: 'routes deleted', host: 1 }, 100_300, 101_000)));
  t.true(allowed(during({ break: 'tables deleted', host: 2 }, 100_300, 101_000)));
  t.false(allowed(during({ break: 'routes deleted', host: 3 }, 100_300, 101_000)));
  t.false(allowed(during({ break: 'routes deleted', host: 1 }, 10_000, 11_000)));
  t.false(allowed(during({ break: 'daemon killed', host: 1 }, 100_300, 101_000)));
  t.false(allowed(during({ break: 'controllers lost' }, 100_300, 101_000)));
});
