// Where everything that xctl prints goes through: data to standard output in the format asked for, all else to standard
// error.
// Invariant: what is printed holds no control character that came from outside: tables escape each text, JSON and YAML
// have them as \u001b.
import type { Writable } from 'node:stream';
import { escaped } from '../../proto/domain/text.js';
import { safeJson, withVersion } from '../../proto/process/json.js';
import { formatTable } from '../../proto/process/table.js';
import type { Format } from './formats.js';
import type { Colors, Kind, Look } from './kind.js';

/** OutputOptions are what output depends on. */
export type OutputOptions = {
  readonly format: Format;
  readonly colors: Colors;
  /** No messages. */
  readonly quiet: boolean;
  readonly data: Pick<Writable, 'write'>;
  readonly messages: Pick<Writable, 'write'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Shown is one thing to print: as programs get it, and as people see it. */
export type Shown = {
  /** What JSON and YAML have. */
  readonly value: Readonly<Record<string, unknown>>;
  /** What `-o name` has. */
  readonly name: string;
  /** Lines for people. */
  readonly text: (look: Look) => readonly string[];
};

async function yamlOf(value: unknown): Promise<string> {
  const { Document, isScalar, visit } = await import('yaml');
  const document = new Document(value);
  visit(document, {
    Scalar: (_key, node) => {
      // Only double quotes have escapes.
      if (isScalar(node) && typeof node.value === 'string' && escaped(node.value) !== node.value) {
        node.type = 'QUOTE_DOUBLE';
      }
    },
  });
  return document.toString({ lineWidth: 0 }).trimEnd().split('\n').map(escaped).join('\n');
}

function tableOf<T>(kind: Kind<T>, items: readonly T[], look: Look, wide: boolean): string {
  const columns = kind.columns.filter((column) => wide || column.wide !== true);
  const lines = formatTable(
    columns.map(({ header }) => header),
    items.map((item) => columns.map(({ cell }) => cell(item, look))),
  );
  return [...lines, ...(kind.remarks?.(items, look) ?? [])].join('\n');
}

/** Output prints. */
export class Output {
  readonly options: OutputOptions;

  constructor(options: OutputOptions) {
    this.options = options;
  }

  /** forPeople says whether data is printed for people rather than for programs. */
  get forPeople(): boolean {
    return this.options.format === 'table' || this.options.format === 'wide';
  }

  get look(): Look {
    return { colors: this.options.colors, nowMs: this.options.now() };
  }

  /** listText is a list in the format asked for, without a newline at its end. `more` stands beside the list in JSON. */
  async listText<T extends object>(
    kind: Kind<T>,
    items: readonly T[],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const { format } = this.options;
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
        return tableOf(kind, items, this.look, format === 'wide');
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

  /** shownText is one thing in the format asked for. */
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

  /** show prints one thing. */
  async show(shown: Shown): Promise<void> {
    this.write(await this.shownText(shown));
  }

  /** write prints data as it is, with a newline; nothing for an empty text. */
  write(text: string): void {
    if (text !== '') this.options.data.write(`${text}\n`);
  }

  /** jsonLine prints one value on one line, for streams of them. */
  jsonLine(value: object): void {
    this.write(safeJson(withVersion(value)));
  }

  /** message tells people something on standard error, unless they want quiet. */
  message(text: string): void {
    if (!this.options.quiet) this.options.messages.write(`${text}\n`);
  }
}
