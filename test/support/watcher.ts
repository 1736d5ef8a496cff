// Joined nodes that watch a controller, and how soon their streams end.
import { randomUUID } from 'node:crypto';
import type { XnetError } from '../../proto/errors.js';
import type { NodeServiceClient } from '../../proto/gen/xnet/v1/NodeService.js';
import type { WatchResponse__Output } from '../../proto/gen/xnet/v1/WatchResponse.js';
import { makeRequest } from '../../proto/pki/certificate.js';
import { isIssuedBy } from '../../proto/pki/chain.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { errorFromStatus } from '../../proto/rpc/status.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import type { ControllerProcess } from './controller-process.js';
import type { Member } from './joining.js';
import { patientMs } from './until.js';

const options = { timeoutMs: patientMs };

/** members adds nodes to a controller and joins them. */
export async function members(controller: ControllerProcess, count: number): Promise<Member[]> {
  const joined: Member[] = [];
  for (let n = 1; n <= count; n++) {
    await controller.addNode(`web-${n}`, `192.168.83.${n}`);
    joined.push(await controller.joinNode(`web-${n}`));
  }
  return joined;
}

/** Watcher is a node that watches, and renews when it receives another authority. */
export class Watcher {
  readonly nodeName: string;
  credentials: Credentials;
  /** Names of the nodes in deltas. */
  readonly deltas: string[] = [];
  trusted: readonly string[] = [];
  snapshots = 0;
  problem: XnetError | undefined;
  readonly #client: NodeServiceClient;
  readonly #may: () => Promise<void>;
  readonly #listeners = new Set<() => void>();
  #stream: ReturnType<NodeServiceClient['watch']> | undefined;

  /** @param may is awaited before the watcher renews */
  constructor(controller: ControllerProcess, member: Member, may: () => Promise<void> = () => Promise.resolve()) {
    this.nodeName = member.nodeName;
    this.credentials = member.credentials;
    this.#client = controller.nodeClient(member);
    this.#may = may;
  }

  async watch(): Promise<this> {
    const stream = this.#client.watch({ hostFingerprint: randomUUID() });
    this.#stream = stream;
    stream.on('data', (message: WatchResponse__Output) => this.#read(message));
    stream.on('error', (error) => {
      this.problem = errorFromStatus(error);
      this.#tell();
    });
    await this.until(() => this.snapshots > 0);
    return this;
  }

  stop(): void {
    this.#stream?.cancel();
  }

  #read(message: WatchResponse__Output): void {
    if (message.snapshot?.last === true) this.snapshots += 1;
    for (const { nodeName } of message.delta?.upserts ?? []) this.deltas.push(nodeName);
    if (message.trust) {
      this.trusted = message.trust.authority;
      const [issuer = ''] = this.trusted;
      if (!isIssuedBy(this.credentials.own?.certificate ?? '', issuer)) void this.#renew();
    }
    this.#tell();
  }

  async #renew(): Promise<void> {
    try {
      await this.#may();
      const { key, csr } = await makeRequest();
      const answer = await callUnary(this.#client.renewCertificate.bind(this.#client), { csr }, options);
      const { certificate, authority } = answer;
      this.credentials = { ...this.credentials, authority, own: { certificate, key } };
    } catch (error) {
      this.problem ??= errorFromStatus(error);
    }
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** until resolves when a condition holds, which it checks after each message. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      look();
    });
  }
}
