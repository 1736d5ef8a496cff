// Text that changes while it is shown: a list under --watch, and the line of progress under --wait. On a terminal it is
// drawn again in place, elsewhere each version is printed after the one before.
import { stripVTControlCharacters } from 'node:util';

/** Terminal is where it is shown: standard output or standard error. */
export type Terminal = {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

// Control Sequence Introducer and its functions (ECMA-48): cursor home, erase to the end of the line, of the screen.
const csi = '\u001b[';
const home = `${csi}H`;
const eraseLine = `${csi}K`;
const eraseBelow = `${csi}J`;

// A line that is too long would wrap, and what is drawn over it the next time would not fit.
function cut(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= columns ? line : `${plain.slice(0, Math.max(0, columns - 1))}…`;
}

/** Screen shows one version after the other. */
export class Screen {
  readonly #terminal: Terminal;
  readonly #separator: string;
  #drawn = false;

  /** @param separator printed between versions where they are printed one after the other: "", "---" */
  constructor(terminal: Terminal, separator: string) {
    this.#terminal = terminal;
    this.#separator = separator;
  }

  /** draw shows a version. */
  draw(text: string): void {
    const { columns = 80, rows = 24 } = this.#terminal;
    if (this.#terminal.isTTY !== true) {
      this.#terminal.write(`${this.#drawn ? `${this.#separator}\n` : ''}${text}\n`);
    } else {
      const lines = text.split('\n');
      const shown = lines.length < rows ? lines : [...lines.slice(0, rows - 2), `… ${lines.length - rows + 2} more`];
      const body = shown.map((line) => `${cut(line, columns)}${eraseLine}\n`).join('');
      this.#terminal.write(`${this.#drawn ? home : `${home}${eraseBelow}`}${body}${eraseBelow}`);
    }
    this.#drawn = true;
  }
}

/** ProgressLine shows how far something is, on one line. */
export class ProgressLine {
  readonly #terminal: Terminal;
  #last = '';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** set shows a text in place of the last one. */
  set(text: string): void {
    if (text === this.#last) return;
    this.#last = text;
    const { isTTY, columns = 80 } = this.#terminal;
    this.#terminal.write(isTTY === true ? `\r${cut(text, columns)}${eraseLine}` : `${text}\n`);
  }

  /** end leaves the last text where it is. */
  end(): void {
    if (this.#last !== '' && this.#terminal.isTTY === true) this.#terminal.write('\n');
    this.#last = '';
  }
}
