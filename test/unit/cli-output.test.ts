// What xctl prints, and what it makes of what is typed: all of it pure.
import test from 'ava';
import type { Command } from 'commander';
import fc from 'fast-check';
import pc from 'picocolors';
import { parse as parseYaml } from 'yaml';
import { labelsFrom } from '../../cli/commands/labels.js';
import { progressText, type WaitedOutput } from '../../cli/commands/wait.js';
import { wantedAt } from '../../cli/completion/candidates.js';
import { completionScripts } from '../../cli/completion/scripts.js';
import { forBash, splitLine } from '../../cli/completion/words.js';
import type { Colors } from '../../cli/output/columns.js';
import { type Format, formats } from '../../cli/output/formats.js';
import { hostCommand, shellText } from '../../cli/output/host-command.js';
import { type NodeOutput, nodeFromWire, nodeKind, stateText, whyNotReady } from '../../cli/output/node.js';
import { Output } from '../../cli/output/output.js';
import { type LeaseOutput, type PoolOutput, poolFromWire } from '../../cli/output/pool.js';
import { formatPoolMap, poolCells } from '../../cli/output/pool-map.js';
import { ProgressLine, Screen } from '../../cli/output/screen.js';
import { sortedBy } from '../../cli/output/sort.js';
import { clusterExitCode, formatStatus, isSettled, noTrust, statusFromWire } from '../../cli/output/status.js';
import { ageOf, formatAge, formatDuration, formatLeft, isoTime, parseDuration } from '../../cli/output/time.js';
import { makeProgram } from '../../cli/program.js';
import { callFailureOf, isPassing, noController } from '../../cli/unreachable.js';
import { changesBetween } from '../../cli/watch.js';
import { formatPrefix, subnetAt, subnetCount } from '../../proto/domain/address.js';
import { escaped } from '../../proto/domain/text.js';
import { exitCodeOf, XnetError } from '../../proto/errors.js';
import type { GetStatusResponse__Output } from '../../proto/gen/xnet/v1/GetStatusResponse.js';
import type { Node__Output } from '../../proto/gen/xnet/v1/Node.js';
import type { Pool__Output } from '../../proto/gen/xnet/v1/Pool.js';
import { problemLines } from '../../proto/process/problem.js';
import { formatTable } from '../../proto/process/table.js';
import { poolShape } from '../support/arbitrary.js';

const same = (text: string) => text;
const plain: Colors = { good: same, waiting: same, bad: same, faint: same, strong: same };
const nowMs = Date.UTC(2026, 10, 21, 10);

const wireNode: Node__Output = {
  id: 'n-85f97290490c',
  name: 'web-1',
  address: '192.168.83.11',
  labels: { zone: 'eu-1' },
  availability: 'AVAILABILITY_ACTIVE',
  mode: 'MODE_BIP',
  pool: 'default',
  subnet: '10.76.3.0/24',
  gateway: '10.76.3.1',
  generation: 1,
  createdMs: nowMs - 41 * 86_400_000,
  state: 'NODE_STATE_READY',
  seenMs: nowMs - 180_000,
  controller: 'ctl-1',
  conditions: [],
  routes: { desired: 49, installed: 49, conflicting: 0, unreachable: 0 },
  daemonVersion: '0.1.0',
  kernelVersion: '6.1',
  dockerVersion: '20.10.24',
  hostNetworks: [],
};
const node = (more: Partial<Node__Output> = {}): NodeOutput => nodeFromWire({ ...wireNode, ...more });
const failing = (type: string, reason: string, message: string) => ({
  type,
  ok: false,
  transient: false,
  reason,
  message,
  fix: '',
  sinceMs: nowMs,
});

// Any text at all, most of it harmless, some of it written to do harm.
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('\u001b[2J', 'a\u009b31mb', 'one\ntwo', '\u202egnp.exe', '\r\u0000', '\u2028'),
);
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const harmful = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

function outputFor(format: Format): { readonly output: Output; readonly written: string[] } {
  const written: string[] = [];
  const sink = { write: (text: string) => written.push(text) > 0 };
  const output = new Output({ format, colors: plain, quiet: false, data: sink, messages: sink, now: () => nowMs });
  return { output, written };
}

