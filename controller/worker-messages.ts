// The messages between the supervisor and the workers of a controller, over the channel of Node.js's fork().
// Invariant: every message is plain JSON. A connection is sent as a handle with its message, and closed by the sender.
import { type ErrorCode, messageOf, XnetError } from '../proto/errors.js';
import type { ControllerSettings } from './settings.js';

/** TcpPort is an address that all workers serve. */
export type TcpPort = { readonly host: string; readonly port: number };

/** WireError is an XnetError as a message. */
export type WireError = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly problems: readonly string[];
  readonly hint?: string;
};

/** Work holds the settings of one worker. */
export type Work = {
  readonly settings: ControllerSettings;
  /** From 1. */
  readonly worker: number;
  /** The number of workers. */
  readonly of: number;
  /** Folder of the cluster key, which all workers share. */
  readonly keyDir: string;
  /** It is killed if it sends no message for this long. Milliseconds. */
  readonly silentMs: number;
  /** The supervisor's own etcd; absent: the settings name one. */
  readonly etcd?: string;
};

/** ToWorker is a message of the supervisor. */
export type ToWorker =
  | { readonly kind: 'work'; readonly work: Work }
  | { readonly kind: 'answer'; readonly request: number; readonly failure?: WireError }
  /** Sent with the socket, unless that is already closed. */
  | { readonly kind: 'connection'; readonly port: string; readonly address: string }
  /** Unix sockets of all workers that run, by the id of their controller. */
  | { readonly kind: 'siblings'; readonly sockets: Readonly<Record<string, string>> }
  | { readonly kind: 'stop' };

/** ToSupervisor is a message of a worker. */
export type ToSupervisor =
  /** The id of its controller, and the path of its unix socket. */
  | { readonly kind: 'started'; readonly id: string; readonly socket: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'beat' }
  | { readonly kind: 'status'; readonly text: string }
  /** Answered: whether the address can be listened on. */
  | { readonly kind: 'check'; readonly request: number; readonly port: TcpPort }
  /** Answered: from then on the worker gets connections of that address. `most`: maximum number, for all workers together. */
  | { readonly kind: 'open'; readonly request: number; readonly port: TcpPort; readonly most: number }
  /** It takes no more connections of that address. */
  | { readonly kind: 'close'; readonly port: string }
  /** A connection from `address` has closed. */
  | { readonly kind: 'closed'; readonly port: string; readonly address: string }
  /** Why it ends. */
  | { readonly kind: 'failed'; readonly failure: WireError };

/** portName names an address in messages: "192.168.83.2:7400". */
export function portName({ host, port }: TcpPort): string {
  return `${host}:${port}`;
}

/** wireFromError converts an error to a message. */
export function wireFromError(error: unknown): WireError {
  if (!(error instanceof XnetError)) return { code: 'Internal', message: messageOf(error), problems: [] };
  const { code, message, problems, hint } = error;
  return { code, message, problems, ...(hint === undefined ? {} : { hint }) };
}

/** errorFromWire converts a message to an error. */
export function errorFromWire({ code, message, problems, hint }: WireError): XnetError {
  return new XnetError(code, message, { problems, ...(hint === undefined ? {} : { hint }) });
}
