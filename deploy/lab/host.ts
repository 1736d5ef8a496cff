// A host of the lab: a machine with a dockerd of its own, of any engine.
// Invariant: its dockerd shares nothing with the machine underneath but the kernel: neither containerd, cgroups of
// others, data, sockets nor configuration.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { XnetError } from '../../proto/errors.js';
import { Container, type ContainerOptions } from './container.js';
import { killDockerd, restartDockerd, startDockerd, stopDockerd, writeDockerdRecord } from './dockerd.js';
import type { LabEngine } from './engines.js';
import { imageName, imageTar, importChanges } from './image.js';
import { type Argv, Machine, type MachineParts } from './machine.js';
import { cgroupOf, repositoryRoot } from './paths.js';

/** DockerdOptions are how a host's dockerd is started. */
export type DockerdOptions = {
  /** Put after the lab's own: ["--live-restore"]. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

/** LabHost is one host of the lab. */
export class LabHost extends Machine {
  readonly engine: LabEngine | undefined;
  /** Docker's socket, the same inside and outside; inside it is /run/docker.sock too. */
  readonly dockerSocket: string;
  /** daemon.json as it is seen from outside; inside it is /etc/docker/daemon.json. It is not there at first. */
  readonly daemonJson: string;
  readonly dockerdLog: string;
  /** Command line that restarts this host's dockerd and says why when it can't; works inside and outside. */
  readonly restartCommand: Argv;

  constructor(parts: Omit<MachineParts, 'programs'>, engine: LabEngine | undefined) {
    super(engine === undefined ? parts : { ...parts, programs: engine.path });
    this.engine = engine;
    this.dockerSocket = join(this.folder, 'run/docker.sock');
    this.daemonJson = join(this.store, 'etc-docker/daemon.json');
    this.dockerdLog = join(this.logs, 'dockerd.log');
    const restarter = join(repositoryRoot(), 'dist/deploy/lab/restart-dockerd.js');
    this.restartCommand = [process.execPath, restarter, this.folder];
  }

  /**
   * startDockerd starts this host's dockerd and awaits that its API answers. One that runs is left as it is.
   * @throws XnetError FailedPrecondition with its last lines when it does not start, or without an engine
   */
  async startDockerd(options: DockerdOptions = {}): Promise<void> {
    if (this.engine === undefined) {
      throw new XnetError('FailedPrecondition', `the host ${this.name} has no engine: the lab was made without one`);
    }
    const pidFile = join(this.folder, 'run/docker.pid');
    const execRoot = join(this.folder, 'run/docker');
    const own = [
      `--host=unix://${this.dockerSocket}`,
      `--pidfile=${pidFile}`,
      `--exec-root=${execRoot}`,
      `--data-root=${join(this.store, 'docker')}`,
      `--cgroup-parent=${cgroupOf(this.labId)}/${this.name}`,
      '--exec-opt=native.cgroupdriver=cgroupfs',
      '--storage-driver=vfs',
    ];
    writeDockerdRecord({
      host: this.name,
      folder: this.folder,
      argv: ['dockerd', ...own, ...(options.flags ?? [])],
      env: this.environment(options.env),
      socket: this.dockerSocket,
      execRoot,
      pidFile,
      logFile: this.dockerdLog,
    });
    await startDockerd(this.folder);
  }

  /** stopDockerd stops this host's dockerd as systemd would. */
  async stopDockerd(): Promise<void> {
    await stopDockerd(this.folder);
  }

  /**
   * restartDockerd stops this host's dockerd and starts it with the same flags.
   * @throws XnetError FailedPrecondition with its last lines when it does not start
   */
  async restartDockerd(): Promise<void> {
    await restartDockerd(this.folder);
  }

  /** killDockerd kills this host's dockerd (SIGKILL): its containers stay. */
  async killDockerd(): Promise<void> {
    await killDockerd(this.folder);
  }

  /**
   * docker runs the engine's own client on this host and returns what it printed: docker('network', 'ls').
   * @throws XnetError FailedPrecondition with what it said when it fails
   */
  docker(...args: readonly string[]): Promise<string> {
    return this.run(['docker', ...args]);
  }

  /**
   * runContainer starts a container of the lab's image.
   * @throws XnetError FailedPrecondition with what Docker said
   */
  async runContainer(options: ContainerOptions): Promise<Container<LabHost>> {
    await this.loadImage();
    const { network, publish = [] } = options;
    await this.docker(
      'run',
      '--detach',
      `--name=${options.name}`,
      `--hostname=${options.name}`,
      ...(network === undefined ? [] : [`--network=${network}`]),
      ...publish.map((port) => `--publish=${port}`),
      ...(options.options ?? []),
      imageName,
      ...(options.command ?? []),
    );
    return new Container(this, options.name);
  }

  /** loadImage makes sure that this host's dockerd has the lab's image. */
  async loadImage(): Promise<void> {
    if ((await this.docker('images', '--quiet', imageName)).trim() !== '') return;
    await this.docker('import', ...importChanges, imageTar(this.labId), imageName);
  }

  /** environment has the client look neither at the machine's configuration of it nor for another dockerd. */
  override environment(added?: Readonly<Record<string, string>>): Record<string, string> {
    const client = { DOCKER_HOST: `unix://${this.dockerSocket}`, DOCKER_CONFIG: join(this.store, 'docker-client') };
    return { ...super.environment(), ...client, ...added };
  }

  /** dockerdOutput is what this host's dockerds have said so far. */
  get dockerdOutput(): string {
    return readFileSync(this.dockerdLog, 'utf8');
  }
}
