// Tables for people: columns of text under upper-case headers, separated by two blanks, as docker and kubectl print
// them. Pure.
// Invariant: every cell except those of the last column is ASCII.

/** Paint colours a text that is already padded; returns it unchanged if colours are off. */
export type Paint = (text: string) => string;

/** Cell is a text and its colour. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

/** cellText returns the text of a cell. */
export function cellText(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

/** TableOptions bound the size of a table. */
export type TableOptions = {
  /** Maximum length of a line, in characters; undefined: unlimited. */
  readonly width?: number | undefined;
  /** Indices of columns that may be dropped for space, the first to drop first. */
  readonly droppable?: readonly number[];
  /** Omits the header line. */
  readonly headless?: boolean;
};

// A last column cut shorter than this is useless.
const shortestLast = 16;

// Returns the columns to show and the width of the last one. Droppable columns go first, then the rightmost.
function fitted(
  widths: readonly number[],
  { width, droppable = [] }: TableOptions,
): { readonly shown: readonly number[]; readonly lastWidth: number } {
  let shown = widths.map((_, column) => column);
  if (width === undefined) return { shown, lastWidth: Number.POSITIVE_INFINITY };
  const order = [...droppable, ...shown.slice(1).reverse()];
  for (;;) {
    const last = shown.at(-1) ?? 0;
    const before = shown.slice(0, -1).reduce((sum, column) => sum + (widths[column] ?? 0) + 2, 0);
    const room = width - before;
    if (room >= Math.min(widths[last] ?? 0, shortestLast) || shown.length === 1) {
      return { shown, lastWidth: Math.max(1, room) };
    }
    const next = order.find((column) => shown.includes(column));
    shown = shown.filter((column) => column !== next);
  }
}

/** cut shortens a text to a width, and marks the cut. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/**
 * formatTable lays out rows under their headers, as lines without a trailing newline. Free text belongs in the last
 * column, which is not padded, and is cut if space is short.
 */
export function formatTable(
  headers: readonly string[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): string[] {
  const widths = headers.map((header) => (options.headless === true ? 0 : header.length));
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      const { length } = cellText(cell);
      if (length > (widths[column] ?? 0)) widths[column] = length;
    }
  }
  const { shown, lastWidth } = fitted(widths, options);
  const last = shown.at(-1);
  const line = (row: readonly Cell[]): string => {
    let text = '';
    for (const column of shown) {
      const cell = row[column] ?? '';
      const whole = cellText(cell);
      const plain = column === last ? cut(whole, lastWidth) : whole;
      const padding = column === last ? '' : ' '.repeat((widths[column] ?? 0) + 2 - plain.length);
      text += (typeof cell === 'string' ? plain : cell.paint(plain)) + padding;
    }
    return text.trimEnd();
  };
  return [...(options.headless === true ? [] : [line(headers)]), ...rows.map(line)];
}

/** formatFields lays out "Name: value" lines with aligned values; fields with an empty value are omitted. */
export function formatFields(fields: readonly (readonly [name: string, value: string])[]): string[] {
  const shown = fields.filter(([, value]) => value !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length)) + 2;
  return shown.map(([name, value]) => `${`${name}:`.padEnd(width)}${value}`);
}
