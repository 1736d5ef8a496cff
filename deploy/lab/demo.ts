// `npm run demo`: runs xnet on real Docker engines on one machine, from nothing to proofs.
import { Command, Option } from 'commander';
import pc from 'picocolors';
import * as v from 'valibot';
import { type Mode, modes } from '../../proto/domain/network.js';
import { exitCodes, XnetError } from '../../proto/errors.js';
import { runProgram } from '../../proto/process/program.js';
import { integer } from '../../proto/process/settings.js';
import { type Cell, formatTable } from '../../proto/process/table.js';
import { version } from '../../proto/process/version.js';
import { type EngineLine, engineLines, obtainEngine } from './engines.js';
import { Fleet } from './fleet.js';
import { addedNodeFrom } from './programs.js';
import { type Proof, proveFleet, startContainers } from './proofs.js';

type DemoOptions = {
  readonly nodes: string;
  readonly mode: Mode;
  readonly engine: EngineLine;
  readonly keep: boolean;
};

const pool = '10.76.0.0/16';
// One dockerd with its containerd takes about 150 MB.
const mostNodes = 50;

type Step = { readonly what: string; readonly seconds: number; readonly result: string };

/** Steps prints progress on standard error, and records the duration of each step. */
class Steps {
  readonly done: Step[] = [];
  readonly #began = performance.now();

  async run<T>(what: string, work: () => Promise<T>, result: (value: T) => string = () => ''): Promise<T> {
    const began = performance.now();
    process.stderr.write(`${this.#clock()}  ${what} ...\n`);
    const value = await work();
    const step = { what, seconds: (performance.now() - began) / 1000, result: result(value) };
    this.done.push(step);
    process.stderr.write(
      `${this.#clock()}  ${pc.green('ok')} ${what}${step.result === '' ? '' : `: ${step.result}`}\n`,
    );
    return value;
  }

  #clock(): string {
    return `${((performance.now() - this.#began) / 1000).toFixed(1).padStart(6)} s`;
  }
}

function print(text = ''): void {
  process.stdout.write(`${text}\n`);
}

function printTable(headers: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const [head = '', ...lines] = formatTable(headers, rows);
  for (const line of [pc.bold(head), ...lines]) print(line);
}

function printSteps(steps: readonly Step[]): void {
  const times = steps.map(({ seconds }) => seconds.toFixed(2).padStart('SECONDS'.length));
  printTable(
    ['STEP', 'SECONDS', ''],
    steps.map(({ what, result }, index) => [what, times[index] ?? '', result]),
  );
}

function printProofs(proofs: readonly Proof[]): void {
  printTable(
    ['PROOF', 'TRIES', ''],
    proofs.map(({ claim, outcome, holds }) => [
      claim,
      outcome.padStart('TRIES'.length),
      holds ? { text: 'holds', paint: pc.green } : { text: 'FAILS', paint: pc.red },
    ]),
  );
  for (const { claim, details } of proofs) for (const detail of details) print(`${claim}: ${detail}`);
}

// The part used of the output of `xctl nodes add --wait -o json`.
type Waited = {
  readonly waited: { readonly nodes: number; readonly routed: number; readonly elapsedMs: number | null };
};

async function joinAll(fleet: Fleet, steps: Steps): Promise<void> {
  for (const host of fleet.lab.hosts) {
    await steps.run(
      `xctl nodes add ${host.name} --address ${host.address} --wait, xnetd join, xnetd run`,
      async () => {
        const output = await fleet.xctl('nodes', 'add', host.name, '--address', host.address, '--wait', '-o', 'json');
        const { subnet, token } = addedNodeFrom(output);
        await fleet.joinHost(host, token);
        await fleet.startDaemon(host);
        await fleet.untilReady([host]);
        return { subnet, ...(JSON.parse(output) as Waited) };
      },
      ({ subnet, waited }) =>
        waited.nodes === 0
          ? subnet
          : `${subnet}, routed on ${waited.routed}/${waited.nodes} nodes after ${waited.elapsedMs} ms`,
    );
  }
}

