// One node's stream on the sending side: what was sent last, and whether it is ready for more.
// Invariant: at most one snapshot or one delta is queued per stream. A slow reader costs no memory and delays no other stream;
// later changes reach it as one merged delta. gRPC's own queue reports full only after 16 messages, so it is not used
// for this.
import type { ServerWritableStream } from '@grpc/grpc-js';

/** RawStream is a gRPC stream of encoded messages. */
export type RawStream = Pick<ServerWritableStream<unknown, Buffer>, 'write' | 'emit' | 'end'>;

/** NodeStream is the stream of one connected node. */
export class NodeStream {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly fingerprint: string;
  /** Where it calls from: "192.168.83.7". */
  readonly address: string;
  /** Reports whether the other end answers. */
  readonly alive: () => Promise<boolean>;
  /** Revision of the node's table once it has read everything sent so far; undefined: it has none. */
  cursor: number | undefined;
  /** Whether this stream has said anything about the table: until then, the node's table is not confirmed. */
  confirmed = false;
  /** The assignment last sent. */
  assignment: Buffer | undefined;
  /** The authorities and addresses last sent. */
  trust: Buffer | undefined;
  readonly #stream: RawStream;
  readonly #onIdle: (stream: NodeStream) => void;
  #queue: readonly Buffer[] = [];
  #begun = false;
  #sending = false;
  #closed = false;
  readonly #waiting = new Set<() => void>();

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

  /** idle reports whether the stream is ready for another message. */
  get idle(): boolean {
    return this.#begun && !this.#sending && !this.#closed && this.#queue.length === 0;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** whenClosed calls `listener` once the stream is closed. It returns a function that removes the listener. */
  whenClosed(listener: () => void): () => void {
    this.#waiting.add(listener);
    return () => this.#waiting.delete(listener);
  }

  /** begin allows sending, once the node's current table is known. */
  begin(): void {
    this.#begun = true;
  }

  /** send writes messages as fast as the reader takes them. The stream must be idle. */
  send(buffers: readonly Buffer[]): void {
    this.#queue = buffers;
    this.#pump();
  }

  /** interject writes a message after those that are queued, whether or not the stream is idle. The caller bounds their number. */
  interject(buffer: Buffer): void {
    this.#queue = [...this.#queue, buffer];
    this.#pump();
  }

  // Writes one message at a time: the next one after this one was sent, which waits for the reader's window.
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

  /** close ends the stream, with an error if one is given. Nothing is sent afterwards. */
  close(error?: unknown): void {
    if (this.#closed) return;
    this.abandon();
    if (error === undefined) this.#stream.end();
    else this.#stream.emit('error', error);
  }

  /** abandon stops sending; its opener ends the stream. */
  abandon(): void {
    this.#closed = true;
    this.#queue = [];
    for (const listener of this.#waiting) listener();
    this.#waiting.clear();
  }
}
