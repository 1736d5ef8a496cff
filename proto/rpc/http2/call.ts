// One call of a client: a request, the messages that answer it, and how it ended.
// Invariant: a call ends once, and its listener is not called afterwards. Its request is sent at most once.
import { type ClientHttp2Session, type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import { messageOf } from '../../errors.js';
import {
  type CallStatus,
  connectionDropped,
  notConnected,
  status,
  statusOfClosed,
  statusOfTrailers,
  statusWith,
  timeoutHeader,
} from './call-status.js';
import type { Http2Connection } from './connection.js';
import { FrameReader, framed } from './framing.js';
import type { Metadata } from './metadata.js';
import { NameNotFound } from './socket.js';

/** OutgoingRequest is what is sent. */
export type OutgoingRequest = {
  /** "/xnet.v1.AdminService/ListNodes" */
  readonly path: string;
  readonly message: Uint8Array;
  readonly metadata: Metadata;
  /** Milliseconds since 1970; undefined: none. */
  readonly deadline: number | undefined;
};

/** CallListener receives the answer and the status of a call. */
export type CallListener = {
  onMessage(bytes: Buffer): void;
  /** onStatus is called once, last, and never before the call's constructor has returned. */
  onStatus(status: CallStatus): void;
};

/** CallOrigin is the client that a call is of. */
export type CallOrigin = {
  /** connection returns the one to use for a call that begins now. */
  connection(): Http2Connection;
  /** Value of the header :authority. */
  readonly authority: string;
  /** Bytes of the longest message in an answer. */
  readonly longestAnswer: number;
};

const userAgent = 'grpc-node-xnet/1';
const longestTimerMs = 2 ** 31 - 1;

/** OutgoingCall is one call. It begins when it is made. */
export class OutgoingCall {
  readonly #origin: CallOrigin;
  readonly #request: OutgoingRequest;
  readonly #listener: CallListener;
  #deadline: NodeJS.Timeout | undefined;
  #stream: ClientHttp2Stream | undefined;
  // The one that the request was sent on.
  #connection: Http2Connection | undefined;
  #isPaused = false;
  // The server has sent the call's status.
  #isAnswered = false;
  #hasEnded = false;

  constructor(origin: CallOrigin, request: OutgoingRequest, listener: CallListener) {
    this.#origin = origin;
    this.#request = request;
    this.#listener = listener;
    this.#runDeadline(Date.now());
    void this.#send(true);
  }

  /** cancel ends the call, unless it has ended. */
  cancel(): void {
    this.#end(statusWith(status.CANCELLED, 'Cancelled on client'));
  }

  /** fail ends the call with a status that was found on this side. */
  fail(found: CallStatus): void {
    this.#end(found);
  }

  /** pause holds back the rest of the answer until resume(). */
  pause(): void {
    this.#isPaused = true;
    this.#stream?.pause();
  }

  /** resume lets the answer come. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#stream?.resume();
  }

  #runDeadline(startMs: number): void {
    const { deadline } = this.#request;
    if (deadline === undefined || deadline - startMs > longestTimerMs) return;
    this.#deadline = setTimeout(
      () => {
        const seconds = ((Date.now() - startMs) / 1000).toFixed(3);
        const sent = this.#connection === undefined ? '' : `,remote_addr=${this.#connection.peer}`;
        this.#end(statusWith(status.DEADLINE_EXCEEDED, `Deadline exceeded after ${seconds}s${sent}`));
      },
      Math.max(deadline - startMs, 0),
    );
  }

  // Never at once: a caller may still cancel what must not be sent.
  async #send(mayRepeat: boolean): Promise<void> {
    const connection = this.#origin.connection();
    let session: ClientHttp2Session;
    try {
      session = await connection.ready;
    } catch (error) {
      const reason = messageOf(error);
      this.#end(
        error instanceof NameNotFound ? statusWith(status.UNAVAILABLE, reason) : notConnected(reason, Date.now()),
      );
      return;
    }
    if (this.#hasEnded) return;
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(this.#headers());
    } catch {
      // It ended in between, and nothing was sent.
      if (mayRepeat) await this.#send(false);
      else this.#end(connectionDropped);
      return;
    }
    this.#connection = connection;
    this.#stream = stream;
    this.#follow(stream, session, connection);
    stream.end(framed(this.#request.message));
  }

  #headers() {
    const { path, metadata, deadline } = this.#request;
    return {
      ...metadata.headers(),
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      [constants.HTTP2_HEADER_AUTHORITY]: this.#origin.authority,
      [constants.HTTP2_HEADER_TE]: 'trailers',
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_USER_AGENT]: userAgent,
      ...(deadline === undefined ? {} : { 'grpc-timeout': timeoutHeader(deadline - Date.now()) }),
    };
  }

  #follow(stream: ClientHttp2Stream, session: ClientHttp2Session, connection: Http2Connection): void {
    const frames = new FrameReader(this.#origin.longestAnswer);
    let httpStatus: number | undefined;
    let found: CallStatus | undefined;
    let error: Error | undefined;
    let isRead = false;
    const take = (trailers: IncomingHttpHeaders) => {
      found = statusOfTrailers(trailers, httpStatus);
      this.#isAnswered = true;
      // A failure does not wait for the rest of the answer.
      if (isRead || found.code !== status.OK) this.#end(found);
    };
    // The call has a turn of the loop to end by itself.
    const dropped = () => setImmediate(() => this.#end(connectionDropped));
    connection.began(dropped);
    stream.on('response', (headers, flags) => {
      httpStatus = headers[':status'];
      if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) take(headers);
    });
    stream.on('trailers', take);
    stream.on('data', (piece: Buffer) => {
      // The rest of an answer that is discarded.
      if (this.#hasEnded) return;
      let messages: readonly Buffer[];
      try {
        messages = frames.read(piece);
      } catch (problem) {
        const isPage = httpStatus !== undefined && httpStatus !== 200;
        if (isPage) this.#end(statusOfTrailers({}, httpStatus));
        else this.#end(statusWith(status.RESOURCE_EXHAUSTED, messageOf(problem)));
        return;
      }
      // What the listener throws is not the server's fault, and does not end the call.
      for (const message of messages) if (!this.#hasEnded) this.#listener.onMessage(message);
    });
    stream.on('end', () => {
      isRead = true;
      if (found !== undefined) this.#end(found);
    });
    stream.on('error', (problem: Error & { readonly code?: string }) => {
      // That one only repeats the code of the stream.
      if (problem.code !== 'ERR_HTTP2_STREAM_ERROR') error = problem;
    });
    stream.once('close', () => {
      connection.ended(dropped);
      const { rstCode: code } = stream;
      this.#end(found ?? statusOfClosed({ code, httpStatus, error, dropped: session.closed || session.destroyed }));
    });
    if (this.#isPaused) stream.pause();
  }

  #end(ended: CallStatus): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#deadline);
    const stream = this.#stream;
    if (stream !== undefined && !stream.destroyed) {
      // The rest of the answer is discarded. It has to be read, or the stream would not end.
      stream.resume();
      if (!this.#isAnswered) stream.close(constants.NGHTTP2_CANCEL);
    }
    process.nextTick(() => this.#listener.onStatus(ended));
  }
}
