// Waits for the reader of a stream of responses.
import type { ServerWritableStream } from '@grpc/grpc-js';

/** drained resolves when a stream takes messages again, after a write that returned false, or when `gone` aborts. */
export async function drained(
  call: Pick<ServerWritableStream<unknown, unknown>, 'once' | 'off'>,
  gone: AbortSignal,
): Promise<void> {
  if (gone.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      call.off('drain', end);
      gone.removeEventListener('abort', end);
      resolve();
    };
    call.once('drain', end);
    gone.addEventListener('abort', end, { once: true });
  });
}
