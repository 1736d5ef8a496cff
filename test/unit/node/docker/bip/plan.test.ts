// Decisions of mode bip: joining, leaving, restarts, and the journal.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { bipIn, removeBip } from '../../../../../node/docker/bip/daemon-json.js';
import { type BipSeen, contentHash, inputsOf, planJoin, planLeave } from '../../../../../node/docker/bip/plan.js';
import { bipsEqual, formatBip } from '../../../../../node/docker/engine/bip-value.js';
import {
  emptyJournal,
  type Journal,
  journalPath,
  readJournal,
  writeJournal,
} from '../../../../../node/docker/engine/journal.js';
import { decidedBy, startAt } from '../../../../../node/docker/engine/restart-limit.js';
import type { OnRunning } from '../../../../../node/docker/engine/settings.js';
import { formatPrefix, parseIpv4, prefixOf } from '../../../../../proto/domain/address.js';
import { bip, bridge, container, defaultNetwork, network, untouchedHost } from '../../../../support/docker-values.js';

const seen = untouchedHost;
const { engine } = seen;

function reasonOf(plan: ReturnType<typeof planJoin>): string {
  return plan.do === 'report' ? plan.finding.reason : plan.do;
}

test('a join is planned only if nothing blocks it', (t) => {
  const wanted = bip('10.76.3.1/24');
  t.is(planJoin(seen, wanted).do, 'apply');
  const beside = (cidr: string) => ({
    ...seen,
    engine: { ...engine, networks: [...engine.networks, network('n', cidr)] },
  });
  t.is(reasonOf(planJoin(beside('10.76.0.0/16'), wanted)), 'SubnetTaken');
  t.is(reasonOf(planJoin(beside('10.76.3.128/25'), wanted)), 'SubnetTaken');
  t.is(reasonOf(planJoin(beside('10.77.0.0/16'), wanted)), 'apply');
  const lan = { ...seen, interfaces: [...seen.interfaces, bridge('eth1', '10.0.0.5/8')] };
  t.is(reasonOf(planJoin(lan, wanted)), 'SubnetTaken');
  const busy = { ...seen, engine: { ...engine, containers: [container('web')] } };
  const policies: readonly (readonly [OnRunning, string])[] = [
    ['refuse', 'ContainersRunning'],
    ['wait', 'WaitingForContainers'],
    ['restart', 'apply'],
  ];
  for (const [onRunning, expected] of policies) t.is(reasonOf(planJoin({ ...busy, onRunning }, wanted)), expected);
  const inForce = {
    ...seen,
    engine: { ...engine, networks: [defaultNetwork('10.76.3.0/24')], containers: [container('web')] },
    interfaces: [bridge('docker0', '10.76.3.1/24', '10.1.1.1/24')],
  };
  t.is(planJoin(inForce, wanted).do, 'apply', 'the file alone: no restart, whatever runs');
  t.is(planJoin({ ...inForce, file: Buffer.from('{"bip":"10.76.3.1/24"}') }, wanted).do, 'nothing');
  t.is(planJoin({ ...inForce, flags: new Map([['bip', '10.76.3.1/24']]) }, wanted).do, 'nothing');
});

test('a lost address of docker0 is restored without a restart of Docker', (t) => {
  const wanted = bip('10.76.3.1/24');
  const joined: BipSeen = {
    ...seen,
    file: Buffer.from('{"bip":"10.76.3.1/24"}'),
    engine: { ...engine, networks: [defaultNetwork('10.76.3.0/24')], containers: [container('web')] },
    interfaces: [bridge('docker0'), bridge('eth0', '192.168.83.11/24')],
  };
  t.deepEqual(planJoin(joined, wanted), { do: 'add-address', bridgeName: 'docker0' });
  t.is(planJoin({ ...joined, interfaces: [bridge('docker0', '10.1.1.1/24')] }, wanted).do, 'add-address');
  // Somebody gave the subnet to another interface meanwhile.
  const taken = { ...joined, interfaces: [bridge('docker0'), bridge('vpn0', '10.76.3.1/24')] };
  t.is(reasonOf(planJoin(taken, wanted)), 'SubnetTaken');
  // Neither an interface that is gone nor another subnet is cured by an address.
  const ours = { path: joined.path, bip: wanted, wrote: '', without: undefined, former: undefined };
  const journal = { ...emptyJournal, ours };
  t.is(reasonOf(planJoin({ ...joined, journal, interfaces: [] }, wanted)), 'ContainersRunning');
  t.is(reasonOf(planJoin({ ...joined, journal }, bip('10.76.4.1/24'))), 'ContainersRunning');
});

