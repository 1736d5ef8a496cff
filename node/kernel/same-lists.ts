// Decides whether a periodic dump of a mirror can be skipped, so that an idle host needs none.
// Invariant: a dump is skipped only if the kernel lists the same as before and after the last one, and has reported no change
// since.
import type { RouteKernel } from './route-kernel.js';

type Listed = { readonly print: string | undefined; readonly reported: number };

/** SameLists remembers what a kernel listed around the last periodic dump. */
export class SameLists {
  readonly #kernel: Pick<RouteKernel, 'fingerprint'>;
  readonly #drain: () => void;
  // The number of notifications so far.
  #reported = 0;
  #listed: Listed | undefined;

  /** @param drain reads the notifications that have arrived */
  constructor(kernel: Pick<RouteKernel, 'fingerprint'>, drain: () => void) {
    this.#kernel = kernel;
    this.#drain = drain;
  }

  /** noteReport records that the kernel has reported a change, or that reports were lost. */
  noteReport(): void {
    this.#reported += 1;
  }

  /**
   * unlessSame calls `dump` unless the result of the last call is still valid.
   * @throws SyscallError as RouteKernel does
   */
  async unlessSame(dump: () => Promise<void>): Promise<void> {
    const before = await this.#look();
    if (isSame(before, this.#listed)) return;
    this.#listed = undefined;
    await dump();
    const after = await this.#look();
    if (isSame(before, after)) this.#listed = after;
  }

  /** forget makes the next unlessSame dump. */
  forget(): void {
    this.#listed = undefined;
  }

  async #look(): Promise<Listed> {
    const print = await this.#kernel.fingerprint();
    this.#drain();
    return { print, reported: this.#reported };
  }
}

function isSame(a: Listed, b: Listed | undefined): boolean {
  return a.print !== undefined && a.print === b?.print && a.reported === b.reported;
}
