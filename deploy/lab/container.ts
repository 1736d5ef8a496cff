// A container on a host of the lab.

import { XnetError } from '../../proto/errors.js';
import type { ExecResult } from '../../proto/process/exec.js';
import type { Machine } from './machine.js';
import { type Fetched, fetchSource, type LabPlace, ping } from './probe.js';

/** ContainerOptions configure the start of a container. By default it runs the lab's web server. */
export type ContainerOptions = {
  readonly name: string;
  /** Docker network. Default: Docker's own default bridge. */
  readonly network?: string;
  /** Published ports in the syntax of `docker run --publish`: "8080:80". */
  readonly publish?: readonly string[];
  /** Other options of `docker run`, placed before the image. */
  readonly options?: readonly string[];
  /** Command to run instead of the web servers on ports 80 and 81. */
  readonly command?: readonly string[];
};

/** Container is one container. It may be stopped, or removed by others. */
export class Container<Host extends Machine = Machine> {
  readonly name: string;
  readonly host: Host;

  constructor(host: Host, name: string) {
    this.host = host;
    this.name = name;
  }

  /**
   * address returns the container's address on a network, by default on the first one: "10.76.1.2".
   * @throws XnetError FailedPrecondition if it has no address
   */
  async address(network?: string): Promise<string> {
    const format = '{{range $name, $end := .NetworkSettings.Networks}}{{$name}} {{$end.IPAddress}}\n{{end}}';
    const lines = (await this.#inspect(format)).split('\n').map((line) => line.split(' '));
    const found = lines.find(([name, address]) => address && (network === undefined || name === network))?.[1];
    if (found !== undefined) return found;
    const where = network === undefined ? 'any network' : `the network ${network}`;
    throw new XnetError('FailedPrecondition', `the container ${this.name} has no address on ${where}`);
  }

  /** exec runs a program in the container, as `docker exec` does. A non-zero exit code is a result. */
  exec(argv: readonly string[]): Promise<ExecResult> {
    return this.host.exec(['docker', 'exec', this.name, ...argv]);
  }

  /** fetch sends an HTTP request to a web server of the lab from within this container's network. */
  async fetch(at: string, timeoutSeconds?: number): Promise<Fetched> {
    return fetchSource(await this.#place(), at, timeoutSeconds);
  }

  /** ping sends one echo request from within this container's network. */
  async ping(address: string, timeoutSeconds?: number): Promise<boolean> {
    return ping(await this.#place(), address, timeoutSeconds);
  }

  /** remove stops and removes the container. It succeeds if the container is gone already. */
  async remove(): Promise<void> {
    await this.host.run(['docker', 'rm', '--force', this.name]);
  }

  /**
   * enter returns a command prefix that runs a command in this container's network. It is far quicker than exec, and offers
   * all programs of the underlying machine.
   * @throws XnetError FailedPrecondition if the container does not run
   */
  async enter(): Promise<readonly [string, ...string[]]> {
    const pid = await this.#inspect('{{.State.Pid}}');
    if (pid === '0') throw new XnetError('FailedPrecondition', `the container ${this.name} does not run`);
    return ['nsenter', `--net=/proc/${pid}/ns/net`, '--'];
  }

  async #place(): Promise<LabPlace> {
    return { labId: this.host.labId, enter: await this.enter() };
  }

  async #inspect(format: string): Promise<string> {
    const said = await this.host.run(['docker', 'inspect', '--type=container', `--format=${format}`, this.name]);
    return said.trim();
  }
}
