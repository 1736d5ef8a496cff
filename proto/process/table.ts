// Tables for people: columns of text under upper-case headers, two blanks apart, as docker and kubectl print them.
// Every cell but those of the last column is ASCII here. Pure.

/** Paint colours a text that is padded already; the plain text where colours are off. */
export type Paint = (text: string) => string;

/** Cell is a text, and how it is coloured. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);

/**
 * formatTable lays rows out under their headers, as lines without a newline at their end. Free text belongs into the
 * last column, which is not padded.
 */
export function formatTable(headers: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const widths = headers.map((header) => header.length);
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      const { length } = textOf(cell);
      if (length > (widths[column] ?? 0)) widths[column] = length;
    }
  }
  const last = headers.length - 1;
  const line = (row: readonly Cell[]): string => {
    let text = '';
    for (const [column, cell] of row.entries()) {
      const plain = textOf(cell);
      const padding = column === last ? '' : ' '.repeat((widths[column] ?? 0) + 2 - plain.length);
      text += (typeof cell === 'string' ? plain : cell.paint(plain)) + padding;
    }
    return text.trimEnd();
  };
  return [line(headers), ...rows.map(line)];
}

/** formatFields lays out "Name: value" lines with aligned values; fields with an empty value are left out. */
export function formatFields(fields: readonly (readonly [name: string, value: string])[]): string[] {
  const shown = fields.filter(([, value]) => value !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length)) + 2;
  return shown.map(([name, value]) => `${`${name}:`.padEnd(width)}${value}`);
}
