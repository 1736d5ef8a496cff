// The quality of the path between two places of the lab: throughput of one stream, and round-trip time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemPath } from '../../deploy/lab/paths.js';
import { exec } from '../../proto/process/exec.js';
import { Wrong } from './figure.js';
import { median } from './statistics.js';

/** Enter is a command prefix that runs a command in a place's network. */
export type Enter = readonly [string, ...string[]];

/** PathEnds holds two places; traffic goes from the first to the second, at this address. */
export type PathEnds = { readonly from: Enter; readonly to: Enter; readonly address: string };

/** PathQuality is the result of a measurement. */
export type PathQuality = { readonly gbitPerSecond: number; readonly roundTripMs: number };

const pings = 20_000;

async function run(argv: Enter): Promise<string> {
  const { code, stdout, stderr } = await exec(argv, { timeoutMs: 60_000 });
  if (code !== 0)
    throw new Wrong(`${argv.join(' ')}: exit code ${code}: ${stderr.trim() || stdout.trim().slice(-300)}`);
  return stdout;
}

/** roundTripMs returns the time of one echo request that follows the answer to the previous one, in milliseconds. */
async function roundTripMs({ from, address }: PathEnds): Promise<number> {
  const said = await run([...from, 'ping', '-q', '-f', '-c', String(pings), address]);
  // Derived from the total: ping rounds single times to microseconds.
  const [, lost, took] = /, (\S+)% packet loss, time (\d+)ms/.exec(said) ?? [];
  if (lost !== '0' || took === undefined) throw new Wrong(`ping ${address}: ${said.trim()}`);
  return Number(took) / pings;
}

/** gbitPerSecond returns the throughput of one TCP stream over `seconds`. */
async function gbitPerSecond({ from, to, address }: PathEnds, seconds: number): Promise<number> {
  const [program, ...rest] = [...to, 'iperf3', '--server', '--one-off', '--forceflush', '--bind', address] as const;
  const server = spawn(program, rest, { env: { PATH: systemPath() }, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    // The server reports when it listens.
    await once(server.stdout, 'data');
    const said = await run([
      ...from,
      'iperf3',
      '--client',
      address,
      '--time',
      String(seconds),
      '--omit',
      '1',
      '--json',
    ]);
    const { end } = JSON.parse(said) as {
      readonly end: { readonly sum_received: { readonly bits_per_second: number } };
    };
    return end.sum_received.bits_per_second / 1e9;
  } finally {
    server.kill('SIGKILL');
  }
}

/** comparePaths measures several paths in turns, and returns the medians of each. */
export async function comparePaths<Name extends string>(
  paths: ReadonlyMap<Name, PathEnds>,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<ReadonlyMap<Name, PathQuality>> {
  const times = new Map<Name, PathQuality[]>([...paths.keys()].map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Each path runs as often before the others as after them.
    const order = round % 2 === 0 ? [...paths] : [...paths].reverse();
    for (const [name, ends] of order) {
      // The round trip comes first: its first packet resolves the neighbour.
      const trip = await roundTripMs(ends);
      times.get(name)?.push({ roundTripMs: trip, gbitPerSecond: await gbitPerSecond(ends, seconds) });
    }
  }
  return new Map(
    [...times].map(([name, all]) => [
      name,
      {
        gbitPerSecond: median(all.map((one) => one.gbitPerSecond)),
        roundTripMs: median(all.map((one) => one.roundTripMs)),
      },
    ]),
  );
}
