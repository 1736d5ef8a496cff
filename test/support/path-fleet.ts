// Two hosts of a fleet, with real Docker and daemons, between which paths are broken while `xctl ping` looks at them.
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { imageName } from '../../deploy/lab/image.js';
import type { FleetContainer } from '../../deploy/lab/proofs.js';
import { exitCodes, messageOf } from '../../proto/errors.js';
import { exec } from '../../proto/process/exec.js';
import {
  apiOf,
  type OddContainer,
  type PathFixture,
  type PathPlace,
  type PathSite,
  pathFixtures,
} from './path-fixtures.js';
import { until } from './until.js';

const { problemsFound } = exitCodes;

const otherNetwork = 'other';
const sleep = [imageName, 'sleep', 'infinity'];
const oddContainers: Readonly<Record<Exclude<OddContainer, 'gone'>, readonly string[]>> = {
  stopped: ['create', imageName],
  onHostNetwork: ['run', '--detach', '--network=host', ...sleep],
  withoutNetwork: ['run', '--detach', '--network=none', ...sleep],
  notRouted: ['run', '--detach', `--network=${otherNetwork}`, ...sleep],
};

/** FleetPlace is one of the hosts. */
export class FleetPlace implements PathPlace {
  readonly name: string;
  readonly address: string;
  readonly subnet: string;
  readonly api: PathPlace['api'];
  #twinId = '';
  readonly #fleet: Fleet;
  readonly #host: LabHost;
  readonly #container: FleetContainer['container'];

  constructor(fleet: Fleet, { container, address, hostAddress, subnet }: FleetContainer) {
    this.#fleet = fleet;
    this.#container = container;
    this.#host = container.host;
    this.name = container.host.name;
    this.address = hostAddress;
    this.subnet = subnet;
    this.api = { name: container.name, address };
  }

  get twinId(): string {
    return this.#twinId;
  }

  sh(line: string): Promise<string> {
    return this.#host.run(['sh', '-ec', line]);
  }

  /** reaches sends one echo request from its container. */
  reaches(address: string): Promise<boolean> {
    return this.#container.ping(address, 1);
  }

