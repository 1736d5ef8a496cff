// What a kind of thing looks like when a list of it is printed.
import type { Cell } from '../../proto/process/table.js';

/** Colors paint texts, or leave them as they are. */
export type Colors = {
  readonly good: (text: string) => string;
  readonly waiting: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
};

/** Look is what a table depends on besides its items. */
export type Look = { readonly colors: Colors; readonly nowMs: number };

/** Column is one column of a table. */
export type Column<T> = {
  readonly header: string;
  /** Shown by `-o wide` only. */
  readonly wide?: boolean;
  readonly cell: (item: T, look: Look) => Cell;
};

/** Kind says how things of one kind are printed. */
export type Kind<T> = {
  /** Key of the list in JSON: "nodes". */
  readonly plural: string;
  /** What `-o name` prints. */
  readonly nameOf: (item: T) => string;
  readonly columns: readonly Column<T>[];
  /** Lines below the table: what somebody should look at. */
  readonly remarks?: (items: readonly T[], look: Look) => readonly string[];
};