test('durations are read as they are written', (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), (ms) => {
      t.is(parseDuration(formatDuration(ms)), ms);
    }),
  );
  const cases: readonly (readonly [string, number | undefined])[] = [
    ['1h30m', 5_400_000],
    ['90s', 90_000],
    ['1.5h', 5_400_000],
    ['500ms', 500],
    ['2d', 172_800_000],
    ['', undefined],
    ['5', undefined],
    ['h', undefined],
    ['1h 30m', undefined],
    ['-5s', undefined],
    ['1e3s', undefined],
    ['9'.repeat(20).concat('d'), undefined],
  ];
  for (const [text, ms] of cases) t.is(parseDuration(text), ms, text);
  t.is(formatDuration(5_400_000), '1h30m');
  t.is(formatDuration(84.7), '84ms');
});

test('ages have one unit, never shrink as time passes, and never are negative', (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), fc.nat({ max: 2 ** 40 }), (a, b) => {
      const [early, late] = [Math.min(a, b), Math.max(a, b)];
      const length = (ms: number) => parseDuration(formatAge(0, ms)) ?? Number.NaN;
      t.regex(formatAge(0, a), /^\d+[smhd]$/);
      t.true(length(early) <= length(late));
      t.true(length(late) <= late);
    }),
  );
  const ages = [8_000, 119_000, 180_000, 7_199_000, 7_200_000, 41 * 86_400_000].map((ms) => formatAge(0, ms));
  t.deepEqual(ages, ['8s', '119s', '3m', '119m', '2h', '41d']);
  t.is(formatAge(5_000, 0), '0s');
  t.is(formatLeft(nowMs + 3_599_100, nowMs), '1h');
  t.is(formatLeft(nowMs - 1, nowMs), '0s');
  t.is(isoTime(0), null);
  t.is(isoTime(Number.MAX_SAFE_INTEGER), null);
  t.is(ageOf(null, nowMs), '-');
});

test('columns of a table stand under their headers', (t) => {
  const cell = fc.stringMatching(/^[!-~]{1,12}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell), { maxLength: 20 }), (rows) => {
      const headers = ['NAME', 'B', 'LAST'];
      const [head = '', ...lines] = formatTable(headers, rows);
      const second = head.indexOf(' B') + 1;
      const third = head.indexOf('LAST');
      t.is(lines.length, rows.length);
      for (const [index, line] of lines.entries()) {
        const [a, b, c] = rows[index] ?? ['', '', ''];
        t.is(line, `${a.padEnd(second)}${b.padEnd(third - second)}${c}`);
      }
    }),
  );
});

test('a table fits its terminal: columns go, the last is shortened, nothing is lost under -o wide', async (t) => {
  const rows = [['web-1', '192.168.83.11', '10.76.3.0/24', 'a message that is far too long for this']];
  const headers = ['NAME', 'ADDRESS', 'SUBNET', 'MESSAGE'];
  const at = (width: number | undefined, droppable: readonly number[] = []) =>
    formatTable(headers, rows, { width, droppable })[1];
  t.is(at(undefined), 'web-1  192.168.83.11  10.76.3.0/24  a message that is far too long for this');
  t.is(at(60), 'web-1  192.168.83.11  10.76.3.0/24  a message that is far t…');
  t.is(at(45, [1]), 'web-1  10.76.3.0/24  a message that is far t…', 'what is droppable goes first');
  t.is(at(40), 'web-1  192.168.83.11  10.76.3.0/24', 'then what stands last');
  t.is(at(8), 'web-1');
  t.is(at(3), 'we…');
  t.deepEqual(formatTable(headers, rows, { width: 60, headless: true }).length, 1);
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string({ maxLength: 30 }), { minLength: 4, maxLength: 4 })),
      fc.nat(200),
      (some, width) => {
        for (const line of formatTable(headers, some, { width, droppable: [2, 1] }))
          t.true(line.length <= Math.max(width, 1));
      },
    ),
  );
  const long = 'n'.repeat(40);
  const item = node({
    name: long,
    state: 'NODE_STATE_DEGRADED',
    conditions: [failing('Docker', 'RolledBack', 'x y '.repeat(40))],
  });
  const printed = async (format: Format) => {
    const sink = { write: () => true };
    const options = { format, colors: plain, quiet: false, data: sink, messages: sink, now: () => nowMs, width: 80 };
    return (await new Output(options).listText(nodeKind, [item])).split('\n');
  };
  const narrow = await printed('table');
  t.true(
    narrow.every((line) => line.length <= 80),
    narrow.join('\n'),
  );
  t.deepEqual(narrow[0]?.split(/ +/), ['NAME', 'SUBNET', 'STATE', 'ROUTES']);
  t.true((await printed('wide'))[0]?.includes('CONTROLLER'));
});

