// One line of the benchmark's table: the measurement, the comparison in the same run, and the target.
// Invariant: a figure asserts nothing. A result that is wrong, not merely slow, is thrown as Wrong.
import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import type { Flanneld } from './flanneld.js';

/** rowNames lists the rows of the table, in order. */
export const rowNames = [
  'join',
  'one-more',
  'from-nothing',
  'restart-all',
  'join-simulated',
  'address-change',
  'reconnect',
  'storm',
  'mtls',
  'leases',
  'routes',
  'repair',
  'traffic',
  'controller-memory',
  'daemon-memory',
  'daemon-change',
  'cold-start',
  'restart-one',
  'resident',
  'deleted-route',
  'link',
  'list',
  'docker-join',
  'failover',
] as const;

/** RowName is the name of a row. A row has a line for each size that it is measured with. */
export type RowName = (typeof rowNames)[number];

/** Figure is one line. */
export type Figure = {
  readonly row: RowName;
  /** "one node joins, until 50 kernels have its route" */
  readonly what: string;
  readonly ours: string;
  /** The comparison, and its result in the same run. */
  readonly limit: string;
  /** Ratio of xnet's figure to the comparison's; NaN without a comparison. */
  readonly ratio: number;
  readonly aim: string;
  /** Whether the target is met; undefined without a target. */
  readonly met: boolean | undefined;
};

/** Outcome is a figure, or the reason why there is none. `wrong`: xnet behaved incorrectly, whatever its speed. */
export type Outcome = Figure | { readonly row: RowName; readonly missing: string; readonly wrong: boolean };

/** BenchContext holds the environment of a part of the benchmark. */
export type BenchContext = {
  readonly wanted: ReadonlySet<RowName>;
  /** Smaller sizes and fewer rounds. */
  readonly quick: boolean;
  /** The flannel to compare with, if one was given. */
  readonly flanneld: Flanneld | undefined;
  readonly log: (line: string) => void;
  readonly tell: (figure: Figure) => void;
};

/** BenchPart measures some rows together. */
export type BenchPart = {
  readonly rows: readonly RowName[];
  readonly run: (context: BenchContext) => Promise<void>;
};

/** Wrong is an error of xnet found by the benchmark: a subnet leased twice, a missing route. */
export class Wrong extends Error {}

/** CannotMeasure reports a row that can't be measured on this machine. */
export class CannotMeasure extends Error {}

/** ms formats a time: "2.13 ms", "45 ms", "1.20 s". */
export function ms(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
}

const columns = [
  ['WHAT', 34],
  ['OURS', 34],
  ['LIMIT', 40],
  ['RATIO', 9],
  ['AIM', 24],
  ['', 9],
] as const;

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && stripVTControlCharacters(longer).length > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

// Each row is printed as soon as it is known, so all rows have the same column widths.
function line(cells: readonly string[]): string {
  const parts = columns.map(([, width], index) => wrapped(cells[index] ?? '', width - 2));
  const height = Math.max(...parts.map(({ length }) => length));
  const rows = Array.from({ length: height }, (_, row) =>
    columns.map(([, width], index) => {
      const text = parts[index]?.[row] ?? '';
      return text + ' '.repeat(Math.max(0, width - stripVTControlCharacters(text).length));
    }),
  );
  return rows.map((row) => row.join('').trimEnd()).join('\n');
}

/** headLine returns the table's first line. */
export function headLine(): string {
  return line(columns.map(([name]) => pc.bold(name)));
}

/** lineOf returns one line of the table, wrapped. */
export function lineOf(outcome: Outcome): string {
  if ('missing' in outcome) {
    const { row, missing, wrong } = outcome;
    return `${wrong ? pc.red('WRONG') : pc.yellow('NOT MEASURED')} ${row}: ${missing}`;
  }
  const { what, ours, limit, ratio, aim, met } = outcome;
  const verdict = met === undefined ? '' : met ? pc.green('met') : pc.yellow('not met');
  return line([what, ours, limit, Number.isNaN(ratio) ? '' : ratio.toFixed(2), aim, verdict]);
}
