// Executes the operations of a plan as operators and hosts would: calls are repeated with their operation id until the
// outcome is known, commands are run again until they succeed.
// Invariant: an operation ends only when it is done. If that takes longer than `limitMs`, the run fails because of it.
import { randomUUID } from 'node:crypto';
import { pollUntil } from '../../deploy/lab/poll.js';
import { XnetError } from '../../proto/errors.js';
import type { AdminServiceClient } from '../../proto/gen/xnet/v1/AdminService.js';
import { pause } from '../../proto/process/backoff.js';
import { type CallOptions, callUnary } from '../../proto/rpc/channel.js';
import type { ChaosHost } from './host.js';
import type { Journal, Mutation } from './journal.js';
import { nextHopsOf } from './kernel.js';
import type { Mesh } from './mesh.js';
import type { Operation } from './plan.js';
import { type Site, type SiteController, secondBridge, secondPool } from './site.js';

// A limit long after the end of every fault of a plan.
const limitMs = 300_000;
const callTimeoutMs = 10_000;
// Each poll starts a program for each host.
const betweenLooksMs = 300;
// The outcome is unknown, or nothing was done: the mutation is repeated with the same id.
const repeated: ReadonlySet<string> = new Set([
  'Unavailable',
  'DeadlineExceeded',
  'NotWritable',
  'ResourceExhausted',
  'Aborted',
  'Internal',
  'Cancelled',
]);

type Call<T> = (at: SiteController, operationId: string, options: CallOptions) => Promise<T>;

/** Operations executes operations on a site. */
export class Operations {
  readonly #site: Site;
  readonly #hosts: readonly ChaosHost[];
  readonly #mesh: Mesh;
  readonly #journal: Journal;

  constructor(site: Site, hosts: readonly ChaosHost[], { mesh, journal }: { mesh: Mesh; journal: Journal }) {
    this.#site = site;
    this.#hosts = hosts;
    this.#mesh = mesh;
    this.#journal = journal;
  }

  /** run executes an operation when those before it on the same host have ended. */
  run(operation: Operation): Promise<void> {
    const host = this.#host(operation.host);
    return host.inTurn(() => this.#journal.operation(operation, () => this.#do(operation, host)));
  }

  #host(number: number): ChaosHost {
    const host = this.#hosts[number - 1];
    if (host === undefined) throw new RangeError(`there is no host ${number}`);
    return host;
  }