test('what to do about a problem stands on a line of its own, which is never broken', (t) => {
  const fix = `ip route del 10.76.1.0/24 via 10.0.0.1 dev ${'eth0'.repeat(12)}`;
  const lines = problemLines({ text: 'one two three four five six seven eight nine ten', fix }, plain.bad, 30);
  t.deepEqual(lines, ['! one two three four five six', '  seven eight nine ten', `    fix: ${fix}`]);
  t.deepEqual(problemLines({ text: 'one', fix: null }, plain.bad), ['! one']);
});

test('lists in the order of a field: names and addresses as people count, what has none last', (t) => {
  const of = (field: string, ...items: readonly object[]) =>
    sortedBy(items, field).map((item) => Object.values(item)[0]);
  t.deepEqual(of('name', { name: 'web-10' }, { name: 'web-9' }), ['web-9', 'web-10']);
  t.deepEqual(of('subnet', { subnet: '10.76.10.0/24' }, { subnet: '10.76.9.0/24' }), ['10.76.9.0/24', '10.76.10.0/24']);
  t.deepEqual(
    of('a.b', { n: 1, a: { b: null } }, { n: 2, a: { b: 20 } }, { n: 3, a: { b: 3 } }, { n: 4, a: null }),
    [3, 2, 1, 4],
  );
  t.throws(() => of('size', { name: 'a' }), { message: /there is no field "size"/ });
  t.throws(() => of('toString', { name: 'a' }), { message: /there is no field/ });
  t.deepEqual(of('anything'), []);
});

test('colours add nothing to the width of a column', (t) => {
  const { green } = pc.createColors(true);
  const rows = [
    [{ text: 'up', paint: green }, 'x'],
    ['down', 'y'],
  ];
  t.deepEqual(formatTable(['A', 'B'], rows), ['A     B', '\u001b[32mup\u001b[39m    x', 'down  y']);
});

test('no format lets a control character through, and programs read back what it was', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyText, anyText, anyText, async (name, message, version) => {
      const conditions = [failing('Docker', 'RolledBack', message)];
      const item = node({ name, daemonVersion: version, state: 'NODE_STATE_DEGRADED', conditions });
      for (const format of formats) {
        const { output } = outputFor(format);
        const text = await output.listText(nodeKind, [item], { revision: 7 });
        t.notRegex(text, harmful, format);
        const list = { schemaVersion: 1, nodes: [item], revision: 7 };
        if (format === 'json') t.deepEqual(JSON.parse(text), list);
        if (format === 'jsonl') t.deepEqual(JSON.parse(text), { schemaVersion: 1, ...item });
        if (format === 'yaml') t.deepEqual(parseYaml(text), list);
        if (format === 'name') t.is(text, escaped(name));
        if (format === 'table') t.is(text.split('\n').length, 3, 'a header, a row and a remark');
      }
    }),
    { numRuns: 300 },
  );
});

test('an empty list: a header for people, an empty list for programs, nothing where each line is an item', async (t) => {
  const printed = async (format: Format) => {
    const { output, written } = outputFor(format);
    await output.list(nodeKind, []);
    return written.join('');
  };
  t.is(await printed('table'), 'NAME  ADDRESS  SUBNET  STATE  ROUTES  DOCKER  AGE\n');
  t.deepEqual(JSON.parse(await printed('json')), { schemaVersion: 1, nodes: [] });
  t.is(await printed('jsonl'), '');
  t.is(await printed('name'), '');
});

