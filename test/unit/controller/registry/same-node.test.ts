// Two operators change one node, each as it was when they looked.
import test from 'ava';
import { keys } from '../../../../controller/store/keys.js';
import { XnetError } from '../../../../proto/errors.js';
import { newNode, once, rig } from '../../../support/registry-values.js';

async function twoOperators() {
  const { cores, cluster, close } = await rig(2);
  const [a, b] = cores;
  if (a === undefined || b === undefined) throw new Error('no core');
  const { subject: id } = await a.nodes.add(once, newNode('web-1', 1));
  const settled = async () => {
    await Promise.all([a, b].map((core) => core.feed.reached(cluster.revision, 1_000)));
    return a.feed.view.modRevisionOf(keys.node(id));
  };
  return { a, b, id, settled, close };
}

const rejections = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));

const setting = (value: string, seenRevision: number) => ({
  setLabels: { zone: value },
  removeLabels: [],
  seenRevision,
});

test('P17 of two operators who change the same node, one wins and the other learns what differs', async (t) => {
  const { a, b, id, settled, close } = await twoOperators();
  const seen = await settled();
  const values = ['eu-1', 'eu-2'];
  const failed = rejections(
    await Promise.allSettled([a, b].map((core, index) => core.nodes.set(once, id, setting(values[index] ?? '', seen)))),
  );
  const revision = await settled();
  const zone = b.feed.view.nodes.get(id)?.record.labels['zone'] ?? '';
  const [error] = failed;
  t.is(failed.length, 1);
  if (!(error instanceof XnetError)) return t.fail();
  t.is(error.code, 'Conflict');
  const other = values.find((value) => value !== zone);
  t.deepEqual(error.problems, [`label zone: it is ${zone} at revision ${revision}, yours is ${other}`]);
  t.is(await settled(), revision, 'the other one changed nothing');

  t.true((await b.nodes.set(once, id, setting(zone, seen))).unchanged, 'the same value is fine');
  const dryRun = { operationId: '', dryRun: true };
  await t.throwsAsync(a.nodes.set(dryRun, id, setting('eu-3', seen)), { message: /was changed since revision/ });
  t.is((await b.nodes.set(once, id, setting('eu-3', revision))).message, `label zone: ${zone} → eu-3`);

  // Repeated after a lost answer, by which time the node has another revision: it was this very change.
  const last = await settled();
  const operation = { operationId: 'op-1', dryRun: false };
  await a.nodes.set(operation, id, setting('eu-4', last));
  await settled();
  t.true((await b.nodes.set(operation, id, setting('eu-4', last))).repeated);
  await close();
});

test('P17 of two operators who rename a node, one wins and the other learns the new name', async (t) => {
  const { a, b, id, settled, close } = await twoOperators();
  const seen = await settled();
  const failed = rejections(
    await Promise.allSettled([a.nodes.rename(once, id, 'x-1', seen), b.nodes.rename(once, id, 'y-1', seen)]),
  );
  await settled();
  const name = a.feed.view.nodes.get(id)?.record.name ?? '';
  const [error] = failed;
  t.is(failed.length, 1);
  t.is(error instanceof XnetError ? error.code : '', 'Conflict');
  t.regex(String(error instanceof XnetError ? error.problems : ''), new RegExp(`^name: it is ${name} at revision`));
  t.true((await b.nodes.rename(once, id, name, seen)).unchanged);
  t.deepEqual([...a.feed.view.contradictions], []);
  await close();
});
