// Labs for the tests of the Docker effect: hosts of one engine line, and the effect as xnetd runs it on such a host.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EngineLine, engineLines, type LabEngine, tryEngine } from '../../deploy/lab/engines.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { imageName } from '../../deploy/lab/image.js';
import { Lab } from '../../deploy/lab/lab.js';
import { type DockerEffect, makeDockerEffect } from '../../node/docker/effect.js';
import { type DesiredDocker, type DockerSettings, dockerDefaults } from '../../node/docker/engine/settings.js';
import type { Finding } from '../../node/reconcile/effect.js';
import { parsePrefix } from '../../proto/domain/address.js';
import type { Lease, LeaseState, Permit } from '../../proto/domain/network.js';
import type { Steps } from '../../proto/process/steps.js';
import type { DockerTurn } from './docker-turn.js';
import { hostInterfaces } from './host-interfaces.js';
import { until } from './until.js';

/** DockerLab is a lab of one engine line, whose hosts are given to one test after the other. */
export class DockerLab {
  readonly line: EngineLine;
  readonly engine: LabEngine;
  readonly #lab: Lab;
  readonly #unused: LabHost[];
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(engine: LabEngine, lab: Lab) {
    this.line = engine.line;
    this.engine = engine;
    this.#lab = lab;
    this.#unused = [...lab.hosts];
  }

  /**
   * open creates labs of `hosts` hosts for the lines that are available, and reports why the others are not.
   * @param skip receives lines that begin with "SKIP "
   */
  static async open(
    hosts: number,
    lines: readonly EngineLine[] = engineLines,
    skip: (line: string) => void = console.log,
  ): Promise<readonly DockerLab[]> {
    if (process.getuid?.() !== 0) {
      skip('SKIP real dockerds: they need root');
      return [];
    }
    const labs: DockerLab[] = [];
    for (const line of lines) {
      const engine = await tryEngine(line);
      if ('why' in engine) skip(`SKIP Docker ${line}: ${engine.why}`);
      else labs.push(new DockerLab(engine, await Lab.create({ hosts, engine })));
    }
    return labs;
  }

  /**
   * onHost runs a test on a host that no other test has used, with its dockerd up. Tests of one line run one after the
   * other, those of different lines in parallel.
   */
  onHost<T>(flags: readonly string[], test: (host: LabHost) => Promise<T>): Promise<T> {
    const turn = this.#queue.then(async () => {
      const host = this.#unused.shift();
      if (host === undefined) throw new Error(`the lab of Docker ${this.line} has too few hosts`);
      await host.startDockerd({ flags });
      try {
        return await test(host);
      } finally {
        await host.killDockerd();
      }
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** close removes the lab. */
  async close(): Promise<void> {
    await this.#queue;
    await this.#lab.close();
  }
}

/** settingsOn returns the Docker settings of xnetd on a host of the lab. */
export function settingsOn(host: LabHost, changes: Partial<DockerSettings> = {}): DockerSettings {
  return {
    ...dockerDefaults,
    socket: host.dockerSocket,
    daemonJson: host.daemonJson,
    pidFile: join(host.folder, 'run/docker.pid'),
    restartCommand: host.restartCommand,
    stateFolder: stateFolderOn(host),
    waitMs: 180_000,
    // Tests restart dockerd more often than a real host would.
    restarts: { mostPerHour: 1_000, mostPermittedPerHour: 1_000, pauseMs: 0 },
    ...changes,
  };
}

/** stateFolderOn returns the state directory of xnetd on a host of the lab. */
export function stateFolderOn(host: LabHost): string {
  return join(host.store, 'state');
}

/** effectOn returns the Docker effect of xnetd on a host of the lab. */
export function effectOn(host: LabHost, changes: Partial<DockerSettings> = {}, steps?: Steps): DockerEffect {
  return makeDockerEffect({
    settings: settingsOn(host, changes),
    exec: (argv, options) => host.exec(argv, options),
    interfaces: (signal) => hostInterfaces((argv, options) => host.exec(argv, options), signal),
    ...(steps === undefined ? {} : { steps }),
  });
}

/** turnUntil runs one turn in a process that kills itself at a step, and returns whether it reached that step. */
export async function turnUntil(
  host: LabHost,
  dieAt: string,
  turn: Omit<DockerTurn, 'settings' | 'enter' | 'dieAt'>,
  changes: Partial<DockerSettings> = {},
): Promise<boolean> {
  const enter = [...host.enter, 'env', `PATH=${host.path}`] as const;
  const told: DockerTurn = { ...turn, settings: settingsOn(host, changes), enter, dieAt };
  const script = fileURLToPath(new URL('./docker-turn.js', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(told)], { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_, signal) => resolve(signal === 'SIGKILL'));
  });
}

/** bipLease returns a lease of mode bip: "10.76.3.0/24". */
export function bipLease(cidr: string, state: LeaseState = 'wanted'): Lease {
  const names = { networkName: '', bridgeName: '' };
  return { pool: 'default', subnet: prefix(cidr), generation: 1, mode: 'bip', ...names, state };
}

