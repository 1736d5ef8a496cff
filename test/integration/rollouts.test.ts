// Rollouts by two real controllers over one etcd, with simulated nodes that obey permits, and xctl.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { overlapsIn } from '../support/controller.js';
import { startPair } from '../support/controller-pair.js';
import { historyOf } from '../support/etcd-history.js';
import { ObedientNode } from '../support/obedient-node.js';
import { type Json, json, part, Xctl } from '../support/xctl.js';
import { unix } from '../support/xctl-pair.js';

test('nodes move one by one; another controller continues after one is killed; undo returns all nodes', async (t) => {
  const { etcd, a, b } = await startPair(t);
  await a.createPool('10.77.0.0/16', 'b');
  const names = ['web-1', 'web-2', 'web-3', 'web-4'];
  const nodes: ObedientNode[] = [];
  for (const [index, name] of names.entries()) {
    await a.addNode(name, `192.168.83.${index + 1}`);
    const member = await a.joinNode(name);
    const node = new ObedientNode(name, [a.nodeClient(member), b.nodeClient(member)]);
    t.teardown(() => node.close());
    nodes.push(node);
  }
  await b.until('all are ready', (status) => status.nodes?.ready === names.length);
  const before = (await a.nodes()).map(({ subnet }) => subnet);
  const xctl = new Xctl({ controller: `${unix(a)},${unix(b)}` });
  t.teardown(() => xctl.close());

  const planned = await xctl.run('nodes', 'move', ...names, '--pool', 'b', '--dry-run', '-o', 'json');
  t.is(planned.code, 0, planned.stderr);
  t.is((json(planned)['steps'] as Json[]).length, 4);
  t.deepEqual(json(await xctl.run('rollouts', 'list', '-o', 'json'))['rollouts'], [], 'a dry run starts none');
  const refused = await xctl.run('nodes', 'move', ...names, '--pool', 'nope', '--yes');
  t.is(refused.code, 3, refused.stderr);
  const bad = await xctl.run(
    'nodes',
    'move',
    'web-1',
    'web-9',
    'web-8',
    '--pool',
    'b',
    '--max-unavailable',
    '0',
    '--yes',
  );
  t.is(bad.code, 2, bad.stderr);
  for (const word of ['web-9', 'web-8', 'max unavailable']) t.true(bad.stderr.includes(word), bad.stderr);

  const folder = mkdtempSync(join(tmpdir(), 'xnet-fleet-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'fleet.yaml');
  const exported = await xctl.run('export');
  writeFileSync(file, exported.stdout);
  t.is((await xctl.run('diff', '-f', file)).stdout, 'no changes\n');
  writeFileSync(
    file,
    exported.stdout
      .replace(/ {2}- name: default\n( {4}.*\n)+/, '')
      .replaceAll('pool: default', 'pool: b')
      .replaceAll(/ +subnet: .*\n/g, '')
      .replace('labels: {}', 'labels: {zone: z1}'),
  );
  const differing = await xctl.run('diff', '-f', file);
  t.is(differing.code, 8, differing.stderr);
  t.regex(differing.stdout, /^~ node web-1: label zone: \(none\) → z1\n(! node web-\d: pool default, .*\n){4}$/);
  const moving = xctl.start(['apply', '-f', file, '--prune', '--yes', '--timeout', '5m', '-o', 'json']);
  await b.until('the first one moves', () => nodes.some(({ obeyed }) => obeyed.length > 0));
  await a.kill();
  const moved = await moving.ended;
  t.is(moved.code, 4, moved.stderr);
  t.regex(
    moved.stderr,
    /pool default has \d+ (leased subnets?|subnets? in quarantine)/,
    'its pool goes after the rollout',
  );
  t.is(part(json({ ...moved, code: 0 }), 'rollout')['state'], 'done');
  const at = async () => (await b.nodes()).map(({ pool }) => pool);
  t.deepEqual(await at(), ['b', 'b', 'b', 'b']);
  t.true(
    nodes.every(({ obeyed }) => obeyed.length === 1),
    'each has one permit',
  );

  t.is((await xctl.run('apply', '-f', file, '--yes')).stdout, 'no changes\n');
  const id = String(part(json({ ...moved, code: 0 }), 'rollout')['id']);
  const shown = await xctl.run('rollouts', 'show', id);
  t.regex(shown.stdout, /web-4 +done/);
  const back = await xctl.run('rollouts', 'undo', id.slice(0, 8), '--yes', '--watch', '--timeout', '5m');
  t.is(back.code, 0, back.stderr + back.stdout);
  t.deepEqual(
    (await b.nodes()).map(({ subnet }) => subnet),
    before,
    'the very subnets that they had',
  );
  const again = await xctl.run('rollouts', 'resume', id);
  t.is(again.code, 4, again.stderr);

  await b.addNode('web-9', '192.168.83.99');
  const waiting = xctl.start(['nodes', 'move', 'web-9', '--pool', 'b', '--per', 'zoen', '--yes']);
  await waiting.until('progress', ({ stdout }) => stdout.includes('waits: web-9 not connected'));
  waiting.child.kill('SIGINT');
  const interrupted = await waiting.ended;
  t.is(interrupted.code, 130);
  t.regex(interrupted.stderr, /warning: none of these nodes has a label zoen: they are one group\n/);
  t.regex(
    interrupted.stderr,
    /interrupted: rollout r-\w+ continues by itself; see: xctl rollouts show r-\w+ --watch\n/,
  );

  writeFileSync(
    file,
    'apiVersion: xnet/v1\npools:\n  - {name: c, cidr: 10.99.0.0/16}\n  - {name: d, cidr: 127.0.0.0/16}\nnodes:\n' +
      '  - {name: web-1, address: 192.168.83.1, labels: {zone: z9}}\n',
  );
  const { pools, nodes: count } = await b.contents();
  for (const more of [['--dry-run'], ['--yes']]) {
    const clashing = await xctl.run('apply', '-f', file, ...more);
    t.is(clashing.code, 4);
    t.regex(clashing.stderr, /fleet.yaml:4:5: pools\[1\]: cidr: 127.0.0.0\/16 overlaps a range that can't hold hosts/);
  }
  const after = await b.contents();
  t.deepEqual([after.pools, after.nodes], [pools, count], 'nothing was changed');
  t.deepEqual(overlapsIn(await historyOf(etcd.endpoint)), []);
});
