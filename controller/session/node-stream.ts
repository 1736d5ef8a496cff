// One node's stream, seen from the sending side: what it was sent last, and whether it can take more.
// Invariant: at most one snapshot or one delta waits in a stream. A slow reader costs no memory and holds up nobody;
// what happened meanwhile reaches it as one merged delta. gRPC's own queue takes 16 messages before it says that it is
// full, so that is not what is waited for.
import type { ServerWritableStream } from '@grpc/grpc-js';

/** RawStream is a gRPC stream whose messages are encoded already. */
export type RawStream = Pick<ServerWritableStream<unknown, Buffer>, 'write' | 'emit' | 'end'>;

/** NodeStream is the stream of one connected node. */
export class NodeStream {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly fingerprint: string;
  /** Where it calls from: "192.168.83.7". */
  readonly address: string;
  /** Asks whether the other end answers. */
  readonly alive: () => Promise<boolean>;
  /** Revision that the node's table is at when it has read everything sent so far; undefined: it has none. */
  cursor: number | undefined;
  /** The assignment as last sent. */
  assignment: Buffer | undefined;
  /** Whom to trust, as last sent. */
  trust: Buffer | undefined;
  readonly #stream: RawStream;
  readonly #onIdle: (stream: NodeStream) => void;
  #queue: readonly Buffer[] = [];
  #begun = false;
  #sending = false;
  #closed = false;

  constructor(
    identity: Pick<NodeStream, 'nodeId' | 'nodeName' | 'fingerprint' | 'address' | 'alive'>,
    stream: RawStream,
    onIdle: (stream: NodeStream) => void,
  ) {
    this.nodeId = identity.nodeId;
    this.nodeName = identity.nodeName;
    this.fingerprint = identity.fingerprint;
    this.address = identity.address;
    this.alive = identity.alive;
    this.#stream = stream;
    this.#onIdle = onIdle;
  }

  /** idle says whether the stream takes another message now. */
  get idle(): boolean {
    return this.#begun && !this.#sending && !this.#closed && this.#queue.length === 0;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** begin says that it is known what the node has: nothing is sent before. */
  begin(): void {
    this.#begun = true;
  }

  /** send writes messages as fast as the reader takes them. Only on an idle stream. */
  send(buffers: readonly Buffer[]): void {
    this.#queue = buffers;
    this.#pump();
  }

  // One message at a time: the next when this one has gone out, which it does not while the reader's window is full.
  #pump(): void {
    const [next, ...rest] = this.#queue;
    if (this.#closed || this.#sending || next === undefined) return;
    this.#queue = rest;
    this.#sending = true;
    this.#stream.write(next, () => {
      this.#sending = false;
      if (this.#queue.length > 0) this.#pump();
      else if (this.idle) this.#onIdle(this);
    });
  }

  /** close ends the stream, with an error if one is given. Nothing is sent after it. */
  close(error?: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    if (error === undefined) this.#stream.end();
    else this.#stream.emit('error', error);
  }

  /** abandon has nothing sent any more; whoever opened the stream ends it. */
  abandon(): void {
    this.#closed = true;
    this.#queue = [];
  }
}
