// The fleet file: pools, reservations, nodes, labels and static routes as they are to be. Pure.
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
import { checkDuration, formatDuration } from '../../proto/domain/duration.js';
import {
  type Checked,
  checkAddress,
  checkDockerName,
  checkInterfaceName,
  checkLabel,
  checkName,
  checkPrefix,
  checkText,
} from '../../proto/domain/input.js';
import { modes } from '../../proto/domain/network.js';
import { messageOf, XnetError } from '../../proto/errors.js';

/** fleetVersion is the version of the format. */
export const fleetVersion = 'xnet/v1';

const textNeeded = 'has to be text: put it in quotes';
const lengthNeeded = 'has to be a whole number from 1 to 30';
const truthNeeded = 'has to be true or false';
const listNeeded = 'has to be a list';
const mapNeeded = 'has to be a map of keys and values';

function checked(check: (text: string) => Checked<unknown>) {
  return v.pipe(
    v.string(textNeeded),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const result = check(dataset.value);
      if ('problem' in result) addIssue({ message: result.problem });
    }),
  );
}

// The message for a value that is not a map; an unknown key has a separate issue.
function entry<Entries extends v.ObjectEntries>(entries: Entries) {
  return v.strictObject(entries, mapNeeded);
}

const name = checked(checkName);
// The bounds are those of the controllers, so that a file is refused before any of it is done.
const yearMs = 365 * 86_400_000;
const quarantineBounds = { minMs: 0, maxMs: yearMs };
const reclaimBounds = { minMs: 600_000, maxMs: yearMs };
const duration = checked((text) => checkDuration(text, quarantineBounds));
const reclaimAfter = checked((text) => (text === 'never' ? { value: 0 } : checkDuration(text, reclaimBounds)));
const mode = v.picklist(modes, 'has to be bip, bridge, block or lan');

const length = v.custom<number>(
  (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 30,
  lengthNeeded,
);

const reservation = entry({
  cidr: checked(checkPrefix),
  /** The node that it is kept for. */
  node: v.optional(name),
  reason: v.optional(checked(checkText)),
});

const pool = entry({
  name,
  cidr: checked(checkPrefix),
  subnetLength: v.optional(length),
  mode: v.optional(mode),
  networkLength: v.optional(length),
  dockerLength: v.optional(length),
  /** Of mode lan: the router of the hosts' own network, and that network; absent: the range of the pool. */
  gateway: v.optional(checked(checkAddress)),
  lan: v.optional(checked(checkPrefix)),
  networkName: v.optional(checked(checkDockerName)),
  bridgeName: v.optional(checked(checkInterfaceName)),
  quarantine: v.optional(duration),
  /** A duration or "never". */
  reclaimAfter: v.optional(reclaimAfter),
  followAddress: v.optional(v.boolean(truthNeeded)),
  /** All reservations of the pool; absent: they are left alone. */
  reservations: v.optional(v.array(reservation, listNeeded)),
});

// Not v.record, which checks no key while a value is wrong.
const labels = v.pipe(
  v.custom<Readonly<Record<string, string>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    mapNeeded,
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const [key, value] of Object.entries<unknown>(dataset.value)) {
      const result = typeof value === 'string' ? checkLabel(key, value) : { problem: textNeeded };
      if (!('problem' in result)) continue;
      const at = { type: 'object', origin: 'value', input: dataset.value, key, value } as const;
      addIssue({ message: result.problem, path: [at] });
    }
  }),
);

const node = entry({
  name,
  address: checked(checkAddress),
  pool: v.optional(name),
  mode: v.optional(mode),
  labels: v.optional(labels),
  cordoned: v.optional(v.boolean(truthNeeded)),
});

const route = entry({
  subnet: checked(checkPrefix),
  /** The address of the host, which is not a node. */
  nextHop: checked(checkAddress),
  name: v.optional(name),
});

const fleet = entry({
  apiVersion: v.literal(fleetVersion, `has to be ${fleetVersion}`),
  pools: v.optional(v.array(pool, listNeeded), []),
  nodes: v.optional(v.array(node, listNeeded), []),
  /** Static routes. */
  routes: v.optional(v.array(route, listNeeded), []),
});

/** FleetFile is a fleet file without problems. */
export type FleetFile = v.InferOutput<typeof fleet>;

/** ListName names a list of a fleet file. */
export type ListName = 'pools' | 'nodes' | 'routes';

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
  const result = v.safeParse(fleet, read.value);
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
