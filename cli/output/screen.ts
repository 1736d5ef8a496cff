// Text that changes while it is shown: a list under --watch, or the line of progress under --wait. It is redrawn in
// place on a terminal; elsewhere each version is printed after the previous one.
import { stripVTControlCharacters } from 'node:util';

/** Terminal is the output stream: standard output or standard error. */
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

// A line that is too long would wrap, and redrawing would then leave remains.
function cut(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= columns ? line : `${plain.slice(0, Math.max(0, columns - 1))}…`;
}

/** Screen shows successive versions of a text. */
export class Screen {
  readonly #terminal: Terminal;
  readonly #separator: string;
  #drawn = false;

  /** @param separator printed between versions that are printed one after the other: "", "---" */
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

/** ProgressLine shows progress on one line. */
export class ProgressLine {
  readonly #terminal: Terminal;
  #last = '';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** set replaces the line. */
  set(text: string): void {
    if (text === this.#last) return;
    this.#last = text;
    const { isTTY, columns = 80 } = this.#terminal;
    this.#terminal.write(isTTY === true ? `\r${cut(text, columns)}${eraseLine}` : `${text}\n`);
  }

  /** end keeps the last line on the screen. */
  end(): void {
    if (this.#last !== '' && this.#terminal.isTTY === true) this.#terminal.write('\n');
    this.#last = '';
  }
}