test('a list of nodes as people see it', async (t) => {
  const nodes = [
    node(),
    node({ name: 'web-2', routes: { desired: 49, installed: 48, conflicting: 1, unreachable: 0 } }),
    node({
      name: 'db-1',
      state: 'NODE_STATE_DEGRADED',
      availability: 'AVAILABILITY_CORDONED',
      conditions: [failing('Docker', 'RolledBack', 'dockerd did not start'), failing('Routes', 'RouteConflict', '')],
    }),
    node({ name: 'db-2', state: 'NODE_STATE_DOWN' }),
    node({ name: 'db-3', state: 'NODE_STATE_REVOKED' }),
    node({ name: 'new-7', state: 'NODE_STATE_PENDING', routes: null, dockerVersion: '', createdMs: nowMs - 8_000 }),
  ];
  const { output } = outputFor('table');
  t.deepEqual((await output.listText(nodeKind, nodes)).split('\n'), [
    'NAME   ADDRESS        SUBNET        STATE              ROUTES   DOCKER      AGE',
    'web-1  192.168.83.11  10.76.3.0/24  ready              49/49    ready       41d',
    'web-2  192.168.83.11  10.76.3.0/24  ready              48/49 !  ready       41d',
    'db-1   192.168.83.11  10.76.3.0/24  degraded,cordoned  49/49    RolledBack  41d',
    'db-2   192.168.83.11  10.76.3.0/24  down 3m            -        -           41d',
    'db-3   192.168.83.11  10.76.3.0/24  revoked            -        -           41d',
    'new-7  192.168.83.11  10.76.3.0/24  pending            -        -           8s',
    '! db-1: Docker: dockerd did not start (and 1 more: xctl nodes show db-1)',
    '! db-2: its daemon is not connected, since 3m; its lease and the routes to it stay',
    '! db-3: it was revoked: no controller talks to it; its lease and the routes to it stay until it is removed',
    '    fix: xctl nodes remove db-3 --force',
    '! new-7: its daemon has never connected: start it on the host',
  ]);
});

test('what keeps a node from being ready is always told, and shortened for many', async (t) => {
  const states = ['PENDING', 'PROGRESSING', 'READY', 'DEGRADED', 'DOWN', 'UNSPECIFIED'] as const;
  for (const state of states) {
    const one = node({ state: `NODE_STATE_${state}` });
    t.is(whyNotReady(one, nowMs).length > 0, state !== 'READY', state);
    t.not(stateText(one, nowMs), '');
  }
  t.is(node({ state: 'NODE_STATE_UNSPECIFIED' }).state, 'unknown');
  const many = Array.from({ length: 30 }, (_, index) => node({ name: `web-${index}`, state: 'NODE_STATE_DOWN' }));
  const { output } = outputFor('table');
  const lines = (await output.listText(nodeKind, many)).split('\n').slice(31);
  t.is(lines.length, 11);
  t.is(lines.at(-1), '! and 20 more that are not ready: xctl nodes list --state down');
});

