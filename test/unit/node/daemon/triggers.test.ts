// What happens on a host, and which lane takes a turn for it, how soon and how often.
import test from 'ava';
import { Triggers, type TriggersOptions } from '../../../../node/daemon/triggers.js';
import type { EngineEvent } from '../../../../node/docker/engine/engine.js';
import { staleBy, type Urgency, urgencyOf } from '../../../../node/firewall/interest.js';
import type { HostListener } from '../../../../node/kernel/host-monitor.js';
import type { TouchedObject } from '../../../../node/kernel/nftables-touched.js';
import { dueAt } from '../../../../node/reconcile/debounce.js';
import { Lane } from '../../../../node/reconcile/lane.js';
import { ipv4FromNumber, prefixOf } from '../../../../proto/domain/address.js';
import { makeLog } from '../../../../proto/process/log.js';

const touched = (text: string): TouchedObject => {
  const [sign, kind = '', family = '', table = '', chain = ''] = text.split(' ');
  const kinds = ['table', 'chain', 'rule', 'set', 'element'] as const;
  return {
    kind: kinds.find((each) => each === kind) ?? 'other',
    family: family === 'ip' || family === 'inet' ? family : 'other',
    table,
    chain,
    isBase: text.endsWith(' base'),
    removed: sign === '-',
  };
};

test('the objects that an nftables commit touched decide what is listed again, and how soon', (t) => {
  const bases = new Set(['inet guard']);
  const behind = new Set(['mine', 'DOCKER-FORWARD']);
  for (const [text, stale, urgency] of [
    ['+ rule ip xnet from-peers', 'own', 'now'],
    ['+ element ip xnet', 'own', 'now'],
    ['- rule ip filter DOCKER-USER', 'iptables', 'now'],
    ['+ rule ip filter DOCKER-USER', 'iptables', 'soon'],
    ['+ rule ip filter mine', 'iptables', 'soon'],
    ['- rule ip filter DOCKER-FORWARD', 'iptables', 'soon'],
    ['+ rule ip filter DOCKER', 'iptables', 'never'],
    ['+ rule ip filter INPUT', 'iptables', 'never'],
    ['+ rule ip nat mine', '', 'never'],
    ['+ rule ip raw PREROUTING', 'iptables', 'soon'],
    ['- rule ip raw PREROUTING', 'iptables', 'now'],
    ['+ rule ip raw OUTPUT', 'iptables', 'never'],
    ['- table ip raw', 'iptables', 'now'],
    ['+ rule ip nat DOCKER', '', 'never'],
    ['+ rule ip mangle FORWARD', 'iptables', 'never'],
    ['+ rule inet guard fwd', 'others', 'soon'],
    ['+ element inet guard', '', 'never'],
    ['+ chain inet new fwd base', 'others', 'soon'],
    ['+ chain inet new fwd', '', 'never'],
    ['+ rule inet f2b in', '', 'never'],
    ['+ chain other guard fwd base', '', 'never'],
  ] as const) {
    const seen = staleBy([touched(text)], bases);
    const names = (['own', 'iptables', 'others'] as const).filter((name) => seen[name]);
    t.deepEqual([names.join(' '), urgencyOf([touched(text)], bases, behind)], [stale, urgency], text);
  }
  t.is(urgencyOf(['+ rule ip nat DOCKER', '+ element ip xnet'].map(touched), bases, behind), 'now');
  t.is(urgencyOf([], bases, behind), 'never');
});

test('triggers in quick succession are merged, for a second at most', (t) => {
  const options = { quietMs: 200, longestMs: 1_000 };
  t.is(dueAt(0, 0, options), 200);
  t.is(dueAt(0, 700, options), 900);
  t.is(dueAt(0, 900, options), 1_000);
  t.is(dueAt(0, 1_500, options), 1_000);
});

test('a lane takes one turn for many triggers', async (t) => {
  const stop = new AbortController();
  let turns = 0;
  const lane = new Lane<string>({
    effect: {
      name: 'test',
      converge: async () => {
        turns += 1;
        return { findings: [], changes: 0 };
      },
    },
    type: 'Firewall',
    desired: () => 'all',
    resyncMs: 3_600_000,
    log: makeLog('xnetd', 'error'),
    onTurn: () => undefined,
    onBeat: () => beat?.(),
  });
  let beat: (() => void) | undefined;
  const nextTurn = () =>
    new Promise<void>((resolve) => {
      beat = resolve;
    });
  const first = nextTurn();
  const running = lane.run(stop.signal);
  await first;
  t.is(turns, 1);
  const second = nextTurn();
  for (let reasons = 0; reasons < 1_000; reasons += 1) lane.triggerSoon();
  await second;
  t.is(turns, 2);
  stop.abort();
  await running;
});

