// Tables for people: columns of text under upper-case headers, two blanks apart, as docker and kubectl print them.
// Every cell but those of the last column is ASCII here. Pure.

/** Paint colours a text that is padded already; the plain text where colours are off. */
export type Paint = (text: string) => string;

/** Cell is a text, and how it is coloured. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);

/** TableOptions say how much room there is for a table. */
export type TableOptions = {
  /** How many characters a line may have; undefined: as many as it takes. */
  readonly width?: number | undefined;
  /** Indices of columns that go when there is no room for all, the first to go first. */
  readonly droppable?: readonly number[];
  /** Without the line of headers. */
  readonly headless?: boolean;
};

// A last column that is cut shorter than this says nothing any more.
const shortestLast = 16;

// Which columns are shown, and how wide the last of them may be. What is droppable goes first, then what stands last.
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

/** cut shortens a text to a width, and shows that it did. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/**
 * formatTable lays rows out under their headers, as lines without a newline at their end. Free text belongs into the
 * last column, which is not padded, and which is shortened where there is little room.
 */
export function formatTable(
  headers: readonly string[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): string[] {
  const widths = headers.map((header) => (options.headless === true ? 0 : header.length));
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      const { length } = textOf(cell);
      if (length > (widths[column] ?? 0)) widths[column] = length;
    }
  }
  const { shown, lastWidth } = fitted(widths, options);
  const last = shown.at(-1);
  const line = (row: readonly Cell[]): string => {
    let text = '';
    for (const column of shown) {
      const cell = row[column] ?? '';
      const whole = textOf(cell);
      const plain = column === last ? cut(whole, lastWidth) : whole;
      const padding = column === last ? '' : ' '.repeat((widths[column] ?? 0) + 2 - plain.length);
      text += (typeof cell === 'string' ? plain : cell.paint(plain)) + padding;
    }
    return text.trimEnd();
  };
  return [...(options.headless === true ? [] : [line(headers)]), ...rows.map(line)];
}

/** formatFields lays out "Name: value" lines with aligned values; fields with an empty value are left out. */
export function formatFields(fields: readonly (readonly [name: string, value: string])[]): string[] {
  const shown = fields.filter(([, value]) => value !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length)) + 2;
  return shown.map(([name, value]) => `${`${name}:`.padEnd(width)}${value}`);
}
