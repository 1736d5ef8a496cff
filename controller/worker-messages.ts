// What the processes of a controller with several workers say to each other, over the channel that Node.js makes of fork().
// Invariant: every message is plain JSON. A connection travels with its message as a handle, and is closed by the sender.
import { type ErrorCode, messageOf, XnetError } from '../proto/errors.js';
import type { ControllerSettings } from './settings.js';

/**
 * workerWatchdogMs is how long a worker may send no message before it is killed. It may answer no call for twice as long.
 * Milliseconds.
 */
export const workerWatchdogMs = 30_000;

/** TcpPort is an address that all workers serve. */
export type TcpPort = { readonly host: string; readonly port: number };

/** WireError is an XnetError on its way to another process. */
export type WireError = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly problems: readonly string[];
  readonly hint?: string;
};

/** Work is what a worker is started with. */
export type Work = {
  readonly settings: ControllerSettings;
  /** From 1. */
  readonly worker: number;
  /** The number of workers. */
  readonly of: number;
  /** Folder of the cluster key, which all workers share. */
  readonly keyDir: string;
  /** The supervisor's own etcd; absent: the settings name one. */
  readonly etcd?: string;
};

/** ToWorker is a message of the supervisor. */
export type ToWorker =
  | { readonly kind: 'work'; readonly work: Work }
  | { readonly kind: 'answer'; readonly request: number; readonly failure?: WireError }
  /** Comes with the socket, unless it is closed already. */
  | { readonly kind: 'connection'; readonly port: string; readonly address: string }
  /** Unix sockets of all workers that run, by the id of their controller. */
  | { readonly kind: 'siblings'; readonly sockets: Readonly<Record<string, string>> }
  | { readonly kind: 'stop' };

/** ToSupervisor is a message of a worker. */
export type ToSupervisor =
  /** It is a controller with this id, and a unix socket of its own. */
  | { readonly kind: 'started'; readonly id: string; readonly socket: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'beat' }
  | { readonly kind: 'status'; readonly text: string }
  /** Answered: whether the address can be listened on. */
  | { readonly kind: 'check'; readonly request: number; readonly port: TcpPort }
  /** Answered: from then on the worker gets connections of that address. `most`: at most so many, of all workers together. */
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

/** wireFromError returns an error as a message has it. */
export function wireFromError(error: unknown): WireError {
  if (!(error instanceof XnetError)) return { code: 'Internal', message: messageOf(error), problems: [] };
  const { code, message, problems, hint } = error;
  return { code, message, problems, ...(hint === undefined ? {} : { hint }) };
}

/** errorFromWire returns the error of a message. */
export function errorFromWire({ code, message, problems, hint }: WireError): XnetError {
  return new XnetError(code, message, { problems, ...(hint === undefined ? {} : { hint }) });
}
