// Runs the tests and prints a summary: failures and skipped tests with their reasons, and a last line for programs.
// usage: node dist/test/run.js [PART]...     PART: unit, contract, integration, net, chaos, e2e; all by default
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

// Files with real dockerds and machines mostly wait, for programs that start and stop, while the others compute: both lanes
// run at once, so that a machine with two cores is neither idle nor overloaded.
const lanes = [
  { parts: ['unit', 'contract', 'integration', 'net', 'chaos'], concurrency: 2 },
  { parts: ['e2e'], concurrency: 2 },
] as const;

type Tally = {
  passed: number;
  skipped: number;
  readonly failed: string[];
  readonly skips: Set<string>;
};

const root = fileURLToPath(new URL('../../', import.meta.url));
const tests = fileURLToPath(new URL('./', import.meta.url));

// TAP 13: one line per test, indented details below a failed one, comments for the output of a test.
function read(line: string, tally: Tally): void {
  const result = /^(not )?ok \d+ - (.*)$/.exec(line);
  if (result !== null) {
    const [, failed, title = ''] = result;
    if (/# SKIP\b/i.test(title)) tally.skipped += 1;
    else if (failed === undefined) tally.passed += 1;
    else tally.failed.push(title);
    const seconds = String(Math.round((performance.now() - began) / 1000)).padStart(5);
    process.stdout.write(`${failed === undefined ? '  ok  ' : 'FAILED'} ${seconds} s  ${title}\n`);
    return;
  }
  const skip = /SKIP .*/.exec(line);
  if (skip !== null) tally.skips.add(skip[0]);
  if (/^(TAP version|1\.\.\d+|# (tests|pass|fail|skip) \d+|\s*)$/.test(line)) return;
  process.stdout.write(`       ${line}\n`);
}

function runLane(parts: readonly string[], concurrency: number, tally: Tally): Promise<number> {
  const patterns = parts.map((part) => `${tests.slice(root.length)}${part}/**/*.test.js`);
  const ava = spawn(
    process.execPath,
    ['node_modules/ava/entrypoints/cli.mjs', '--tap', '--concurrency', String(concurrency), ...patterns],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, FORCE_COLOR: '0' } },
  );
  createInterface({ input: ava.stdout }).on('line', (line) => read(line, tally));
  createInterface({ input: ava.stderr }).on('line', (line) => read(line, tally));
  return new Promise((resolve) => ava.once('close', (code) => resolve(code ?? 1)));
}

const wanted = process.argv.slice(2);
const known: readonly string[] = lanes.flatMap((lane) => lane.parts);
const unknown = wanted.filter((part) => !known.includes(part));
if (unknown.length > 0) {
  process.stderr.write(`no such part: ${unknown.join(', ')}; there are ${known.join(', ')}\n`);
  process.exit(2);
}
const began = performance.now();
const tally: Tally = { passed: 0, skipped: 0, failed: [], skips: new Set() };
const codes = await Promise.all(
  lanes
    .map(({ parts, concurrency }) => ({
      chosen: parts.filter((part) => wanted.length === 0 || wanted.includes(part)),
      concurrency,
    }))
    .filter(({ chosen }) => chosen.length > 0)
    .map(({ chosen, concurrency }) => runLane(chosen, concurrency, tally)),
);
const worst = Math.max(0, ...codes);
// A file that crashes or hangs fails the run without a failed test of its own.
if (worst !== 0 && tally.failed.length === 0) tally.failed.push('a test file did not end as it should: see above');
process.stdout.write(`\n${Math.round((performance.now() - began) / 1000)} s\n`);
for (const skip of tally.skips) process.stdout.write(`${skip}\n`);
if (tally.skipped > 0) process.stdout.write(`${tally.skipped} skipped\n`);
for (const title of tally.failed) process.stdout.write(`FAILED ${title}\n`);
process.stdout.write(`${tally.passed} passed, ${tally.failed.length} failed\n`);
process.exitCode = tally.failed.length > 0 ? 1 : 0;
