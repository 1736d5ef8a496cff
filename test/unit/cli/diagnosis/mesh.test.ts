// The plan of a check of the whole mesh, and how its findings stand for paths.
import test from 'ava';
import fc from 'fast-check';
import type { PathEnd } from '../../../../cli/diagnosis/examination.js';
import {
  countsOf,
  findingOf,
  mostTargets,
  nextToExamine,
  passText,
  questionsOf,
} from '../../../../cli/diagnosis/mesh.js';

const end = (node: string): PathEnd => ({
  node,
  nodeAddress: '192.168.83.11',
  container: '',
  address: '10.76.0.1',
  subnet: '10.76.0.0/24',
  connected: true,
  static: false,
});
const fleet = (size: number) => Array.from({ length: size }, (_, index) => end(`n${index}`));

test('a node sends to every other node once, in questions of allowed size; a sample has the requested size', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.option(fc.integer({ min: 1, max: 80 })), (size, some) => {
      const nodes = fleet(size);
      const [source = end('n0')] = nodes;
      const questions = questionsOf(nodes, source, { sample: some ?? undefined, random: Math.random });
      const targets = questions.flat().map(({ node }) => node);
      t.is(new Set(targets).size, targets.length);
      t.false(targets.includes('n0'));
      t.is(targets.length, Math.min(size - 1, some ?? size));
      t.true(questions.every(({ length }) => length > 0 && length <= mostTargets));
    }),
  );
});

test('paths that fail at one node are one finding, and paths elsewhere are examined', (t) => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(end) as [PathEnd, PathEnd, PathEnd, PathEnd];
  const pairs = [
    { source: a, target: b },
    { source: c, target: b },
    { source: b, target: c },
    { source: c, target: d },
  ];
  const first = nextToExamine(pairs, []);
  t.is(first, pairs[0]);
  if (first === undefined) return;
  const finding = findingOf({ reason: 'ForwardingOff', node: 'b', message: '', fix: '' }, first, pairs);
  t.like(finding, { from: 'a', to: 'b', node: 'b', paths: 3 });
  t.is(nextToExamine(pairs, [finding]), pairs[3]);
  t.is(nextToExamine(pairs.slice(0, 3), [finding]), undefined);
});

test('nodes that were removed meanwhile count for no path, and one node alone is no mesh', (t) => {
  const sent = new Map([
    ['a', ['b', 'c']],
    ['b', ['a', 'c']],
    ['c', ['a']],
  ]);
  const said = (...gone: string[]) => passText(countsOf(['a', 'b', 'c'], sent, new Set(gone)));
  t.is(said(), 'packets pass on 5 paths between 3 nodes');
  t.is(said('b'), 'packets pass on 2 paths between 2 nodes');
  t.is(passText(countsOf(['a', 'b'], new Map([['a', ['b']]]), new Set())), 'packets pass on 1 path between 2 nodes');
  for (const gone of [
    ['b', 'c'],
    ['a', 'b', 'c'],
  ])
    t.regex(said(...gone), /^nothing was checked/);
});
