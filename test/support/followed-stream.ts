// Follows a stream with events, as the daemon does, and says what it makes of its end.
import type { ClientReadableStream } from '@grpc/grpc-js';
import { explainConnectionError } from '../../node/uplink/connection-errors.js';
import type { XnetError } from '../../proto/errors.js';
import { errorFromStatus } from '../../proto/rpc/status.js';

export const turn = () => new Promise((resolve) => setImmediate(resolve));

export type Stream = ClientReadableStream<unknown>;

export class FollowedStream {
  readonly messages: string[] = [];
  // Undefined: it ended well.
  readonly ended: Promise<unknown>;
  failures = 0;

  constructor(stream: Stream, onMessage: (count: number) => void = () => undefined) {
    this.ended = new Promise((resolve) => {
      stream.on('error', (error) => {
        this.failures += 1;
        resolve(error);
      });
      stream.on('end', () => resolve(undefined));
    });
    stream.on('data', ({ message }: { readonly message: string }) => {
      this.messages.push(message);
      onMessage(this.messages.length);
    });
  }
}

// What the daemon makes of the error of a stream, or of a call. The bundle's errors are of a class of its own.
export function explainedOf(error: unknown) {
  const known = error instanceof Error && error.name === 'XnetError' ? (error as XnetError) : errorFromStatus(error);
  const { code, message, hint } = explainConnectionError(known);
  return { code, message, hint };
}

export async function outcomeOf(stream: Stream) {
  const followed = new FollowedStream(stream);
  const error = await followed.ended;
  await turn();
  return { ending: error === undefined ? undefined : explainedOf(error), messages: followed.messages };
}