/** bridgeLease returns a lease of mode bridge: "10.76.3.0/24", "xnet0". */
export function bridgeLease(cidr: string, bridgeName = 'xnet0', state: LeaseState = 'wanted'): Lease {
  const networkName = bridgeName.replace(/0$/, '');
  return { ...bipLease(cidr, state), mode: 'bridge', networkName, bridgeName };
}

/** permitFor returns the permit of a rollout, "r-1", for a lease; none: docker0 gets its former address back. */
export function permitFor(rollout: string, lease?: Lease): Permit {
  return { rollout, subnet: lease?.subnet, generation: lease?.generation ?? 0 };
}

/** dockerWith returns the desired state with leases; without a permit, nothing that a rollout permits is done. */
export function dockerWith(leases: readonly Lease[], permit?: Permit): DesiredDocker {
  return { nodeId: 'node-1', leases, permit };
}

/** bipOf returns a single lease of mode bip with the permit of a first lease: "10.76.3.0/24". */
export function bipOf(cidr: string): DesiredDocker {
  return dockerWith([bipLease(cidr)], permitFor('', bipLease(cidr)));
}

/**
 * blockOf returns a single lease of mode block with the permit of a first lease: "10.86.0.0/20". Networks that Docker makes get
 * /26s of it.
 */
export function blockOf(cidr: string): DesiredDocker {
  const lease: Lease = { ...bipLease(cidr), mode: 'block', networkLength: 26 };
  return dockerWith([lease], permitFor('', lease));
}

/** bridgeOf returns a single lease of mode bridge with the permit of a first lease: "10.76.3.0/24". */
export function bridgeOf(cidr: string): DesiredDocker {
  return dockerWith([bridgeLease(cidr)], permitFor('', bridgeLease(cidr)));
}

function prefix(cidr: string) {
  const parsed = parsePrefix(cidr);
  if (parsed === undefined) throw new TypeError(`not a prefix: ${cidr}`);
  return parsed;
}

/** reasonsOf returns the reasons of findings. */
export function reasonsOf({ findings }: { readonly findings: readonly Finding[] }): readonly string[] {
  return findings.map(({ reason }) => reason);
}

/** addressOn returns the IPv4 address of an interface of a host: "10.76.3.1/24"; empty if it has none. */
export async function addressOn(host: LabHost, name: string): Promise<string> {
  const { stdout } = await host.exec(['ip', '-4', '-oneline', 'address', 'show', 'dev', name]);
  return /inet (\S+)/.exec(stdout)?.[1] ?? '';
}

/** containerAddress returns the address of a container on a network of Docker. */
export async function containerAddress(host: LabHost, container: string, network = 'xnet'): Promise<string> {
  const format = `--format={{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
  return (await host.docker('inspect', format, container)).trim();
}

/** containerGateway returns the gateway of a container that is on one network of Docker. */
export async function containerGateway(host: LabHost, container: string): Promise<string> {
  const format = '--format={{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}';
  return (await host.docker('inspect', format, container)).trim();
}

/** networkRanges returns the ranges that Docker takes the subnets of new networks from, as it names them; null: its own. */
export async function networkRanges(host: LabHost): Promise<unknown> {
  return JSON.parse(await host.docker('info', '--format={{json .DefaultAddressPools}}'));
}

/** networkNames lists Docker's networks, sorted. */
export async function networkNames(host: LabHost): Promise<readonly string[]> {
  return (await host.docker('network', 'ls', '--format={{.Name}}')).trim().split('\n').sort();
}

/** dockerdPid returns the process id of a host's dockerd, which shows whether it was restarted. */
export async function dockerdPid(host: LabHost): Promise<string> {
  return (await host.run(['cat', join(host.folder, 'run/docker.pid')])).trim();
}

/** runIdle starts an idle container whose stop signal is SIGKILL, so that it stops at once. */
export async function runIdle(host: LabHost, name: string, ...options: readonly string[]): Promise<void> {
  await host.loadImage();
  const run = ['run', '--detach', `--name=${name}`, '--stop-signal=SIGKILL', ...options];
  await host.docker(...run, imageName, 'sleep', '1000000');
}

/** isContainerRunning returns whether a container runs. */
export async function isContainerRunning(host: LabHost, container: string): Promise<boolean> {
  return (await host.docker('inspect', '--format={{.State.Running}}', container)).trim() === 'true';
}

/** stopContainer stops a container. It waits for Docker's list, which is updated after the answer to `docker stop`. */
export async function stopContainer(host: LabHost, container: string): Promise<void> {
  await host.docker('stop', container);
  const listed = () => host.docker('ps', '--quiet', `--filter=name=^/?${container}$`);
  await until(`${container} is not listed as running`, async () => (await listed()).trim() === '');
}

/** freshFolder creates an empty folder below a host's store. */
export function freshFolder(host: LabHost, name: string): string {
  const folder = join(host.store, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  return folder;
}