  async inApi(argv: readonly [string, ...string[]]): Promise<void> {
    const { code, stderr } = await exec([...(await this.#container.enter()), ...argv]);
    if (code !== 0) throw new Error(`${argv.join(' ')} in ${this.api.name}: ${stderr}`);
  }

  async addContainer(name: string, kind: OddContainer): Promise<void> {
    if (kind === 'gone') throw new TypeError('Docker lists no container whose process has ended as running');
    if (kind === 'notRouted') await this.#host.docker('network', 'create', otherNetwork);
    const [command = '', ...rest] = oddContainers[kind];
    await this.#host.docker(command, `--name=${name}`, ...rest);
  }

  async removeContainer(name: string): Promise<void> {
    await this.#host.docker('rm', '--force', name);
    if (name === 'notRouted') await this.#host.docker('network', 'rm', otherNetwork);
  }

  // Docker makes ids at random, and 300 containers until two of them are likely to begin with the same four digits: the
  // second one is the first one's files under another id. `meanwhile` runs while Docker is stopped for that.
  async addTwins(meanwhile?: () => Promise<void>): Promise<void> {
    const id = (await this.#host.docker('create', '--name=twin-a', imageName)).trim();
    try {
      await this.stopDocker();
      await meanwhile?.();
      await this.#copyTwin(id);
    } finally {
      await this.startDocker();
    }
    this.#twinId = id.slice(0, 12);
  }

  async #copyTwin(id: string): Promise<void> {
    const other = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`;
    const docker = join(this.#host.store, 'docker');
    await this.sh(
      `cp -a ${docker}/containers/${id} ${docker}/containers/${other}; ` +
        `cp -a ${docker}/image/vfs/layerdb/mounts/${id} ${docker}/image/vfs/layerdb/mounts/${other}`,
    );
    const folder = join(docker, 'containers', other);
    for (const file of readdirSync(folder).filter((each) => each.endsWith('.json'))) {
      const text = readFileSync(join(folder, file), 'utf8');
      writeFileSync(join(folder, file), text.replaceAll(id, other).replaceAll('twin-a', 'twin-b'));
    }
  }

  stopDocker(): Promise<void> {
    return this.#host.stopDockerd();
  }

  async startDocker(): Promise<void> {
    await this.#host.startDockerd();
    await this.#host.docker('start', this.api.name);
  }

  async stopDaemon(): Promise<void> {
    await this.#fleet.daemons.get(this.name)?.stop();
  }

  async startDaemon(): Promise<void> {
    await this.#fleet.startDaemon(this.#host);
  }

  // In the host's own mount namespace.
  async breakNft(): Promise<void> {
    const absent = join(this.#host.folder, 'absent');
    writeFileSync(absent, '#!/bin/sh\nexit 127\n');
    chmodSync(absent, 0o755);
    await this.sh(`mount -n --bind ${absent} "$(readlink -f "$(command -v nft)")"`);
  }

  async repairNft(): Promise<void> {
    // Also while the daemon runs it.
    await this.sh('umount -n -l "$(readlink -f "$(command -v nft)")"');
  }
}

type Pinged = {
  readonly code: number;
  readonly reason: string;
  readonly node: string | null;
  readonly message: string;
  readonly fix: string | null;
  /** A daemon was asked and too busy to answer in time. */
  readonly isLate: boolean;
};

const alsoAsText: readonly string[] = ['ContainerNotFound', 'DroppedByDockerUser'];

/** FleetPaths are two hosts of a fleet. */
export class FleetPaths implements PathSite {
  readonly h0: FleetPlace;
  readonly h1: FleetPlace;
  readonly #fleet: Fleet;
  readonly #wrong: string[] = [];

  constructor(fleet: Fleet, first: FleetContainer, second: FleetContainer) {
    this.#fleet = fleet;
    this.h0 = new FleetPlace(fleet, first);
    this.h1 = new FleetPlace(fleet, second);
  }

  async route(): Promise<void> {
    // The daemons do.
  }

  /**
   * pingsEveryReason lets `xctl ping` find the cause of each reason while it exists, and nothing before and afterwards. It
   * returns the wrong answers. Each cause is removed, whatever was answered.
   */
  async pingsEveryReason(): Promise<readonly string[]> {
    await this.#noted('before', () => this.#untilFine());
    const { ContainerAmbiguous, ...others } = pathFixtures;
    const all = Object.entries(others);
    for (const [reason, fixture] of all.filter(([, { alive }]) => !alive?.withoutDocker)) {
      // A daemon that was started just now says that it is not connected, or knows nothing yet.
      await this.#finds(reason, fixture, () => (reason === 'DaemonAway' ? this.#untilFine() : this.#untilPassing()));
    }
    const stopped = all.filter(([, { alive }]) => alive?.withoutDocker);
    const withoutDocker = async () => {
      for (const [reason, fixture] of stopped) await this.#finds(reason, fixture);
    };
    const twins: PathFixture = { ...ContainerAmbiguous, breaks: () => this.h1.addTwins(withoutDocker) };
    await this.#finds('ContainerAmbiguous', twins);
    await this.#noted('afterwards', () => this.#untilFine());
    return this.#wrong;
  }

  async #noted(what: string, work: () => Promise<unknown> | undefined): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#wrong.push(`${what}: ${messageOf(error)}`);
    }
  }

  // Also a cause that came about only in part is removed.
  async #finds(reason: string, fixture: PathFixture, settles?: () => Promise<void>): Promise<void> {
    const { breaks, repairs } = fixture.alive ?? fixture;
    await this.#noted(reason, async () => {
      await breaks(this);
      await this.#explains(reason, fixture);
    });
    await this.#noted(`${reason}, repaired`, async () => {
      await repairs(this);
      await settles?.();
    });
  }

  async #explains(reason: string, { from, to, on, says }: PathFixture): Promise<void> {
    const ends = [from?.(this) ?? apiOf(this.h0), to?.(this) ?? apiOf(this.h1)] as const;
    // What daemons observed is final, unless one was too busy to say it.
    const isAnswered = (each: Pinged) =>
      reason === 'DaemonAway' ? each.reason === reason && each.node === this[on].name : !each.isLate;
    const seen = await this.#until('the daemons answer', isAnswered, ends);
    const isRight = seen.reason === reason && seen.code === problemsFound && seen.node === this[on].name;
    const isTold = (says?.(this) ?? []).every((part) => seen.message.includes(part)) && seen.fix !== null;
    if (!isRight || !isTold) this.#wrong.push(`${reason}: ${JSON.stringify(seen)}`);
    if (!alsoAsText.includes(reason)) return;
    await until('the daemons answer', async () => {
      const { code, stdout } = await this.#xctl('ping', ...ends);
      if (/could not be asked: /.test(stdout)) return false;
      const isText = stdout.includes(`${reason}: ${seen.message}\n`) && stdout.includes(`fix: ${seen.fix}\n`);
      if (code !== problemsFound || !isText) this.#wrong.push(`${reason}: exit code ${code}: ${stdout}`);
      return true;
    });
  }

  // A node may count as connected by the record of a controller that has died until its daemon is back, and a container or a
  // daemon may have been started just now.
  async #untilFine(): Promise<void> {
    const ends = [apiOf(this.h0), apiOf(this.h1)] as const;
    await this.#until('Fine', ({ reason, code }) => reason === 'Fine' && code === 0, ends);
  }

  // The daemons repair routes when they hear of the change.
  async #untilPassing(): Promise<void> {
    await until('packets pass', () => this.h0.reaches(this.h1.api.address));
  }

  async #until(what: string, holds: (seen: Pinged) => boolean, ends: readonly [string, string]): Promise<Pinged> {
    let last: Pinged | string = '';
    let found: Pinged | undefined;
    await until(what, async () => {
      try {
        const seen = await this.#ping(...ends);
        last = seen;
        if (holds(seen)) found = seen;
      } catch (error) {
        last = messageOf(error);
      }
      return found !== undefined;
    }).catch(() => undefined);
    if (found === undefined) throw new Error(`not so: ${what}: ${JSON.stringify(last)}`);
    return found;
  }

  async #ping(from: string, to: string): Promise<Pinged> {
    const { code, stdout, stderr } = await this.#xctl('ping', from, to, '-o', 'json');
    if (stderr !== '') throw new Error(stderr);
    const { verdict, source, target } = JSON.parse(stdout);
    const problems = [source, target].flatMap(({ away, traceProblem }) => [away, traceProblem]);
    const isLate = problems.some((problem) => /did not answer|not connected|is under way/.test(problem ?? ''));
    return { code, ...verdict, isLate };
  }

  #xctl(...args: readonly string[]) {
    return this.#fleet.lab.control.exec(['xctl', ...args]);
  }
}
