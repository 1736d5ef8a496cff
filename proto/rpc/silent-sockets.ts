// Limits the sockets of one port that have not begun a call.
// Invariant: however many sockets arrive at once, the only socket of an address stays until it has begun a call or its time,
// which begins with its handshake, is over. Of thousands of hosts that connect at once, some therefore finish their
// handshakes and the others retry.
import type { Socket } from 'node:net';

/** peerNameOf returns the address and port of a socket's other end, as grpc-js names a peer: "192.168.83.7:40123". */
export function peerNameOf(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
}

/** SilentSockets holds the sockets that have not begun a call. */
export class SilentSockets {
  readonly #most: number;
  readonly #silenceMs: number;
  readonly #sockets = new Map<string, Socket>();
  /** Their names by address, oldest first. */
  readonly #ofAddress = new Map<string, Set<string>>();

  /**
   * @param most maximum number of sockets
   * @param silenceMs how long each may stay silent, in milliseconds
   */
  constructor(most: number, silenceMs: number) {
    this.#most = most;
    this.#silenceMs = silenceMs;
  }

  /**
   * take adds a new socket, or destroys it if there is no room.
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
    socket.once('close', () => {
      if (this.#sockets.get(peer) === socket) this.spoke(peer);
    });
    return true;
  }

  /** begin begins the time of a socket: it is destroyed when that is over. */
  begin(socket: Socket): void {
    const peer = peerNameOf(socket);
    const timer = setTimeout(() => {
      if (this.#sockets.get(peer) === socket) this.cut(peer);
    }, this.#silenceMs).unref();
    socket.once('close', () => clearTimeout(timer));
  }

  /** of returns the socket of a name that has not begun a call. */
  of(peer: string): Socket | undefined {
    return this.#sockets.get(peer);
  }

  // Evicts the newest socket of the address that has most, if that leaves it with no fewer than the newcomer's address.
  #makeRoomFor(address: string): boolean {
    let largest: ReadonlySet<string> = new Set();
    for (const names of this.#ofAddress.values()) if (names.size > largest.size) largest = names;
    const own = this.#ofAddress.get(address)?.size ?? 0;
    const newest = [...largest].at(-1);
    if (newest === undefined || largest.size < own + 2) return false;
    this.cut(newest);
    return true;
  }

  /** spoke removes a socket that has begun a call or is closed. */
  spoke(peer: string): void {
    if (!this.#sockets.delete(peer)) return;
    // From the name: a closed socket no longer knows its address.
    const address = peer.slice(0, peer.lastIndexOf(':'));
    const names = this.#ofAddress.get(address);
    names?.delete(peer);
    if (names?.size === 0) this.#ofAddress.delete(address);
  }

  /** cutAll destroys every socket that has not begun a call. */
  cutAll(): void {
    for (const peer of [...this.#sockets.keys()]) this.cut(peer);
  }

  /** cut destroys a socket that has not begun a call. */
  cut(peer: string): void {
    const socket = this.#sockets.get(peer);
    this.spoke(peer);
    socket?.destroy();
  }
}
