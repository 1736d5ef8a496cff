// The metadata of a call: its HTTP/2 headers and trailers other than HTTP's own. Values of keys that end in "-bin" are
// bytes, encoded as base64 (grpc/doc/PROTOCOL-HTTP2.md).
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';

const isBinary = (key: string) => key.endsWith('-bin');

/** Metadata holds values by key. Keys are lower case. */
export class Metadata {
  readonly #values = new Map<string, (string | Buffer)[]>();
  // Decoded when asked for: most of it never is.
  #arrived: IncomingHttpHeaders | undefined;

  /** ofHeaders returns the metadata of headers, or trailers, that arrived. */
  static ofHeaders(headers: IncomingHttpHeaders): Metadata {
    const metadata = new Metadata();
    metadata.#arrived = headers;
    return metadata;
  }

  /** get returns the values of a key. */
  get(key: string): readonly (string | Buffer)[] {
    const name = key.toLowerCase();
    return this.#values.get(name) ?? this.#arrivedValues(name);
  }

  /** set replaces the values of a key. */
  set(key: string, value: string | Buffer): void {
    this.#values.set(key.toLowerCase(), [value]);
  }

  /** headers returns what was set, as headers to send. */
  headers(): OutgoingHttpHeaders {
    const textOf = (value: string | Buffer) => (typeof value === 'string' ? value : value.toString('base64'));
    return Object.fromEntries([...this.#values].map(([key, values]) => [key, values.map(textOf)]));
  }

  #arrivedValues(name: string): readonly (string | Buffer)[] {
    const value = name.startsWith(':') ? undefined : this.#arrived?.[name];
    if (value === undefined) return [];
    const texts = typeof value === 'string' ? [value] : value;
    // Several values of a key may come joined.
    return isBinary(name) ? texts.flatMap((text) => text.split(',')).map((text) => Buffer.from(text, 'base64')) : texts;
  }
}
