// The controllers of a fleet: processes on the control machine that share the etcd of the first one.
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AdminServiceClient } from '../../proto/gen/xnet/v1/AdminService.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import type { Lab } from './lab.js';
import type { LabProcess } from './lab-process.js';
import { pollUntil } from './poll.js';
import { programCommand, runXctl } from './programs.js';

// The first controller's API port. Each controller takes two ports: the API and, one higher, joining.
const firstPort = 7400;
const stateFolder = '/var/lib/xnet';
const socket = '/run/xnet-controller/controller.sock';

/** FleetController is one controller. The first one runs its own etcd. */
export type FleetController = {
  /** "controller-1" */
  readonly name: string;
  /** The address of the API: "192.168.83.250:7400". */
  readonly endpoint: string;
  /** The address where hosts join: "192.168.83.250:7401". */
  readonly joinEndpoint: string;
  process: LabProcess;
};

/** FleetControllers starts the controllers and restarts them. Its owner closes `admin`. */
export class FleetControllers {
  readonly list: FleetController[] = [];
  readonly admin: AdminServiceClient;
  readonly #lab: Lab;
  readonly #problems: () => readonly string[];

  /** @param problems returns further lines for the error of a timeout, such as the last lines of the daemons */
  constructor(lab: Lab, problems: () => readonly string[]) {
    this.#lab = lab;
    this.#problems = problems;
    this.admin = makeClient(services.admin, { kind: 'unix', path: lab.control.inside(socket) });
  }

  /**
   * start starts `count` controllers one after the other. `xctl init` creates the authority on the first one and saves the
   * first admin's certificate as the context of the control machine.
   */
  async start(count: number): Promise<void> {
    const { control } = this.#lab;
    for (let index = 0; index < count; index++) {
      const port = firstPort + 2 * index;
      const endpoint = `${control.address}:${port}`;
      const joinEndpoint = `${control.address}:${port + 1}`;
      const name = `controller-${index + 1}`;
      if (index > 0) this.#copyClusterKey(name);
      this.list.push({ name, endpoint, joinEndpoint, process: await this.#spawn(index, endpoint) });
      if (index === 0) {
        await this.#untilReady();
        await runXctl(this.#lab, ['init']);
      } else await this.#untilKnown(endpoint);
    }
  }

  /** restart starts a killed controller again. */
  async restart(controller: FleetController): Promise<void> {
    controller.process = await this.#spawn(this.list.indexOf(controller), controller.endpoint);
    await this.#untilReady();
  }

  #copyClusterKey(name: string): void {
    const keyOf = (controller: string) => this.#lab.control.inside(`${stateFolder}/${controller}/cluster.key`);
    mkdirSync(dirname(keyOf(name)), { recursive: true, mode: 0o700 });
    copyFileSync(keyOf('controller-1'), keyOf(name));
  }

  #spawn(index: number, endpoint: string): Promise<LabProcess> {
    const { control } = this.#lab;
    const first = index === 0;
    return control.spawn(
      [
        ...programCommand('xnet-controller'),
        ...['--listen', first ? `unix:${socket},${endpoint}` : endpoint],
        ...['--data-dir', `${stateFolder}/controller-${index + 1}`],
        ...(first ? [] : ['--etcd-endpoints', `unix:${stateFolder}/controller-1/etcd.run/client:0`]),
      ],
      { logFile: `${control.logs}/controller-${index + 1}.log` },
    );
  }

  // Polls until the first controller has read its store: no event outside of its process announces that.
  #untilReady(): Promise<void> {
    return this.#until('the controller answers', async () => (await this.#status()).clusterId !== '');
  }

  #untilKnown(endpoint: string): Promise<void> {
    return this.#until('another controller is up', async () =>
      (await this.#status()).controllers.some(({ addresses }) => addresses.includes(endpoint)),
    );
  }

  #status() {
    return callUnary(this.admin.getStatus.bind(this.admin), {}, { timeoutMs: 10_000 });
  }

  #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    return pollUntil(what, holds, { problems: this.#problems });
  }
}