function scene(events: readonly EngineEvent[] = [], waits = false, onLan = false) {
  const told: string[] = [];
  let listener: HostListener = () => undefined;
  let urgency: Urgency = 'never';
  let ofMirror: (changes: ReadonlySet<string>) => void = () => undefined;
  const gateway = ipv4FromNumber(0x0a4c0301);
  const address = { ifindex: 3, address: gateway };
  const addresses = [address];
  const lane = (name: string) => ({
    trigger: () => void told.push(`${name} now`),
    triggerSoon: () => void told.push(`${name} soon`),
  });
  const engine = {
    events: async function* () {
      yield* events;
    },
  };
  const options = {
    host: {
      monitor: {
        onChange: (given: HostListener) => {
          listener = given;
          return () => undefined;
        },
      },
      mirror: {
        links: new Map([[3, { ifindex: 3, name: 'docker0', flags: 1 }]]),
        addresses,
        onChange: (given: typeof ofMirror) => {
          ofMirror = given;
          return () => undefined;
        },
      },
      engineFacts: { forget: () => void told.push('facts forgotten') },
      docker: { engine },
      firewall: { urgencyOf: () => urgency },
    },
    lanes: { routes: lane('routes'), firewall: lane('firewall'), docker: lane('docker'), lan: lane('lan') },
    own: () => [{ subnet: prefixOf(gateway, 24), bridge: 'docker0' }],
    isOnLan: () => onLan,
    dockerWaits: () => waits,
    onContainers: () => void told.push('containers'),
  };
  const triggers = new Triggers(options as unknown as TriggersOptions);
  triggers.listen();
  return {
    told,
    triggers,
    /** docker0 loses its gateway address, or gets it back. */
    flip: () => {
      if (addresses.pop() === undefined) addresses.push(address);
      ofMirror(new Set(['address']));
      return told.splice(0);
    },
    change: (changes: readonly Parameters<HostListener>[0][], how: Urgency = 'never') => {
      urgency = how;
      for (const each of changes) listener(each, []);
      return told.splice(0);
    },
  };
}

test('nftables commits cause no Docker call, and trigger only the lane that they concern', (t) => {
  const { change } = scene();
  const commit = new Set(['nftables'] as const);
  t.deepEqual(change([commit, commit], 'never'), []);
  t.deepEqual(change([commit], 'soon'), ['firewall soon']);
  t.deepEqual(change([commit], 'now'), ['firewall now']);
  t.deepEqual(change([new Set(['forwarding'] as const)]), ['firewall now']);
  t.deepEqual(change([new Set(['route', 'nftables'] as const)], 'soon'), ['firewall soon', 'routes now']);
  // Somebody who undoes our work again and again.
  const storm = change(
    Array.from({ length: 100 }, () => commit),
    'now',
  );
  t.is(storm.length, 100);
  t.true(storm.filter((turn) => turn === 'firewall now').length <= 12);
});

test('on a host of LAN mode, any change of routes or addresses triggers a turn at once, and not endlessly', (t) => {
  const { change } = scene([], false, true);
  const route = new Set(['route'] as const);
  t.deepEqual(change([route]), ['routes now', 'lan now']);
  t.deepEqual(change([new Set(['nftables'] as const)]), []);
  const storm = change(Array.from({ length: 100 }, () => route));
  t.true(storm.filter((turn) => turn === 'lan now').length <= 12);
});

test('a removed gateway address is restored at once, and not endlessly', (t) => {
  const { flip } = scene();
  t.deepEqual(flip(), ['docker now']);
  t.deepEqual(flip(), ['docker now'], 'it is there again');
  const storm = Array.from({ length: 100 }, flip).flat();
  t.is(storm.length, 100);
  t.true(storm.filter((turn) => turn === 'docker now').length <= 12);
});

test('container events trigger no turn while Docker is as desired', async (t) => {
  const containers = (['create', 'start', 'die', 'destroy'] as const).map(
    (action): EngineEvent => ({
      kind: 'container',
      action,
      id: 'c',
    }),
  );
  const network = (action: string): EngineEvent => ({ kind: 'network', action, id: 'n' });
  const follow = async (events: readonly EngineEvent[], waits: boolean) => {
    const { told, triggers } = scene(events, waits);
    await triggers.followDocker(new AbortController().signal);
    return told;
  };
  const uses = ['containers', 'containers'];
  const health: EngineEvent = { kind: 'container', action: 'exec_start: true', id: 'c' };
  t.deepEqual(await follow([network('connect'), health, network('disconnect')], false), uses);
  t.deepEqual(await follow(containers, false), [...uses, 'containers']);
  t.deepEqual(
    await follow(containers, true),
    containers.flatMap(({ kind }, index) =>
      kind === 'container' && index > 0 ? ['containers', 'docker soon'] : ['docker soon'],
    ),
  );
  t.deepEqual(await follow([network('create'), network('destroy')], false), ['docker soon', 'docker soon']);
  for (const event of [
    { kind: 'connected' },
    { kind: 'disconnected' },
    { kind: 'daemon', action: 'reload', id: '' },
  ] as const) {
    t.deepEqual(await follow([event], false), ['facts forgotten', 'docker now', 'firewall now']);
  }
});
