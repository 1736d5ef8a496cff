// Readers of a fan-out over a store in memory.
import { Fanout, type Start } from '../../controller/session/fanout.js';
import { NodeStream, type RawStream } from '../../controller/session/node-stream.js';
import type { SnapshotLimits } from '../../controller/session/snapshot-queue.js';
import { ipv4FromNumber } from '../../proto/domain/address.js';
import { services } from '../../proto/rpc/definitions.js';
import { Core, silent } from './controller.js';
import { MemoryCluster, MemoryStore } from './memory-store.js';
import { address, newDefaultPool } from './pools.js';

const once = { operationId: '', dryRun: false };
const { responseDeserialize } = services.node.service.Watch;

/** Reader takes a message on demand, or at once. */
export class Reader {
  readonly written: Buffer[] = [];
  readonly #waiting: (() => void)[] = [];
  #willing: boolean;

  constructor(willing: boolean) {
    this.#willing = willing;
  }

  readonly raw: RawStream = {
    write: (chunk: Buffer, ...rest: unknown[]) => {
      this.written.push(chunk);
      const done = rest.find((argument) => typeof argument === 'function');
      const take = () => done?.();
      if (this.#willing) setImmediate(take);
      else this.#waiting.push(take);
      return true;
    },
    emit: () => true,
    end: () => {
      throw new Error('not expected');
    },
  } as unknown as RawStream;

  /** takeOne takes the message that waits. */
  takeOne(): void {
    this.#waiting.shift()?.();
  }

  /** takeAll takes all present and future messages. */
  takeAll(): void {
    this.#willing = true;
    for (const take of this.#waiting.splice(0)) take();
  }

  get messages() {
    return this.written.map((buffer) => responseDeserialize(buffer));
  }

  get kinds() {
    return this.messages.map((message) => message.message);
  }
}

/** fanoutRig makes a fan-out without nodes. Close it. */
export async function fanoutRig(limits?: SnapshotLimits) {
  const cluster = new MemoryCluster();
  const core = await Core.start(new MemoryStore(cluster)).ready();
  const fanout = new Fanout(core.feed, silent, {}, limits);
  await core.pools.create(once, newDefaultPool);
  const add = (index: number) =>
    core.nodes.add(once, {
      name: `web-${index}`,
      address: ipv4FromNumber(address('192.168.80.0') + index),
      labels: {},
    });
  const attach = async (name: string, willing = true, start: Start = { kind: 'nothing' }) => {
    const reader = new Reader(willing);
    const nodeId = core.feed.view.nodeOfName.get(name) ?? '';
    const stream = new NodeStream(
      { nodeId, nodeName: name, fingerprint: name, address: '', alive: async () => true },
      reader.raw,
      (idle) => fanout.feedIdle(idle),
    );
    await fanout.attach(stream, start);
    return { reader, stream };
  };
  const settled = async () => {
    // Two turns of the event loop: the broadcast begins in the first, readers take messages in the second.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const close = async () => {
    fanout.close();
    await core.stop();
  };
  return { core, fanout, add, attach, settled, close };
}