  #do(operation: Operation, host: ChaosHost): Promise<void> {
    // In a shrunk plan an earlier step may be missing: then this one does nothing.
    if (host.isMember === (operation.do === 'join')) return Promise.resolve();
    switch (operation.do) {
      case 'join':
        return this.#join(host, operation.controller);
      case 'leave':
        return this.#leave(host);
      case 'remove':
        return this.#remove(host, operation.controller);
      case 'move':
        return this.#move(host, operation.controller);
      case 'lease':
        return this.#lease(host, operation.controller);
      case 'cordon':
      case 'uncordon': {
        const availability = operation.do === 'cordon' ? 'AVAILABILITY_CORDONED' : 'AVAILABILITY_ACTIVE';
        return this.#set(host, operation.controller, { availability });
      }
      case 'label':
        return this.#set(host, operation.controller, { setLabels: { at: String(Date.now()) } });
      case 'restart':
        return host.killDaemon().then(() => host.startDaemon());
    }
  }

  // Repeats a mutation at one controller and the other until its outcome is known.
  async #mutate<T extends object>(call: string, { name }: ChaosHost, first: number, work: Call<T>): Promise<T> {
    const operationId = randomUUID();
    const begun = { endMs: undefined, attempts: 0, unchanged: false, outcome: undefined };
    const mutation: Mutation = { operationId, call, node: name, beginMs: Date.now(), ...begun };
    this.#journal.mutations.push(mutation);
    const { controllers } = this.#site;
    for (;;) {
      const at = controllers[(first - 1 + mutation.attempts) % controllers.length];
      if (at === undefined) throw new Error('no controllers');
      mutation.attempts += 1;
      try {
        const answer = await work(at, mutation.operationId, { timeoutMs: callTimeoutMs });
        mutation.outcome = 'OK';
        mutation.unchanged = 'unchanged' in answer && answer.unchanged === true;
        mutation.endMs = Date.now();
        return answer;
      } catch (error) {
        const code = error instanceof XnetError ? error.code : 'Internal';
        mutation.endMs = Date.now();
        const isLate = mutation.endMs - mutation.beginMs > limitMs;
        if (!repeated.has(code)) mutation.outcome = code;
        if (!repeated.has(code) || isLate) throw new Error(`${call} ${name}: ${String(error)}`);
        await pause(500);
      }
    }
  }

  async #join(host: ChaosHost, controller: number): Promise<void> {
    const { name, address } = host;
    await this.#mutate('AddNode', host, controller, ({ admin }, operationId, options) =>
      callUnary(admin.addNode.bind(admin), { operationId, name, address }, options),
    );
    // Not the token of the addition: only the first answer has it, and that answer may be lost.
    const { joinToken } = await this.#mutate('CreateToken', host, controller, ({ admin }, operationId, options) =>
      callUnary(admin.createToken.bind(admin), { operationId, node: name }, options),
    );
    const endpoints = this.#site.controllers.map(({ machine }) => `${machine.address}:7401`).join();
    const stdout = await this.#untilDone(host, ['join', '--controller', endpoints, '--token-file', '-', '-o', 'json'], {
      input: `${joinToken?.token ?? ''}\n`,
    });
    const { subnet } = JSON.parse(stdout) as { readonly subnet: string };
    host.isMember = true;
    await host.startDaemon();
    this.#mesh.add(host.addContainer(subnet));
  }

  async #untilDone(host: ChaosHost, args: readonly string[], { input = '' } = {}): Promise<string> {
    const beganAt = performance.now();
    for (;;) {
      const { code, stdout, stderr } = await host.xnetd(args, input).catch((error: unknown) => {
        return { code: -1, stdout: '', stderr: String(error) };
      });
      if (code === 0) return stdout;
      // Nothing is left to do: an earlier run was killed when it had done everything.
      if (args[0] === 'leave' && code === 12) return stdout;
      if (performance.now() - beganAt > limitMs) throw new Error(`xnetd ${args[0]}: exit code ${code}: ${stderr}`);
      await pause(1_000);
    }
  }

  // Containers are moved away first, as by an operator who drains a host.
  async #withoutContainers(host: ChaosHost): Promise<void> {
    await this.#mesh.remove(host.name);
    host.removeContainers();
  }

  async #leave(host: ChaosHost): Promise<void> {
    await this.#withoutContainers(host);
    host.isMember = false;
    await this.#untilDone(host, ['leave', '--force']);
    await host.daemon?.exited;
  }

  async #remove(host: ChaosHost, controller: number): Promise<void> {
    await this.#withoutContainers(host);
    host.isMember = false;
    await host.killDaemon();
    await this.#mutate('RemoveNode', host, controller, ({ admin }, operationId, options) =>
      callUnary(admin.removeNode.bind(admin), { operationId, node: host.name, force: true }, options),
    );
    await this.#untilDone(host, ['leave', '--force', '--local']);
  }

  async #lease(host: ChaosHost, controller: number): Promise<void> {
    const { subnet } = await this.#mutate('AddLease', host, controller, ({ leases }, operationId, options) =>
      callUnary(leases.addLease.bind(leases), { operationId, node: host.name, pool: secondPool }, options),
    );
    this.#mesh.add(host.addContainer(subnet, secondBridge));
  }

  async #set(host: ChaosHost, controller: number, change: Parameters<AdminServiceClient['setNode']>[0]): Promise<void> {
    await this.#mutate('SetNode', host, controller, ({ admin }, operationId, options) =>
      callUnary(admin.setNode.bind(admin), { operationId, node: host.name, ...change }, options),
    );
  }

  // The former address is removed when no other host uses it as a next hop.
  async #move(host: ChaosHost, controller: number): Promise<void> {
    const former = host.address;
    const address = host.addAddress();
    await this.#set(host, controller, { address });
    host.address = address;
    const others = () => this.#hosts.filter((other) => other.isMember && other !== host);
    await pollUntil(
      `no host has the next hop ${former}`,
      async () => {
        await pause(betweenLooksMs);
        const nextHops = await Promise.all(others().map(({ machine }) => nextHopsOf(machine)));
        return !nextHops.flat().includes(former);
      },
      { timeoutMs: limitMs },
    );
    host.removeAddress(former);
  }
}
