// The fleet file: pools, reservations, nodes and labels as they are to be. Pure.
// Invariant: a file with any problem is refused as a whole, with all problems, each at its line and column.
import * as v from 'valibot';
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, stringify } from 'yaml';
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
import { XnetError } from '../../proto/errors.js';
import { formatDuration, parseDuration } from '../output/time.js';

/** fleetVersion is the version of the format. */
export const fleetVersion = 'xnet/v1';

function checked(check: (text: string) => Checked<unknown>) {
  return v.pipe(
    v.string('has to be text: put it in quotes'),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const result = check(dataset.value);
      if ('problem' in result) addIssue({ message: result.problem });
    }),
  );
}

const name = checked(checkName);
const duration = checked((text) =>
  parseDuration(text) === undefined ? { problem: `"${text}" is not a duration such as 1h` } : { value: text },
);
const mode = v.picklist(['bip', 'bridge'], 'has to be bip or bridge');

const reservation = v.strictObject({
  cidr: checked(checkPrefix),
  /** The node that it is kept for. */
  node: v.optional(name),
  reason: v.optional(checked(checkText)),
});

const pool = v.strictObject({
  name,
  cidr: checked(checkPrefix),
  subnetLength: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(30))),
  mode: v.optional(mode),
  networkName: v.optional(checked(checkDockerName)),
  bridgeName: v.optional(checked(checkInterfaceName)),
  quarantine: v.optional(duration),
  /** All reservations of the pool; absent: they are left alone. */
  reservations: v.optional(v.array(reservation)),
});

const labels = v.pipe(
  v.record(v.string(), v.string('has to be text: put it in quotes')),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const [key, value] of Object.entries(dataset.value)) {
      const result = checkLabel(key, value);
      if ('problem' in result) addIssue({ message: result.problem });
    }
  }),
);

const node = v.strictObject({
  name,
  address: checked(checkAddress),
  pool: v.optional(name),
  mode: v.optional(mode),
  labels: v.optional(labels),
  cordoned: v.optional(v.boolean()),
});

const fleet = v.strictObject({
  apiVersion: v.literal(fleetVersion, `has to be ${fleetVersion}`),
  pools: v.optional(v.array(pool), []),
  nodes: v.optional(v.array(node), []),
});

/** FleetFile is a fleet file without problems. */
export type FleetFile = v.InferOutput<typeof fleet>;

type Path = readonly (string | number)[];

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

type Issue = { readonly path: Path; readonly message: string; readonly ofKey?: boolean };

function issueOf(issue: v.BaseIssue<unknown>): Issue {
  const path = (issue.path ?? []).map(({ key }) => key as string | number);
  if (issue.expected === 'never') return { path, message: 'is not a key of this file', ofKey: true };
  if (issue.received === 'undefined') return { path, message: 'is missing' };
  return { path, message: issue.message };
}

function twice(values: readonly string[], path: (index: number) => Path, what: string): Issue[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) === index ? [] : [{ path: path(index), message: `${what} ${value} is there twice` }],
  );
}

function duplicates({ pools, nodes }: FleetFile): Issue[] {
  return [
    ...twice(
      pools.map((each) => each.name),
      (index) => ['pools', index, 'name'],
      'pool',
    ),
    ...twice(
      nodes.map((each) => each.name),
      (index) => ['nodes', index, 'name'],
      'node',
    ),
    ...twice(
      nodes.map((each) => each.address),
      (index) => ['nodes', index, 'address'],
      'address',
    ),
  ];
}

function refused(source: string, problems: readonly string[]): XnetError {
  const [first = '', second] = problems;
  if (second === undefined) return new XnetError('InvalidArgument', first);
  return new XnetError('InvalidArgument', `${source} has ${problems.length} problems`, { problems });
}

/**
 * parseFleet parses a fleet file, YAML or JSON.
 * @param source its name, for messages
 * @throws XnetError InvalidArgument with all problems: "fleet.yaml:7:5: pools[0].cidr: …"
 */
export function parseFleet(text: string, source: string): FleetFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${source}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw refused(
      source,
      document.errors.map(({ pos, message }) => `${at(pos[0])}: ${message}`),
    );
  }
  const result = v.safeParse(fleet, document.toJS() as unknown);
  const issues = result.success ? duplicates(result.output) : result.issues.map(issueOf);
  if (result.success && issues.length === 0) return result.output;
  throw refused(
    source,
    issues.map(({ path, message, ofKey = false }) => {
      const offset = nodeAt(document.contents as Node | null, path, ofKey)?.range?.[0] ?? 0;
      return `${at(offset)}: ${[pathText(path), message].filter((part) => part !== '').join(': ')}`;
    }),
  );
}

/** formatFleet returns a fleet file as YAML. */
export function formatFleet(file: FleetFile): string {
  return stringify(file, { lineWidth: 0 });
}

/** durationText returns seconds as a fleet file has them: "1h". */
export function durationText(seconds: number): string {
  return formatDuration(seconds * 1000);
}