test('joining and leaving restores daemon.json, with the changes that others made', (t) => {
  const files = fc.constantFrom(undefined, '', '{}', '{ "mtu":1400 }', '{\n\t"mtu": 1400\n}\n', '{"a":{"bip":"x"}}');
  fc.assert(
    fc.property(files, fc.boolean(), fc.boolean(), (text, edited, moved) => {
      const file = text === undefined ? undefined : Buffer.from(text);
      const first = bip('10.76.3.1/24');
      let journal: Journal = emptyJournal;
      let now: Buffer | undefined = file;
      for (const wanted of moved ? [first, bip('10.76.9.1/24')] : [first]) {
        const plan = planJoin({ ...seen, file: now, journal }, wanted);
        if (plan.do !== 'apply') throw new Error(reasonOf(plan));
        now = plan.change.after;
        journal = { ...journal, ours: plan.change.ours };
        if (!bipsEqual(bipIn(now), wanted)) return false;
      }
      const docker0 = journal.ours?.bip ?? first;
      if (edited) now = Buffer.from(`${now}\n`);
      const inForce = {
        ...seen,
        file: now,
        journal,
        engine: { ...engine, networks: [defaultNetwork(formatPrefix(prefixOf(docker0.address, 24)))] },
        interfaces: [bridge('docker0', formatBip(docker0))],
      };
      const leave = planLeave(inForce, false);
      if (leave.do !== 'apply') throw new Error(reasonOf(leave));
      if (!bipsEqual(leave.change.bip, bip('172.17.0.1/16'))) return false;
      const back = planLeave(
        { ...seen, file: leave.change.after, journal: { ...journal, ours: leave.change.ours } },
        false,
      );
      if (back.do !== 'put-back') throw new Error(reasonOf(back));
      if (!edited) return contentHash(back.content) === contentHash(file);
      const taken = removeBip(now, docker0);
      return 'bytes' in taken && contentHash(back.content) === contentHash(taken.bytes);
    }),
  );
  t.pass();
});

test('a bip that failed is not tried again until an input changes', (t) => {
  const wanted = bip('10.76.3.1/24');
  const plan = planJoin(seen, wanted);
  if (plan.do !== 'apply') return t.fail();
  // As a rollback writes it down.
  const inputs = inputsOf({ ...plan.change, rollout: '' }, plan.change.before, engine.networks);
  const again = { ...seen, journal: { ...emptyJournal, givenUp: { inputs, message: 'no' } } };
  t.is(reasonOf(planJoin(again, wanted)), 'RolledBack');
  t.is(planJoin(again, bip('10.76.4.1/24')).do, 'apply');
  t.is(planJoin({ ...again, rollout: 'r-2' }, wanted).do, 'apply', 'an operator began another rollout');
  t.is(planJoin({ ...again, file: Buffer.from('{}') }, wanted).do, 'apply');
  t.is(planJoin({ ...again, flags: new Map([['mtu', '1400']]) }, wanted).do, 'apply');
  const beside = (cidr: string) => [...engine.networks, network('n', cidr)];
  t.is(reasonOf(planJoin({ ...again, engine: { ...engine, networks: beside('10.99.0.0/24') } }, wanted)), 'RolledBack');
  // One that overlapped was there when it failed, and is gone.
  const overlapped = inputsOf({ ...plan.change, rollout: '' }, plan.change.before, beside('10.76.3.128/25'));
  const freed = { ...seen, journal: { ...emptyJournal, givenUp: { inputs: overlapped, message: 'no' } } };
  t.is(planJoin(freed, wanted).do, 'apply');
  return t.is(planJoin({ ...again, byHand: true }, wanted).do, 'apply', 'an operator asks for it');
});

test('Docker is restarted at most three times an hour, unless an operator decides otherwise', (t) => {
  const wanted = bip('10.76.3.1/24');
  const plan = planJoin(seen, wanted);
  if (plan.do !== 'apply') return t.fail();
  const { without } = plan.change.ours;
  const decided = decidedBy(without, plan.change.circumstances);
  const minutesAgo = (...minutes: readonly number[]): Journal['restarts'] =>
    minutes.map((ago) => ({ atMs: seen.nowMs - ago * 60_000, decided, rollout: '', back: false }));
  const after = (restarts: Journal['restarts'], more: Partial<Journal> = {}): BipSeen => ({
    ...seen,
    journal: { ...emptyJournal, restarts, ...more },
  });
  t.is(planJoin(after(minutesAgo(1)), wanted).do, 'apply', 'it may fail, and be taken back by the third');
  const limited = after(minutesAgo(59, 1));
  const finding = planJoin(limited, wanted);
  t.like(finding.do === 'report' ? finding.finding : {}, { reason: 'RestartsLimited', transient: true });
  t.regex(finding.do === 'report' ? finding.finding.message : '', /again at 2026-01-01T12:01:00/);
  t.regex(finding.do === 'report' ? (finding.finding.fix ?? '') : '', /systemctl reload xnetd$/);
  t.is(
    reasonOf(planJoin(after(minutesAgo(59, 30, 1)), bip('10.76.4.1/24'))),
    'RestartsLimited',
    'whatever the lease is',
  );
  t.is(planJoin(after(minutesAgo(61, 1)), wanted).do, 'apply');
  t.is(planJoin(after(minutesAgo(-90, -80)), wanted).do, 'apply', 'the clock was set back');
  // Operators.
  t.is(planJoin({ ...limited, byHand: true }, wanted).do, 'apply');
  t.is(planJoin({ ...limited, file: Buffer.from('{"mtu": 1400}') }, wanted).do, 'apply');
  t.is(planJoin({ ...limited, flags: new Map([['mtu', '1400']]) }, wanted).do, 'apply');
  // After a failure the pause comes first.
  const failed = { givenUp: { inputs: 'other', message: 'no' } };
  t.is(reasonOf(planJoin(after(minutesAgo(0.5), failed), wanted)), 'RestartsLimited');
  t.is(planJoin(after(minutesAgo(2), failed), wanted).do, 'apply');
  // One that is down is started again and again, with pauses.
  const downSince = (...minutes: readonly number[]) => minutesAgo(...minutes).map((one) => ({ ...one, back: true }));
  t.is(startAt(minutesAgo(0.1), seen.nowMs, seen.restarts), 0);
  t.is(startAt(downSince(0.5), seen.nowMs, seen.restarts), seen.nowMs + 30_000);
  t.is(startAt(downSince(50, 40, 30, 20, 19, 18, 1), seen.nowMs, seen.restarts), seen.nowMs + 19 * 60_000);
  return t.is(startAt(downSince(2), seen.nowMs, seen.restarts), 0);
});

