// How good the way between two places of the lab is: throughput of one stream, and round trip.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemPath } from '../../deploy/lab/paths.js';
import { exec } from '../../proto/process/exec.js';
import { Wrong } from './figure.js';
import { median } from './statistics.js';

/** Enter is the beginning of a command line that runs the rest of it in a place's network. */
export type Enter = readonly [string, ...string[]];

/** PathEnds are two places; traffic goes from the first to the second, which has this address there. */
export type PathEnds = { readonly from: Enter; readonly to: Enter; readonly address: string };

/** PathQuality is what came of measuring. */
export type PathQuality = { readonly gbitPerSecond: number; readonly roundTripMs: number };

const pings = 20_000;

async function run(argv: Enter): Promise<string> {
  const { code, stdout, stderr } = await exec(argv, { timeoutMs: 60_000 });
  if (code !== 0)
    throw new Wrong(`${argv.join(' ')}: exit code ${code}: ${stderr.trim() || stdout.trim().slice(-300)}`);
  return stdout;
}

/** roundTripMs is what one ping takes that follows the answer to the one before, in milliseconds. */
async function roundTripMs({ from, address }: PathEnds): Promise<number> {
  const said = await run([...from, 'ping', '-q', '-f', '-c', String(pings), address]);
  // Of all together: what ping says of a single one it rounds to microseconds.
  const [, lost, took] = /, (\S+)% packet loss, time (\d+)ms/.exec(said) ?? [];
  if (lost !== '0' || took === undefined) throw new Wrong(`ping ${address}: ${said.trim()}`);
  return Number(took) / pings;
}

/** gbitPerSecond is the throughput of one TCP stream over `seconds`. */
async function gbitPerSecond({ from, to, address }: PathEnds, seconds: number): Promise<number> {
  const [program, ...rest] = [...to, 'iperf3', '--server', '--one-off', '--forceflush', '--bind', address] as const;
  const server = spawn(program, rest, { env: { PATH: systemPath() }, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    // It says so when it listens.
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

/** comparePaths measures some ways in turns, and returns the median of each. */
export async function comparePaths<Name extends string>(
  paths: ReadonlyMap<Name, PathEnds>,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<ReadonlyMap<Name, PathQuality>> {
  const times = new Map<Name, PathQuality[]>([...paths.keys()].map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Each as often before the others as after them.
    const order = round % 2 === 0 ? [...paths] : [...paths].reverse();
    for (const [name, ends] of order) {
      // In this order: the first packet finds the neighbour.
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
