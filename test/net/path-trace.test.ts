// The table that a trace makes on a host: its removal.
import test from 'ava';
import { Namespace } from '../../deploy/lab/namespace.js';
import { Traces } from '../../node/diagnosis/trace.js';
import { execThrough } from '../../proto/process/exec.js';
import { isRoot } from '../support/linux-route-host.js';

if (isRoot('the table of a trace')) {
  test('the table of a trace is deleted at its end, or at the next start of a daemon that was killed', async (t) => {
    const namespace = Namespace.create('path');
    t.teardown(() => namespace.delete());
    const options = { exec: execThrough(namespace.enter), namespace: namespace.path, nameOf: () => '' };
    const tables = () => namespace.runSync(['nft', 'list', 'tables']);
    const killed = new Traces(options);
    await killed.begin(7);
    namespace.runSync(['nft', 'add table ip xnet_look_mine']);
    t.regex(tables(), /xnet_look_7/);
    const next = new Traces(options);
    next.sweep();
    await next.begin(8);
    t.notRegex(tables(), /xnet_look_7/);
    await t.throwsAsync(next.begin(8), { message: /already being traced/ });
    t.deepEqual(await next.end(8), { packets: [], incomplete: false });
    await t.throwsAsync(next.end(8), { message: /no trace/ });
    t.is(tables(), 'table ip xnet_look_mine\n', 'what is not ours stays');
    await killed.close();
    for (let identifier = 1; identifier <= 8; identifier += 1) await next.begin(identifier);
    await t.throwsAsync(next.begin(9), { code: 'ResourceExhausted' });
    await next.close();
    t.is(tables(), 'table ip xnet_look_mine\n');
  });
}
