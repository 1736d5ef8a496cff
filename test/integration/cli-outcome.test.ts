// xctl while the only etcd hangs or is away: what it says of changes that may have been made. With real processes.
import test, { type ExecutionContext } from 'ava';
import type { ControllerProcess } from '../support/controller-process.js';
import { pair, unix } from '../support/xctl-pair.js';

// On a busy machine a controller may notice before the change reaches it, and refuse it.
async function isRefused(t: ExecutionContext, code: number | null, controller: ControllerProcess): Promise<boolean> {
  if (code === 13) t.deepEqual(await controller.nodes(), [], 'nothing was written');
  return code === 13;
}

type Runs = { run(...argv: string[]): Promise<{ readonly code: number | null; readonly stderr: string }> };

// Asserts that a change is refused as one that was not sent. An attempt to which a busy controller gives no answer in time may
// have been sent for all that xctl knows.
async function isNotSent(t: ExecutionContext, xctl: Runs, argv: readonly string[]): Promise<void> {
  let ran = await xctl.run(...argv, '--timeout', '60s');
  for (let again = 0; again < 5 && ran.code === 7; again++) {
    t.regex(ran.stderr, /timed out/);
    ran = await xctl.run(...argv, '--timeout', '60s');
  }
  t.is(ran.code, 13, `nothing is sent, whatever was decided: ${ran.stderr}`);
}

test.serial('a change in flight when the only etcd hangs has an unknown outcome; repeating it is safe', async (t) => {
  const { etcd, a, b, xctl } = await pair(t);
  await a.createPool();
  const both = await xctl([unix(a), unix(b)]);
  const add = ['nodes', 'add', 'web-1', '--address', '192.168.83.1', '--timeout', '20s'];
  for (let attempt = 0; attempt < 6; attempt++) {
    process.kill(etcd.pid, 'SIGSTOP');
    const { code, stderr } = await both.run(...add);
    const unsent = [
      ['pools', 'create', 'default', '10.76.0.0/16'],
      ['leases', 'add', 'nosuch', '--pool', 'default'],
      ['tokens', 'create', '--node', 'nosuch'],
      ['networks', 'create', 'blue', '--node', 'nosuch'],
    ];
    await Promise.all(unsent.map((argv) => isNotSent(t, both, argv)));
    process.kill(etcd.pid, 'SIGCONT');
    for (const each of [a, b]) await each.until('all is well', ({ problems }) => problems.length === 0);
    if (await isRefused(t, code, a)) continue;
    t.is(code, 7, stderr);
    // The second one, if no controller answered the last attempt.
    t.regex(
      stderr,
      /the change was sent, and no controller can tell whether it was made\n|no controller answers within 20s/,
    );
    t.regex(stderr, /\nthe outcome is unknown: rerun the command to see it/);
    break;
  }
  const again = await both.run(...add);
  t.is(again.code, 0, again.stderr);
  t.deepEqual(
    (await a.nodes()).map(({ name, subnet }) => [name, subnet]),
    [['web-1', '10.76.0.0/24']],
  );
});

test.serial('a change in flight when the only etcd hangs is found out, or made, once it continues', async (t) => {
  const { etcd, a, b, xctl } = await pair(t);
  await a.createPool();
  const both = await xctl([unix(a), unix(b)]);
  for (let attempt = 0; attempt < 6; attempt++) {
    process.kill(etcd.pid, 'SIGSTOP');
    const adding = both.start(['nodes', 'add', 'web-1', '--address', '192.168.83.1', '--timeout', '180s']);
    const waits = adding.until('it waits', ({ stderr }) => /etcd|written.*; trying again for /.test(stderr));
    await Promise.race([waits.catch(() => undefined), adding.ended]);
    process.kill(etcd.pid, 'SIGCONT');
    const { code, stdout, stderr } = await adding.ended;
    for (const each of [a, b]) await each.until('all is well', ({ problems }) => problems.length === 0);
    if (await isRefused(t, code, a)) continue;
    t.is(code, 0, stderr);
    t.regex(stdout, /^leased 10\.76\.0\.0\/24 of pool default to web-1\n/);
    t.is((await both.run('events', '-o', 'jsonl')).stdout.split('"NodeAdded"').length, 2, 'made once');
    return;
  }
});

test.serial('a controller that has not read its store has made no change', async (t) => {
  const { etcd, a, b, xctl } = await pair(t);
  await a.createPool();
  await etcd.kill();
  await a.until('it notices', ({ problems }) => problems.some(({ text }) => text.startsWith('nothing can be')));
  await b.kill();
  await b.launch();
  await b.until('it answers', () => true);
  const both = await xctl([unix(b), unix(a)]);
  const create = ['pools', 'create', 'other', '10.80.0.0/16', '--timeout', '5s'];
  let ran = await both.run(...create);
  // The time may be over in the middle of the last attempt: that one stays open, or only the other controller has answered.
  for (let again = 0; again < 5 && ran.code !== 13; again++) {
    t.regex(ran.stderr, /timed out|has not read the store yet/);
    ran = await both.run(...create);
  }
  t.is(ran.code, 13, ran.stderr);
  t.notRegex(ran.stderr, /outcome is unknown/);
});
