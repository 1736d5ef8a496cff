// The sockets of one port that have not begun a call: how many there are, and which of them go.
// Invariant: however many come at once, the only socket of an address keeps its place until it has begun a call or its
// time is over. So of thousands of hosts that connect at once some finish their handshakes, and the others come again.
import type { Socket } from 'node:net';

/** peerNameOf is the address and port of a socket's other end, as grpc-js names a peer: "192.168.83.7:40123". */
export function peerNameOf(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
}

/** SilentSockets are the sockets. */
export class SilentSockets {
  readonly #most: number;
  readonly #silenceMs: number;
  readonly #sockets = new Map<string, Socket>();
  /** Their names by address, oldest first. */
  readonly #ofAddress = new Map<string, Set<string>>();

  /**
   * @param most how many there may be
   * @param silenceMs how long each may stay one, milliseconds
   */
  constructor(most: number, silenceMs: number) {
    this.#most = most;
    this.#silenceMs = silenceMs;
  }

  /**
   * take takes a new socket. It is destroyed when its time is over, and at once when there is no room for it.
   * @returns whether there is room
   */
  take(socket: Socket): boolean {
    const { remoteAddress: address = '' } = socket;
    if (this.#sockets.size >= this.#most && !this.#makeRoomFor(address)) {
      socket.destroy();
      return false;
    }
    const peer = peerNameOf(socket);
    this.#sockets.set(peer, socket);
    const names = this.#ofAddress.get(address) ?? new Set();
    this.#ofAddress.set(address, names.add(peer));
    const timer = setTimeout(() => this.cut(peer), this.#silenceMs).unref();
    socket.once('close', () => {
      clearTimeout(timer);
      if (this.#sockets.get(peer) === socket) this.spoke(peer);
    });
    return true;
  }

  // The newest socket of the address that has most goes, where that leaves it with no fewer than the newcomer's.
  #makeRoomFor(address: string): boolean {
    let largest: ReadonlySet<string> = new Set();
    for (const names of this.#ofAddress.values()) if (names.size > largest.size) largest = names;
    const own = this.#ofAddress.get(address)?.size ?? 0;
    const newest = [...largest].at(-1);
    if (newest === undefined || largest.size < own + 2) return false;
    this.cut(newest);
    return true;
  }

  /** spoke notes that a socket has begun a call, or is gone: it is none of these any more. */
  spoke(peer: string): void {
    if (!this.#sockets.delete(peer)) return;
    // By the name: a socket that is closed does not know its address any more.
    const address = peer.slice(0, peer.lastIndexOf(':'));
    const names = this.#ofAddress.get(address);
    names?.delete(peer);
    if (names?.size === 0) this.#ofAddress.delete(address);
  }

  /** cutAll ends all of these. */
  cutAll(): void {
    for (const peer of [...this.#sockets.keys()]) this.cut(peer);
  }

  /** cut ends a socket, if it is one of these. */
  cut(peer: string): void {
    const socket = this.#sockets.get(peer);
    this.spoke(peer);
    socket?.destroy();
  }
}
