// A change that is based on a node as it was read.
import test from 'ava';
import { changeAsSeen, type SeenNode } from '../../../../cli/client/as-seen.js';
import type { NodeOutput } from '../../../../cli/output/node.js';
import { XnetError } from '../../../../proto/errors.js';
import { node } from '../../../support/cli-values.js';

const zoneOf = ({ labels }: NodeOutput) => [labels['zone']];

// A controller with one node, which another operator changes before each of the first calls.
function controllerWith(others: readonly Readonly<Record<string, string>>[]) {
  let revision = 10;
  let labels: Record<string, string> = { zone: 'eu-1' };
  const left = [...others];
  const calls: SeenNode[] = [];
  const read = async () => node({ revision, labels });
  const change = async (seen: SeenNode) => {
    calls.push(seen);
    const other = left.shift();
    if (other !== undefined) {
      labels = { ...labels, ...other };
      revision += 1;
    }
    if (seen.seenRevision !== 0 && seen.seenRevision !== revision) throw new XnetError('Conflict', 'changed');
    return 'done';
  };
  return { read, change, calls };
}

test('P17 a change of something else is no conflict, a change of the same is', async (t) => {
  const free = controllerWith([{ rack: 'r1' }, { rack: 'r2' }]);
  const target = { text: 'web-1', revision: undefined };
  t.is(await changeAsSeen(free.read, target, zoneOf, free.change), 'done');
  t.deepEqual(
    free.calls,
    [10, 11, 12].map((seenRevision) => ({ node: 'n-85f97290490c', seenRevision })),
  );

  const taken = controllerWith([{ rack: 'r1' }, { zone: 'eu-2' }]);
  await t.throwsAsync(changeAsSeen(taken.read, target, zoneOf, taken.change), { message: 'changed' });
  t.is(taken.calls.length, 2);

  const restless = controllerWith(Array.from({ length: 20 }, (_, index) => ({ rack: `r${index}` })));
  await t.throwsAsync(changeAsSeen(restless.read, target, zoneOf, restless.change), { message: 'changed' });

  const given = controllerWith([{ rack: 'r1' }]);
  await t.throwsAsync(changeAsSeen(given.read, { text: 'web-1', revision: 10 }, zoneOf, given.change));
  t.is(given.calls.length, 1, 'what the operator saw is compared as it is');
});
