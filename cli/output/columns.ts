// Describes the columns of each kind of list, and lays out tables.
import { type Cell, cellText, formatTable } from '../../proto/process/table.js';

/** Colors paint texts, or return them unchanged. */
export type Colors = {
  readonly good: (text: string) => string;
  readonly waiting: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
};

/** TableLook holds the inputs of a table besides its items. */
export type TableLook = {
  readonly colors: Colors;
  readonly nowMs: number;
  /** Characters per line of the terminal; undefined: no terminal, or no limit. */
  readonly width?: number | undefined;
};

/** Column is one column of a table. */
export type Column<T> = {
  readonly header: string;
  /** Only shown by `-o wide`. */
  readonly wide?: boolean;
  /** Order of omission if space is short, the lowest number first. A column without a number stays longest. */
  readonly drop?: number;
  readonly cell: (item: T, look: TableLook) => Cell;
  /** Shown instead of `cell`, for all items, where the columns that are not omitted would not fit. */
  readonly short?: (item: T, look: TableLook) => Cell;
};

/** Kind describes how items of one kind are printed. */
export type Kind<T> = {
  /** Key of the list in JSON: "nodes". */
  readonly plural: string;
  /** Returns the text for `-o name`. */
  readonly nameOf: (item: T) => string;
  readonly columns: readonly Column<T>[];
  /** Returns lines to print below the table: what needs attention. */
  readonly remarks?: (items: readonly T[], look: TableLook) => readonly string[];
};

// Whether all columns that are not to be dropped fit the width with their long texts.
function fitsLong<T>(columns: readonly Column<T>[], items: readonly T[], look: TableLook): boolean {
  const widths = columns
    .filter(({ drop }) => drop === undefined)
    .map(({ header, cell }) =>
      items.reduce((most, item) => Math.max(most, cellText(cell(item, look)).length), header.length),
    );
  return look.width === undefined || widths.reduce((sum, each) => sum + each + 2, -2) <= look.width;
}

/** tableOf lays out items as a table that fits the width. */
export function tableOf<T>(
  columns: readonly Column<T>[],
  items: readonly T[],
  look: TableLook,
  options: { readonly headless?: boolean } = {},
): string[] {
  const droppable = columns
    .map(({ drop }, index) => ({ drop, index }))
    .filter(({ drop }) => drop !== undefined)
    .sort((a, b) => (a.drop ?? 0) - (b.drop ?? 0))
    .map(({ index }) => index);
  const isShort = columns.some(({ short }) => short !== undefined) && !fitsLong(columns, items, look);
  return formatTable(
    columns.map(({ header }) => header),
    items.map((item) => columns.map(({ cell, short }) => (isShort ? (short ?? cell) : cell)(item, look))),
    { ...options, width: look.width, droppable },
  );
}
