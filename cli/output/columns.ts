// What a kind of thing looks like when a list of it is printed.
import { type Cell, formatTable } from '../../proto/process/table.js';

/** Colors paint texts, or leave them as they are. */
export type Colors = {
  readonly good: (text: string) => string;
  readonly waiting: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
};

/** TableLook is what a table depends on besides its items. */
export type TableLook = {
  readonly colors: Colors;
  readonly nowMs: number;
  /** How many characters a line of the terminal has; undefined: it is no terminal, or everything is wanted. */
  readonly width?: number | undefined;
};

/** Column is one column of a table. */
export type Column<T> = {
  readonly header: string;
  /** Shown by `-o wide` only. */
  readonly wide?: boolean;
  /** Left out where there is no room for all: those with the lowest number first. Without one it stays longest. */
  readonly drop?: number;
  readonly cell: (item: T, look: TableLook) => Cell;
};

/** Kind says how things of one kind are printed. */
export type Kind<T> = {
  /** Key of the list in JSON: "nodes". */
  readonly plural: string;
  /** What `-o name` prints. */
  readonly nameOf: (item: T) => string;
  readonly columns: readonly Column<T>[];
  /** Lines below the table: what somebody should look at. */
  readonly remarks?: (items: readonly T[], look: TableLook) => readonly string[];
};

/** tableOf lays items out as a table that fits. */
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
  return formatTable(
    columns.map(({ header }) => header),
    items.map((item) => columns.map(({ cell }) => cell(item, look))),
    { ...options, width: look.width, droppable },
  );
}