test('restarts with a permit do not count as repairs, and have a separate limit', (t) => {
  const wanted = bip('10.76.3.1/24');
  const plan = planJoin(seen, wanted);
  if (plan.do !== 'apply') return t.fail();
  const decided = decidedBy(plan.change.ours.without, plan.change.circumstances);
  type Made = readonly (readonly [minutesAgo: number, rollout: string])[];
  const next = (made: Made, rollout: string, more: Partial<BipSeen> = {}) => {
    const restarts = made.map(([ago, permit]) => ({
      atMs: seen.nowMs - ago * 60_000,
      decided,
      rollout: permit,
      back: false,
    }));
    return reasonOf(planJoin({ ...seen, rollout, journal: { ...emptyJournal, restarts }, ...more }, wanted));
  };
  const permits = (count: number): Made => Array.from({ length: count }, (_, index) => [50 - index, `r-1/${index}`]);
  const joined: Made = [[59, '']];
  t.is(next([...joined, [40, 'r-1/1']], 'r-1/2'), 'apply', 'joined, moved, to be moved back');
  t.is(next([...joined, [40, ''], [30, 'r-1/1']], 'r-2/1'), 'apply', 'whatever was repaired before');
  t.is(next([...joined, ...permits(10)], ''), 'apply', 'a repair after moves');
  t.is(next([...joined, [40, ''], ...permits(2)], ''), 'RestartsLimited', 'repairs are limited as before');
  t.is(
    next(
      [
        [20, 'r-1/1'],
        [10, 'r-1/1'],
      ],
      'r-1/1',
    ),
    'RestartsLimited',
    'a daemon that dies again and again in one step',
  );
  t.is(next(permits(10), 'r-2/1'), 'apply');
  t.is(next(permits(11), 'r-2/1'), 'RestartsLimited', 'one more is left, for a rollback');
  t.is(next([[61, 'r-0/1'], ...permits(10)], 'r-2/1'), 'apply', 'an hour later');
  return t.is(next(permits(12), 'r-2/1', { byHand: true }), 'apply', 'an operator asks for it');
});

test('the journal survives writing and reading, and a damaged one is not taken for an empty one', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-journal-'));
  try {
    t.deepEqual(await readJournal(folder), emptyJournal);
    const path = '/etc/docker/daemon.json';
    const ours = {
      path,
      bip: bip('10.76.3.1/24'),
      wrote: 'x',
      without: Buffer.from([0xff, 0xfe, 0]),
      former: undefined,
    };
    const journal: Journal = {
      ours: { ...ours, former: bip('172.17.0.1/16') },
      apply: {
        bip: bip('10.76.4.1/24'),
        leaving: false,
        force: true,
        byHand: true,
        rollout: 'r-1',
        restarting: true,
        direction: 'back',
        reason: 'it said "no"',
        before: undefined,
        after: Buffer.from('{}'),
        ours,
        circumstances: '["28"]',
        dockerd: { program: '/usr/sbin/dockerd', argv: ['-H', 'fd://'], major: 28 },
      },
      givenUp: { inputs: 'y', message: 'z' },
      toStart: ['a', 'b'],
      toConnect: [{ containerId: 'c', networkName: 'xnet', aliases: ['web'], address: parseIpv4('10.76.3.9') }],
      restarts: [{ atMs: 1_700_000_000_000, decided: 'd', rollout: 'r-1/1', back: true }],
      dropIn: { path: '/etc/systemd/system/docker.service.d/zz-xnet-bip.conf', text: '[Service]\n' },
    };
    await writeJournal(folder, journal);
    t.deepEqual(await readJournal(folder), journal);
    t.is(statSync(journalPath(folder)).mode & 0o777, 0o600);
    for (const damage of ['', '{', '{"version":2}', '{"version":1,"ours":{"bip":"x"}}']) {
      writeFileSync(journalPath(folder), damage);
      await t.throwsAsync(readJournal(folder), { code: 'Corrupt', message: /docker\.json is damaged/ }, damage);
    }
    await writeJournal(folder, emptyJournal);
    t.deepEqual(await readJournal(folder), emptyJournal);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
