// A host of the lab: a machine with its own dockerd, of any engine.
// Invariant: its dockerd shares only the kernel with the underlying machine: no containerd, foreign cgroups, data, sockets
// or configuration.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { XnetError } from '../../proto/errors.js';
import { Container, type ContainerOptions } from './container.js';
import { killDockerd, restartDockerd, startDockerd, stopDockerd, writeDockerdRecord } from './dockerd.js';
import type { LabEngine } from './engines.js';
import { imageName, imageTar, importChanges } from './image.js';
import { type Argv, Machine, type MachineParts } from './machine.js';
import { cgroupOf, repositoryRoot } from './paths.js';

/** DockerdOptions configure the start of a host's dockerd. */
export type DockerdOptions = {
  /** Appended to the lab's own flags: ["--live-restore"]. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

/** LabHost is one host of the lab. */
export class LabHost extends Machine {
  readonly engine: LabEngine | undefined;
  /** Docker's socket, at the same path inside and outside; inside, /run/docker.sock leads there too. */
  readonly dockerSocket: string;
  /** Path of daemon.json from outside; inside it is /etc/docker/daemon.json. The file does not exist at first. */
  readonly daemonJson: string;
  readonly dockerdLog: string;
  /** Command line that restarts this host's dockerd and prints the reason if it can't; works inside and outside. */
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
   * startDockerd starts this host's dockerd and waits until its API answers. A running dockerd is left unchanged.
   * @throws XnetError FailedPrecondition with its last lines if it does not start, or without an engine
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
   * @throws XnetError FailedPrecondition with its last lines if it does not start
   */
  async restartDockerd(): Promise<void> {
    await restartDockerd(this.folder);
  }

  /** killDockerd kills this host's dockerd (SIGKILL). Its containers stay. */
  async killDockerd(): Promise<void> {
    await killDockerd(this.folder);
  }

  /**
   * docker runs the engine's own client on this host and returns its standard output: docker('network', 'ls').
   * @throws XnetError FailedPrecondition with the client's message if it fails
   */
  docker(...args: readonly string[]): Promise<string> {
    return this.run(['docker', ...args]);
  }

  /**
   * runContainer starts a container of the lab's image.
   * @throws XnetError FailedPrecondition with Docker's message
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

  /** loadImage loads the lab's image into this host's dockerd unless it is there. */
  async loadImage(): Promise<void> {
    if ((await this.docker('images', '--quiet', imageName)).trim() !== '') return;
    await this.docker('import', ...importChanges, imageTar(this.labId), imageName);
  }

  /** environment keeps the client from using the machine's Docker configuration or another dockerd. */
  override environment(added?: Readonly<Record<string, string>>): Record<string, string> {
    const client = { DOCKER_HOST: `unix://${this.dockerSocket}`, DOCKER_CONFIG: join(this.store, 'docker-client') };
    return { ...super.environment(), ...client, ...added };
  }

  /** dockerdOutput returns everything that this host's dockerds have logged. */
  get dockerdOutput(): string {
    return readFileSync(this.dockerdLog, 'utf8');
  }
}
