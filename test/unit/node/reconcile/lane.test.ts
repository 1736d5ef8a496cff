// Turns, and changes that take effect between two of them.
import test from 'ava';
import { pino } from 'pino';
import type { Outcome } from '../../../../node/reconcile/effect.js';
import { Lane } from '../../../../node/reconcile/lane.js';
import { Paced } from '../../../../node/reconcile/paced.js';
import { silent } from '../../../support/controller.js';

const nothing: Outcome = { findings: [], changes: 0 };

test('a small change takes effect between two turns if the effect can, else by a turn', async (t) => {
  const seen: string[] = [];
  let heard = () => {};
  const next = () => new Promise<void>((resolve) => (heard = resolve));
  let desired = 'a';
  let can: 'can' | "can't" | 'throws' = 'can';
  let hold: Promise<void> | undefined;
  const lane = new Lane<string>({
    effect: {
      name: 'test',
      converge: async (wanted) => {
        seen.push(`turn ${wanted}`);
        await hold;
        return nothing;
      },
      advance: (wanted) => {
        if (can === 'throws') throw new Error('no');
        if (can === "can't") return undefined;
        seen.push(`advance ${wanted}`);
        return nothing;
      },
    },
    type: 'Routes',
    desired: () => desired,
    resyncMs: 600_000,
    log: silent,
    onTurn: () => heard(),
  });
  const stop = new AbortController();
  let turned = next();
  const ended = lane.run(stop.signal);
  await turned;
  for (const how of ['can', "can't", 'throws'] as const) {
    can = how;
    desired = how;
    turned = next();
    lane.advanceWithin(0);
    lane.advanceWithin(0);
    await turned;
  }
  t.deepEqual(seen, ['turn a', 'advance can', "turn can't", 'turn throws']);
  // During a turn: one more turn, since the effect is not at rest.
  can = 'can';
  let release = () => {};
  hold = new Promise((resolve) => (release = resolve));
  lane.trigger();
  await until(() => seen.length === 5);
  desired = 'later';
  lane.advanceWithin(0);
  await pause();
  hold = undefined;
  turned = next();
  release();
  await turned;
  await until(() => seen.length === 6);
  t.deepEqual(seen.slice(4), ['turn throws', 'turn later']);
  stop.abort();
  await ended;
});

test('a turn that is stopped tells what it has changed', async (t) => {
  const stop = new AbortController();
  const logged: string[] = [];
  const lane = new Lane<string>({
    effect: {
      name: 'test',
      converge: async () => {
        stop.abort();
        return { findings: [], changes: 1, what: ['take over "10.76.5.0/24 via 192.168.83.15"'] };
      },
    },
    type: 'Routes',
    desired: () => 'a',
    resyncMs: 600_000,
    log: pino({ base: null, timestamp: false }, { write: (line) => logged.push(line) }),
    onTurn: () => t.fail(),
  });
  await lane.run(stop.signal);
  t.is(logged.length, 1);
  t.regex(logged[0] ?? '', /"effect":"test","changes":1,"what":\["take over /);
});

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause();
}

test('a paced action follows the first request, is hastened by a more urgent one, and waits for its time after another', async (t) => {
  let acted = 0;
  const paced = new Paced(600_000, () => {
    acted += 1;
  });
  paced.within(600_000);
  t.true(paced.isDue);
  paced.within(0);
  paced.within(600_000);
  await until(() => acted > 0);
  t.false(paced.isDue);
  paced.within(0);
  await pause();
  t.deepEqual([acted, paced.isDue], [1, true]);
  paced.end();
  paced.within(0);
  t.false(paced.isDue);
});
