// The fleet file: reads and writes pools, nodes, static routes, networks and nics as they are to be. Pure.
// Invariant: a file with any problem is refused as a whole, with all problems, each at its line and column.
import * as v from 'valibot';
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  stringify,
} from 'yaml';
import { formatDuration } from '../../proto/domain/duration.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import { type FleetFile, fleetShape, fleetVersion } from './shape.js';

/** ListName names a list of a fleet file. */
export type ListName = 'pools' | 'nodes' | 'routes' | 'networks' | 'nics';

/** Path is the way to a value of a file: ["pools", 0, "cidr"]. */
export type Path = readonly (string | number)[];

function named(pair: Pair, key: string | number): boolean {
  return isScalar(pair.key) && String(pair.key.value) === String(key);
}

// The node of a document at a path; its nearest parent that exists where it does not. `ofKey`: the key itself.
function nodeAt(root: Node | null, path: Path, ofKey: boolean): Node | null {
  let at: Node | null = root;
  for (const [index, key] of path.entries()) {
    if (isSeq(at)) at = (at.items[Number(key)] as Node | undefined) ?? at;
    else if (isMap(at)) {
      const pair = at.items.find((item) => named(item, key));
      if (pair === undefined) return at;
      at = (ofKey && index === path.length - 1 ? pair.key : pair.value) as Node;
    }
  }
  return at;
}

function pathText(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '');
}

/** Issue is a problem of a value in a file. */
export type Issue = {
  readonly path: Path;
  readonly message: string;
  /** It is the key that is wrong. */
  readonly ofKey?: boolean;
};

function issueOf(issue: v.BaseIssue<unknown>): Issue {
  const path = (issue.path ?? []).map(({ key }) => key as string | number);
  if (issue.expected === 'never') return { path, message: 'is not a key of this file', ofKey: true };
  if (issue.received === 'undefined') return { path, message: 'is missing' };
  return { path, message: issue.message };
}

// The names, addresses and subnets that occur twice, also in a file with other problems.
function duplicates(raw: unknown): Issue[] {
  const entriesOf = (list: ListName): readonly unknown[] => {
    const value: unknown = Object(raw)[list];
    return Array.isArray(value) ? value : [];
  };
  const twice = (list: ListName, key: 'name' | 'address' | 'subnet', what: string): Issue[] => {
    const seen = new Set<string>();
    return entriesOf(list).flatMap((each, index): Issue[] => {
      const value: unknown = Object(each)[key];
      if (typeof value !== 'string') return [];
      const isSecond = seen.has(value);
      seen.add(value);
      return isSecond ? [{ path: [list, index, key], message: `${what} ${value} occurs twice` }] : [];
    });
  };
  return [
    ...twice('pools', 'name', 'pool'),
    ...twice('nodes', 'name', 'node'),
    ...twice('nodes', 'address', 'address'),
    ...twice('routes', 'subnet', 'subnet'),
    ...twice('networks', 'name', 'network'),
    ...twice('nics', 'address', 'address'),
  ];
}

function refused(source: string, problems: readonly string[]): XnetError {
  const [first = '', second] = problems;
  if (second === undefined) return new XnetError('InvalidArgument', first);
  return new XnetError('InvalidArgument', `${source} has ${problems.length} problems`, { problems });
}

/** ReadFleet is a fleet file, with the positions of its parts. */
export type ReadFleet = {
  readonly file: FleetFile;
  /** Returns an issue with its line and column: "fleet.yaml:7:5: pools[0].cidr: …". */
  readonly textOf: (issue: Issue) => string;
};

// An alias without its anchor, or excessive aliases, are found only here.
function contentOf(document: Document): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: document.toJS() as unknown };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

/**
 * readFleet parses a fleet file, YAML or JSON.
 * @param source its name, for messages
 * @throws XnetError InvalidArgument with all problems: "fleet.yaml:7:5: pools[0].cidr: …"
 */
export function readFleet(text: string, source: string): ReadFleet {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, merge: true });
  const at = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${source}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw refused(
      source,
      document.errors.map(({ pos, message, code }) => {
        const problem =
          code === 'MULTIPLE_DOCS' ? 'a fleet file has one document, and a second one begins here' : message;
        return `${at(pos[0])}: ${problem}`;
      }),
    );
  }
  if (document.contents === null)
    throw refused(source, [`${source} is empty: it begins with apiVersion: ${fleetVersion}`]);
  const read = contentOf(document);
  if ('problem' in read) throw refused(source, [`${source}: ${read.problem}`]);
  const result = v.safeParse(fleetShape, read.value);
  const issues = [...(result.issues ?? []).map(issueOf), ...duplicates(read.value)];
  const textOf = ({ path, message, ofKey = false }: Issue) => {
    const offset = nodeAt(document.contents as Node | null, path, ofKey)?.range?.[0] ?? 0;
    return `${at(offset)}: ${[pathText(path), message].filter((part) => part !== '').join(': ')}`;
  };
  if (result.success && issues.length === 0) return { file: result.output, textOf };
  throw refused(source, issues.map(textOf));
}

/** formatFleet returns a fleet file as YAML. */
export function formatFleet(file: FleetFile): string {
  return stringify(file, { lineWidth: 0 });
}

/** durationText formats seconds as in a fleet file: "1h". */
export function durationText(seconds: number): string {
  return formatDuration(seconds * 1000);
}
