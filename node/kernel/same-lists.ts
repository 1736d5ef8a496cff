// Tells a mirror whether its last dump because of its age still holds, so that an idle host costs no dump.
// Invariant: it holds only if the kernel lists what it listed before and after that dump, and has reported nothing since.
import type { RouteKernel } from './route-kernel.js';

type Listed = { readonly print: string | undefined; readonly reported: number };

/** SameLists compares what one kernel lists with what it listed. */
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
   * unlessSame calls `dump` unless the last one that it called holds.
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

  /** forget records another dump. */
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
