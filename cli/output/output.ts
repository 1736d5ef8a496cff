// The only printer of xctl: data to standard output in the requested format, everything else to standard error.
// Invariant: the output contains no control character from outside: tables escape each text, JSON and YAML have \u001b
// instead.
import type { Writable } from 'node:stream';
import { escaped } from '../../proto/domain/text.js';
import { safeJson, withVersion } from '../../proto/process/json.js';
import { type Colors, type Kind, type TableLook, tableOf } from './columns.js';
import type { Format } from './formats.js';
import { sortedBy } from './sort.js';

/** OutputOptions are the options of Output. */
export type OutputOptions = {
  readonly format: Format;
  readonly colors: Colors;
  /** Characters per line of the terminal; undefined: no terminal. */
  readonly width?: number | undefined;
  /** Omits the header line of tables. */
  readonly headless?: boolean;
  /** Field to sort lists by: "createdAt", "usage.free"; undefined: not sorted. */
  readonly sortBy?: string | undefined;
  /** Suppresses messages. */
  readonly quiet: boolean;
  readonly data: Pick<Writable, 'write'>;
  readonly messages: Pick<Writable, 'write'>;
  /** Returns milliseconds since 1970. */
  readonly now: () => number;
};

/** Shown is one item to print, for programs and for people. */
export type Shown = {
  /** The document for JSON and YAML. */
  readonly value: Readonly<Record<string, unknown>>;
  /** The text for `-o name`. */
  readonly name: string;
  /** Returns the lines for people. */
  readonly text: (look: TableLook) => readonly string[];
};

async function yamlOf(value: unknown): Promise<string> {
  const { Document, isScalar, visit } = await import('yaml');
  const document = new Document(value);
  visit(document, {
    Scalar: (_key, node) => {
      // In YAML, only double quotes permit escapes.
      if (isScalar(node) && typeof node.value === 'string' && escaped(node.value) !== node.value) {
        node.type = 'QUOTE_DOUBLE';
      }
    },
  });
  return document.toString({ lineWidth: 0 }).trimEnd().split('\n').map(escaped).join('\n');
}

/** Output prints data and messages. */
export class Output {
  readonly options: OutputOptions;
  #together: Shown[] | undefined;

  constructor(options: OutputOptions) {
    this.options = options;
  }

  /** forPeople reports whether data is printed for people rather than for programs. */
  get forPeople(): boolean {
    return this.options.format === 'table' || this.options.format === 'wide';
  }

  get look(): TableLook {
    const { colors, now, format, width } = this.options;
    return { colors, nowMs: now(), width: format === 'wide' ? undefined : width };
  }

  #tableText<T>(kind: Kind<T>, items: readonly T[]): string {
    const { format, headless = false } = this.options;
    const columns = kind.columns.filter((column) => format === 'wide' || column.wide !== true);
    const { look } = this;
    return [...tableOf(columns, items, look, { headless }), ...(kind.remarks?.(items, look) ?? [])].join('\n');
  }

  /**
   * listText returns a list in the requested format, without a trailing newline. `more` is added beside the list in
   * JSON.
   */
  async listText<T extends object>(
    kind: Kind<T>,
    unsorted: readonly T[],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const { format, sortBy } = this.options;
    const items = sortBy === undefined ? unsorted : sortedBy(unsorted, sortBy);
    const document = withVersion({ [kind.plural]: items, ...more });
    switch (format) {
      case 'json':
        return safeJson(document, 2);
      case 'yaml':
        return yamlOf(document);
      case 'jsonl':
        return items.map((item) => safeJson(withVersion(item))).join('\n');
      case 'name':
        return items.map((item) => escaped(kind.nameOf(item))).join('\n');
      default:
        return this.#tableText(kind, items);
    }
  }

  /** list prints a list. */
  async list<T extends object>(
    kind: Kind<T>,
    items: readonly T[],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    this.write(await this.listText(kind, items, more));
  }

  /** shownText returns one item in the requested format. */
  async shownText({ value, name, text }: Shown): Promise<string> {
    switch (this.options.format) {
      case 'json':
        return safeJson(withVersion(value), 2);
      case 'yaml':
        return yamlOf(withVersion(value));
      case 'jsonl':
        return safeJson(withVersion(value));
      case 'name':
        return escaped(name);
      default:
        return text(this.look).join('\n');
    }
  }

  /** show prints one item. */
  async show(shown: Shown): Promise<void> {
    if (this.#together === undefined) this.write(await this.shownText(shown));
    else this.#together.push(shown);
  }

  /** together collects what is shown while `work` runs and prints it at the end: programs get one document. */
  async together(work: () => Promise<void>): Promise<void> {
    const all: Shown[] = [];
    this.#together = all;
    try {
      await work();
    } finally {
      this.#together = undefined;
    }
    const { format } = this.options;
    if (format === 'json' || format === 'yaml') {
      const value = { results: all.map((shown) => shown.value) };
      return this.show({ value, name: '', text: () => [] });
    }
    const texts = await Promise.all(all.map((shown) => this.shownText(shown)));
    const long = this.forPeople && texts.some((text) => text.includes('\n'));
    this.write(texts.join(long ? '\n\n' : '\n'));
  }

  /** write prints data unchanged, with a newline; nothing for an empty text. */
  write(text: string): void {
    if (text !== '') this.options.data.write(`${text}\n`);
  }

  /** jsonLine prints one value on one line, for streams of them. */
  jsonLine(value: object): void {
    this.write(safeJson(withVersion(value)));
  }

  /** message prints a line for people on standard error, unless --quiet is set. */
  message(text: string): void {
    if (!this.options.quiet) this.options.messages.write(`${text}\n`);
  }
}