async function printFleet(fleet: Fleet): Promise<void> {
  const [host] = fleet.lab.hosts;
  print();
  print('$ xctl nodes list');
  print(await fleet.xctl('nodes', 'list'));
  if (host === undefined) return;
  print(`$ ip route      # on ${host.name}`);
  print(await host.run(['ip', 'route']));
}

function printNext(fleet: Fleet, kept: boolean): void {
  const { lab } = fleet;
  print();
  if (kept) {
    print('The lab stays up. Enter it:');
    print(`  sudo npm run lab -- enter ${lab.id} control     then: xctl nodes list, xctl status, xctl nodes show h1`);
    print(`  sudo npm run lab -- enter ${lab.id} h1          then: xnetd status, docker ps, ip route, xnetd leave`);
    print('and when you are done:');
    print(`  sudo npm run lab -- remove ${lab.id}`);
    return;
  }
  print('Try next:');
  print('  sudo npm run demo -- --mode bridge          a network of its own instead of docker0');
  print('  sudo npm run demo -- --mode block           networks of docker compose are routed as well');
  print("  sudo npm run demo -- --mode lan             containers on the hosts' own network");
  print('  sudo npm run demo -- --engine 28 --nodes 5  another engine, more hosts');
  print('  sudo npm run demo -- --keep                 leave the lab up and look around');
  print('  README.md, "On real hosts"                  the same on your machines');
}

async function demo(options: DemoOptions): Promise<void> {
  const nodes = v.safeParse(integer(2, mostNodes), options.nodes);
  if (!nodes.success) throw new XnetError('InvalidArgument', `--nodes: ${nodes.issues[0].message}`);
  const steps = new Steps();
  const { mode, keep } = options;
  const engine = await steps.run(
    `get Docker ${options.engine}`,
    () => obtainEngine(options.engine, { log: (line) => process.stderr.write(`          ${line}\n`) }),
    (found) => found.version,
  );
  let fleet: Fleet | undefined;
  try {
    const made = await steps.run(`make a LAN with ${nodes.output} hosts`, () =>
      Fleet.create({ hosts: nodes.output, engine, mode, pool }),
    );
    fleet = made;
    await steps.run(`start ${nodes.output} dockerds`, () => made.startDockerds());
    await steps.run('start the controller with its own etcd, then xctl init', () => made.startControllers());
    await steps.run(`xctl pools create default ${made.poolArguments().join(' ')}`, () => made.createPool());
    await joinAll(made, steps);
    const count = nodes.output * (mode === 'block' ? 3 : 1);
    const containers = await steps.run(`start ${count} containers`, () => startContainers(made));
    const proofs = await steps.run('prove it with traffic, and look at open ports', () => proveFleet(made, containers));
    await printFleet(made);
    printSteps(steps.done);
    print();
    printProofs(proofs);
    if (keep) made.lab.keep();
    printNext(made, keep);
    if (proofs.some((proof) => !proof.holds)) process.exitCode = exitCodes.failure;
  } finally {
    if (!keep || process.exitCode === exitCodes.failure) await fleet?.close();
    else fleet?.admin.close();
  }
}

await runProgram(
  new Command('demo')
    .description('Makes a lab of Docker hosts on this machine, runs xnet on it, and proves that it works.')
    .version(version)
    .addOption(new Option('--nodes <number>', `how many hosts, up to ${mostNodes}`).default('3'))
    .addOption(new Option('--mode <mode>', 'how nodes use their lease').choices(modes).default('bip'))
    .addOption(new Option('--engine <line>', 'version of Docker').choices([...engineLines]).default('20.10'))
    .option('--keep', 'leave the lab up', false)
    .allowExcessArguments(false)
    .action(demo),
);
