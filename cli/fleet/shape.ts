// The shape of a fleet file: its keys, and the values that each may have. Pure.
// Invariant: the bounds are those of the controllers, so that a file is refused before any of it is done.
import * as v from 'valibot';
import { checkDuration } from '../../proto/domain/duration.js';
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
import { checkContainer, checkNicName } from '../../proto/domain/nic.js';

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
  defaultNetwork: v.optional(v.boolean(truthNeeded)),
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

/** A lease beside the first one of a node and those of its networks. */
const lease = entry({
  pool: name,
  subnet: v.optional(checked(checkPrefix)),
  mode: v.optional(mode),
  network: v.optional(checked(checkDockerName)),
  bridge: v.optional(checked(checkInterfaceName)),
});

const node = entry({
  name,
  address: checked(checkAddress),
  pool: v.optional(name),
  subnet: v.optional(checked(checkPrefix)),
  mode: v.optional(mode),
  leases: v.optional(v.array(lease, listNeeded)),
  labels: v.optional(labels),
  cordoned: v.optional(v.boolean(truthNeeded)),
});

const route = entry({
  subnet: checked(checkPrefix),
  /** The address of the host, which is not a node. */
  nextHop: checked(checkAddress),
  name: v.optional(name),
});

const network = entry({
  name,
  pool: v.optional(name),
  bridge: v.optional(checked(checkInterfaceName)),
  /** Which nodes have it: all, or those with all of these labels and those that are named. */
  all: v.optional(v.boolean(truthNeeded)),
  labels: v.optional(labels),
  nodes: v.optional(v.array(name, listNeeded)),
  /** Nodes that don't have it although they are selected. */
  except: v.optional(v.array(name, listNeeded)),
});

const nic = entry({
  node: name,
  container: checked(checkContainer),
  address: v.optional(checked(checkAddress)),
  interface: v.optional(checked(checkNicName)),
});

/** fleetShape is the shape of a whole file. */
export const fleetShape = entry({
  apiVersion: v.literal(fleetVersion, `has to be ${fleetVersion}`),
  pools: v.optional(v.array(pool, listNeeded), []),
  nodes: v.optional(v.array(node, listNeeded), []),
  /** Static routes. */
  routes: v.optional(v.array(route, listNeeded), []),
  networks: v.optional(v.array(network, listNeeded), []),
  nics: v.optional(v.array(nic, listNeeded), []),
});

/** FleetFile is a fleet file without problems. */
export type FleetFile = v.InferOutput<typeof fleetShape>;
