// Whether the controllers take a host for its node.
import test from 'ava';
import { type Standing, secondHost, standingAfter } from '../../../../node/daemon/standing.js';
import { LiveValue } from '../../../../node/reconcile/live-value.js';
import { XnetError } from '../../../../proto/errors.js';

const { signal } = new AbortController();
const hour = 3_600_000;
const refusal = new XnetError('AlreadyExists', 'another host is web-1', { hint: 'a copied host needs its own name' });

test('only a controller states that another host is the node, until one accepts this host', (t) => {
  const lost = { connected: false, error: new XnetError('Unavailable', 'no controller answers') } as const;
  const connected = { connected: true, endpoint: '192.168.83.2:7400' } as const;
  const seen: Standing[] = [];
  let standing: Standing = 'not known';
  for (const state of [lost, { connected: false, error: refusal } as const, lost, connected, lost]) {
    standing = standingAfter(standing, state);
    seen.push(standing);
  }
  t.deepEqual(seen, ['not known', refusal, refusal, 'accepted', 'accepted']);
});

test('a copied host waits for a controller before Docker gets a subnet, and gives it none once it is refused', async (t) => {
  const standing = new LiveValue<Standing>('not known');
  const first = secondHost(standing, hour, signal);
  standing.set(refusal);
  t.deepEqual(await first, {
    type: 'Docker',
    transient: false,
    reason: 'SecondHost',
    message: 'Docker keeps what it has, because controllers refuse this host: another host is web-1',
    fix: 'a copied host needs its own name',
  });
  standing.set('accepted');
  t.is(await secondHost(standing, hour, signal), undefined);
  // Without any controller, Docker is repaired all the same.
  t.is(await secondHost(new LiveValue<Standing>('not known'), 0, signal), undefined);
});

test('an xnetd that ends while it waits for a controller begins no change of Docker', async (t) => {
  const ends = new AbortController();
  const asked = secondHost(new LiveValue<Standing>('not known'), hour, ends.signal);
  ends.abort(new Error('interrupted'));
  await t.throwsAsync(asked, { message: 'interrupted' });
});