test('the map of a pool shows or counts every subnet', (t) => {
  const states = fc.array(fc.constantFrom('leased', 'reserved', 'quarantined', 'free', 'free', 'free'), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(poolShape, states, fc.nat({ max: 12 }), ({ cidr, subnetLength: length }, wanted, extra) => {
      const subnetLength = Math.min(30, length + extra);
      const total = subnetCount(cidr, subnetLength);
      fc.pre(total <= 2 ** 16);
      const pool: PoolOutput = poolFromWire({
        ...emptyPool,
        name: 'p',
        cidr: formatPrefix(cidr),
        subnetLength,
      });
      const leases = wanted.slice(0, total).flatMap((state, index): readonly LeaseOutput[] => {
        const at = Math.floor((index * total) / wanted.length);
        return state === 'free' ? [] : [leaseOf(formatPrefix(subnetAt(cidr, subnetLength, at)), state)];
      });
      const distinct = new Map(leases.map((lease) => [lease.subnet, lease]));
      const cells = poolCells(pool, [...distinct.values()]);
      const count = (symbol: string) => cells.filter((cell) => cell === symbol).length;
      t.is(cells.length, total);
      for (const [state, symbol] of [
        ['leased', '#'],
        ['reserved', 'r'],
        ['quarantined', 'q'],
      ] as const) {
        t.is(count(symbol), [...distinct.values()].filter((lease) => lease.state === state).length);
      }
      const lines = formatPoolMap(pool, [...distinct.values()], plain);
      const legend = lines.indexOf('');
      const shown = lines.slice(0, legend).map((line) => {
        const counted = /: (\d+) (?:free|more)/.exec(line)?.[1];
        return counted === undefined ? (/ {2}([#rq.]+)$/.exec(line)?.[1]?.length ?? Number.NaN) : Number(counted);
      });
      t.is(
        shown.reduce((sum, one) => sum + one, 0),
        total,
      );
      t.true(lines.length <= 52);
    }),
  );
});

const emptyPool: Pool__Output = {
  name: '',
  cidr: '10.76.0.0/16',
  subnetLength: 24,
  mode: 'MODE_BIP',
  networkName: 'xnet',
  bridgeName: 'xnet0',
  quarantineSeconds: 3600,
  reservations: [],
  createdMs: nowMs,
  usage: null,
};

function leaseOf(subnet: string, state: string): LeaseOutput {
  return { subnet, pool: 'p', state, node: null, nodeId: null, generation: 0, since: null, until: null, reason: '' };
}

test('a reservation of many subnets is drawn under what is leased of it', (t) => {
  const pool = poolFromWire({ ...emptyPool, cidr: '10.76.0.0/21' });
  const leases = [leaseOf('10.76.5.0/24', 'leased'), leaseOf('10.76.4.0/22', 'reserved')];
  t.is(poolCells(pool, leases).join(''), '....r#rr');
  t.deepEqual(poolCells(pool, [leaseOf('garbage', 'leased'), leaseOf('10.77.0.0/24', 'leased')]), Array(8).fill('.'));
});

test('the command for a host names controllers that it can reach, or says that there are none', (t) => {
  const tcp = { kind: 'tcp', host: '192.168.83.2', port: 7400 } as const;
  const commandOf = (listening: readonly string[], connected?: typeof tcp) =>
    hostCommand({ listening, connected, tokenFile: '-', anyHost: false });
  const reach = (listening: readonly string[], connected?: typeof tcp) => {
    const { argv, note } = commandOf(listening, connected);
    return [argv[3], note === null];
  };
  t.deepEqual(commandOf(['192.168.83.2:7401']).argv, [
    ...['xnetd', 'join', '--controller', '192.168.83.2:7401', '--token-file', '-'],
  ]);
  t.deepEqual(reach(['127.0.0.1:7401', '192.168.83.2', 'ctl-2:7501', 'ctl-2:7501']), [
    '192.168.83.2:7401,ctl-2:7501',
    true,
  ]);
  t.deepEqual(reach(['0.0.0.0:7501'], tcp), ['192.168.83.2:7501', true], 'the port to join by, not that of the API');
  t.deepEqual(reach(['0.0.0.0:7501']), ['CONTROLLER:7501', false]);
  t.deepEqual(reach(['127.0.0.1:7501']), ['127.0.0.1:7501', false]);
  t.deepEqual(reach([]), ['CONTROLLER:7401', false]);
  t.is(shellText(['a', "b'c d", '$(x)']), `a 'b'\\''c d' '$(x)'`);
});

test('the line of progress', (t) => {
  const waited: WaitedOutput = {
    nodes: 41,
    routed: 41,
    elapsedMs: 84,
    pending: [],
    downCount: 0,
    down: [],
    ready: false,
    done: true,
  };
  t.is(progressText(waited, 'routed', ''), 'routed on 41/41 nodes, 84 ms');
  t.is(progressText({ ...waited, elapsedMs: null }, 'routed', ''), 'routed on 41/41 nodes');
  t.is(
    progressText({ ...waited, downCount: 3, down: ['db-1', 'db-2'] }, 'routed', ''),
    'routed on 41/41 nodes, 84 ms (3 down: db-1, db-2 and 1 more)',
  );
  t.is(
    progressText({ ...waited, nodes: 0, routed: 0 }, 'ready', 'Docker: x'),
    'no other node is connected; not ready: Docker: x',
  );
  t.is(progressText({ ...waited, ready: true }, 'ready', ''), 'routed on 41/41 nodes, 84 ms; ready');
});

const wireStatus: GetStatusResponse__Output = {
  clusterId: 'c-1',
  epoch: 1,
  revision: 12,
  controller: 'ctl-1',
  version: '0.1.0',
  controllers: [{ id: 'ctl-1', version: '0.1.0', startedMs: nowMs, sessions: 2, addresses: ['unix:/run/x.sock'] }],
  store: {
    endpoints: ['http://127.0.0.1:2379'],
    embedded: true,
    connected: true,
    refusal: '',
    resyncs: 0,
    warnings: [],
  },
  pools: [],
  nodes: { total: 2, ready: 2, progressing: 0, degraded: 0, down: 0, pending: 0, revoked: 0 },
  undecodable: [],
  problems: [],
};

test('an etcd that others can reach is told before everything else', (t) => {
  const { store } = wireStatus;
  if (store === null) return t.fail();
  const status = statusFromWire(
    { ...wireStatus, store: { ...store, warnings: ['etcd at http://e:1 is open'] } },
    noTrust,
    nowMs,
  );
  t.is(formatStatus(status, { colors: plain, nowMs })[0], '! WARNING etcd at http://e:1 is open');
  t.is(clusterExitCode(status), 0);
});

test('what is wrong decides the exit code of status', (t) => {
  const { store, nodes } = wireStatus;
  if (store === null || nodes === null) throw new Error('the example is not complete');
  const cases: readonly (readonly [string, Partial<GetStatusResponse__Output>, number, boolean])[] = [
    ['well', {}, 0, true],
    ['pending', { nodes: { ...nodes, pending: 1 } }, 0, true],
    ['progressing', { nodes: { ...nodes, progressing: 1 } }, 0, false],
    ['down', { nodes: { ...nodes, down: 1 } }, 8, false],
    ['degraded', { nodes: { ...nodes, degraded: 1 } }, 8, false],
    ['a port', { problems: [{ text: "can't listen on 10.0.0.9:7400", fix: 'give another' }] }, 8, false],
    ['another version', { version: '9.9.9' }, 0, true],
    ['undecodable', { undecodable: [{ key: 'nodes/x', problem: 'not JSON' }] }, 8, false],
    [
      'exhausted',
      { pools: [{ ...emptyPool, usage: { total: 4, leased: 4, reserved: 0, quarantined: 0, free: 0 } }] },
      8,
      false,
    ],
    ['store lost', { store: { ...store, connected: false } }, 6, false],
    ['refused', { store: { ...store, refusal: 'another cluster' } }, 6, false],
    ['starting', { clusterId: '', nodes: null }, 6, false],
    ['nothing', { store: null, nodes: null, clusterId: '' }, 6, false],
  ];
  for (const [what, more, code, settled] of cases) {
    const status = statusFromWire({ ...wireStatus, ...more }, noTrust, nowMs);
    t.is(clusterExitCode(status), code, what);
    t.is(isSettled(status), settled, what);
    t.is(status.problems.length === 0, code === 0, what);
  }
});

test('the changes of a list lead from one version to the next', (t) => {
  const some = fc.uniqueArray(fc.record({ name: fc.constantFrom<string>('a', 'b', 'c', 'd'), address: fc.nat(2) }), {
    selector: ({ name }) => name,
  });
  const kind = { ...nodeKind, nameOf: (item: { name: string }) => item.name, columns: [], remarks: () => [] };
  fc.assert(
    fc.property(some, some, (before, after) => {
      const state = new Map(before.map((item) => [item.name, item]));
      for (const { event, ...item } of changesBetween(kind, before, after)) {
        const { name } = item;
        t.is(state.has(name), event !== 'added');
        if (event === 'removed') state.delete(name);
        else state.set(name, item);
      }
      const sorted = (items: Iterable<{ name: string }>) => [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
      t.deepEqual(sorted(state.values()), sorted(after));
      t.deepEqual(changesBetween(kind, after, after), []);
    }),
  );
});

test('on a terminal a screen is drawn again in place and cut to its size, elsewhere one after the other', (t) => {
  const terminal = (isTTY: boolean) => {
    const written: string[] = [];
    return { isTTY, columns: 10, rows: 4, written, write: (text: string) => written.push(text) };
  };
  const tty = terminal(true);
  const screen = new Screen(tty, '');
  screen.draw('one\ntwo\nthree\nfour\nfive');
  screen.draw('a line that is too long');
  t.deepEqual(tty.written, [
    '\u001b[H\u001b[Jone\u001b[K\ntwo\u001b[K\n… 3 more\u001b[K\n\u001b[J',
    '\u001b[Ha line th…\u001b[K\n\u001b[J',
  ]);
  const file = terminal(false);
  const appended = new Screen(file, '---');
  appended.draw('one');
  appended.draw('two');
  t.is(file.written.join(''), 'one\n---\ntwo\n');
  const line = terminal(true);
  const progress = new ProgressLine(line);
  for (const text of ['1/2', '1/2', '2/2']) progress.set(text);
  progress.end();
  progress.end();
  t.is(line.written.join(''), '\r1/2\u001b[K\r2/2\u001b[K\n');
});

test('why no controller answers, where each was tried, and what to do', (t) => {
  const unix = { kind: 'unix', path: '/run/x.sock' } as const;
  const tcp = { kind: 'tcp', host: '192.168.83.2', port: 7400 } as const;
  const refused = (text: string) =>
    new XnetError('Unavailable', `No connection established. Last error: Error: connect ${text}. Resolution note: `);
  const cases: readonly (readonly [XnetError, string, boolean, boolean])[] = [
    [refused('ECONNREFUSED 192.168.83.2:7400'), 'connection refused', true, false],
    [refused('ENOENT /run/x.sock'), 'there is no such socket', true, false],
    [refused('EACCES /run/x.sock'), 'permission denied', true, false],
    [
      new XnetError('Unavailable', 'Name resolution failed for target dns:x:7400'),
      'there is no host of that name',
      true,
      false,
    ],
    [new XnetError('Unavailable', 'read ECONNRESET'), 'the connection was cut', true, true],
    [new XnetError('DeadlineExceeded', 'Deadline exceeded after 5.0s,LB pick: 0.1s'), 'no answer in time', true, false],
    [
      new XnetError('DeadlineExceeded', 'Deadline exceeded after 5.0s,remote_addr=1.2.3.4:7400'),
      'no answer in time',
      true,
      true,
    ],
    [
      new XnetError('Internal', 'Received HTTP status code 404'),
      'what answers there is no xnet controller of this version',
      true,
      true,
    ],
    [new XnetError('NotFound', 'there is no node "x"'), 'there is no node "x"', false, true],
  ];
  for (const [error, text, passing, sent] of cases) {
    const failure = callFailureOf(tcp, error);
    t.deepEqual([failure.text, isPassing(failure), failure.sent], [text, passing, sent], error.message);
  }
  const one = noController([callFailureOf(unix, refused('EACCES /run/x.sock'))], { timeoutMs: 1_000, changing: false });
  t.is(one.message, 'no controller answers: unix:/run/x.sock: permission denied');
  t.is(one.hint, 'unix:/run/x.sock is for root and the group xnet: use sudo, or a context (xctl contexts --help)');
  t.is(exitCodeOf(one.code), 6);
  const cut = callFailureOf(tcp, new XnetError('Unavailable', 'read ECONNRESET'));
  const two = noController([cut, callFailureOf(unix, refused('ENOENT'))], { timeoutMs: 15_000, changing: true });
  t.is(two.message, 'no controller answers within 15s');
  t.deepEqual(two.problems, ['192.168.83.2:7400: the connection was cut', 'unix:/run/x.sock: there is no such socket']);
  t.regex(two.hint ?? '', /whether it was done is not known/);
});

test('labels are typed as key=value, and all that are not are told', (t) => {
  t.deepEqual(labelsFrom(['zone=eu-1', 'empty=', 'a=b=c', 'zone=eu-2']), { zone: 'eu-2', empty: '', a: 'b=c' });
  const error = t.throws(() => labelsFrom(['a', '=b', 'c=d']), { instanceOf: XnetError });
  t.is(error?.problems.length, 2);
});

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

test('every command says what it does, shows examples, and every change can be tried', (t) => {
  const program = makeProgram();
  const leaves = everyCommand(program).filter(({ commands }) => commands.length === 0);
  const changes = /^(init|create|remove|reserve|unreserve|add|set|cordon|uncordon|release|issue|revoke|rotate)$/;
  t.true(leaves.length >= 20);
  for (const command of leaves) {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    t.regex(help, /\nExamples:\n {2}(xctl|source) /, command.name());
    t.regex(help, /\nOptions that every command takes: xctl options\n$/, command.name());
    t.false(help.includes('--no-color'), 'they stand there, not in each help');
    t.not(command.description(), '', command.name());
    for (const thing of [...command.options, ...command.registeredArguments])
      t.not(thing.description, '', command.name());
    t.is(
      command.options.some(({ long }) => long === '--dry-run'),
      changes.test(command.name()) && command.parent?.name() !== 'contexts',
      command.name(),
    );
  }
  const nouns = program.commands.filter((command) => command.commands.length > 0 && command.name() !== 'ca');
  for (const noun of nouns) t.is(`${noun.alias()}s`, noun.name());
  for (const list of leaves.filter((command) => command.name() === 'list')) {
    t.is(list.alias(), 'ls');
    // Nobody but their owner changes contexts.
    t.true(list.options.some(({ long }) => long === '--watch') || list.parent?.name() === 'contexts');
    for (const flag of ['--sort-by', '--no-headers'])
      t.true(
        list.options.some(({ long }) => long === flag),
        flag,
      );
  }
});

test('what can stand at the cursor', (t) => {
  const program = makeProgram();
  const at = (line: string) => {
    const { before, current } = splitLine(line);
    const { candidates, source, prefix } = wantedAt(program, { before: before.slice(1), current });
    return [candidates.map(({ value }) => value).join(' '), source, prefix];
  };
  t.deepEqual(at('xctl '), [
    'init contexts pools controllers nodes leases routes events status tokens certs ca audit completion options help',
    undefined,
    '',
  ]);
  t.deepEqual(at('xctl po'), ['pools', undefined, '']);
  t.deepEqual(at('xctl node un'), ['uncordon', undefined, '']);
  t.deepEqual(at('xctl -o json nodes li'), ['list', undefined, '']);
  t.deepEqual(at('xctl nodes list -o y'), ['yaml', undefined, '']);
  t.deepEqual(at('xctl nodes list --output=j'), ['--output=json --output=jsonl', undefined, '--output=']);
  t.deepEqual(at('xctl nodes list --state de'), ['degraded', undefined, '']);
  t.deepEqual(at('xctl nodes show '), ['', 'nodes', '']);
  t.deepEqual(at('xctl nodes show web-1 '), ['', 'nodes', ''], 'several names');
  t.deepEqual(at('xctl pools reserve default 10.0.0.0/24 '), ['', undefined, '']);
  t.deepEqual(at('xctl contexts import a'), ['', 'files', '']);
  t.deepEqual(at('xctl nodes add web-1 --token-out '), ['', 'files', '']);
  t.deepEqual(at('xctl nodes list -l zone=a,ti'), ['', 'labels', 'zone=a,']);
  t.deepEqual(at('xctl nodes list --selector=zone=a,ti'), ['', 'labels', '--selector=zone=a,']);
  t.deepEqual(at('xctl nodes set web-1 --remove-label '), ['', 'label-keys', '']);
  t.deepEqual(at('xctl nodes rm --force w'), ['', 'nodes', '']);
  t.deepEqual(at('xctl nodes add web-1 --pool '), ['', 'pools', '']);
  t.deepEqual(at('xctl nodes add web-1 --pool=d'), ['', 'pools', '--pool=']);
  t.deepEqual(at('xctl nodes add web-1 --subnet '), ['', undefined, '']);
  t.deepEqual(at('xctl nodes add web-1 --wait r'), ['routed ready', undefined, '']);
  t.deepEqual(at('xctl nodes add web-1 --wait --dr'), ['--dry-run', undefined, '']);
  t.deepEqual(at('xctl pools reserve d'), ['', 'pools', '']);
  t.deepEqual(at('xctl leases release '), ['', 'quarantined', '']);
  t.deepEqual(at('xctl events --node w'), ['', 'nodes', '']);
  t.deepEqual(at('xctl completion '), ['bash zsh fish', undefined, '']);
  t.deepEqual(at('xctl nodes add web-1 --label a=b --lab'), ['--label', undefined, '']);
  t.deepEqual(at('xctl nodes set web-1 --address 1.2.3.4 --addr'), ['', undefined, '']);
  t.deepEqual(at('xctl --controller unix:/x nodes l'), ['list', undefined, '']);
  t.deepEqual(at('xctl nothing like this '), [
    'init contexts pools controllers nodes leases routes events status tokens certs ca audit completion options help',
    undefined,
    '',
  ]);
  const { controller } = wantedAt(program, splitLine('--controller unix:/run/x.sock nodes show '));
  t.is(controller, 'unix:/run/x.sock');
});

test('a line is split as a shell splits it, and bash gets what it replaces', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z0-9./:=-]{1,8}$/)),
      fc.stringMatching(/^[a-z]{0,5}$/),
      (words, last) => {
        t.deepEqual(splitLine([...words, last].join('  ')), { before: words, current: last });
      },
    ),
  );
  t.deepEqual(splitLine(`a 'b c' "d \\" e" f\\ g ''`), { before: ['a', 'b c', 'd " e', 'f g'], current: '' });
  t.deepEqual(splitLine(`a 'open qu`), { before: ['a'], current: 'open qu' });
  t.is(forBash('--mode=bip', '--mode=b'), 'bip');
  t.is(forBash('unix:/run', 'unix:/r'), '/run');
  t.is(forBash('web-1', 'we'), 'web-1');
  for (const script of Object.values(completionScripts)) t.regex(script, /xctl __complete/);
});
