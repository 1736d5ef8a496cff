// Every key of the store, relative to its prefix. Invariant: the subnet is the primary key of a lease, so the store
// itself enforces that no subnet is leased twice.
import {
  formatIpv4,
  formatPrefix,
  type Ipv4,
  type Prefix,
  parseIpv4,
  parsePrefix,
} from '../../proto/domain/address.js';
import { checkName } from '../../proto/domain/input.js';

/** Key is a parsed key. */
export type Key =
  | { readonly kind: 'cluster' }
  | { readonly kind: 'adoption' }
  | { readonly kind: 'approval' }
  | { readonly kind: 'pool'; readonly name: string }
  | { readonly kind: 'node'; readonly id: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'address'; readonly address: Ipv4 }
  | { readonly kind: 'subnet'; readonly pool: string; readonly subnet: Prefix }
  | { readonly kind: 'nics'; readonly id: string }
  | { readonly kind: 'network'; readonly name: string }
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'absence'; readonly id: string }
  | { readonly kind: 'status'; readonly id: string }
  | { readonly kind: 'controller'; readonly id: string }
  | { readonly kind: 'progress'; readonly id: string }
  | { readonly kind: 'registration'; readonly id: string }
  | { readonly kind: 'authority' }
  | { readonly kind: 'token'; readonly id: string }
  | { readonly kind: 'certificate'; readonly id: string }
  | { readonly kind: 'revoked'; readonly id: string }
  | { readonly kind: 'rollout'; readonly id: string }
  | { readonly kind: 'steps'; readonly id: string }
  | { readonly kind: 'operation'; readonly id: string }
  | { readonly kind: 'event'; readonly id: string };

/** keys formats keys. */
export const keys = {
  cluster: 'cluster',
  /** Exists from the restore of a backup until an operator ends the adoption of its nodes. */
  adoption: 'adoption',
  /** The version up to which withdrawals that nodes hold are approved. */
  approval: 'approval',
  pool: (name: string) => `pools/${name}`,
  node: (id: string) => `nodes/${id}`,
  name: (name: string) => `names/${name}`,
  address: (address: Ipv4) => `addresses/${formatIpv4(address)}`,
  /** "subnets/default/10.76.3.0-24" */
  subnet: (pool: string, subnet: Prefix) => `subnets/${pool}/${formatPrefix(subnet).replace('/', '-')}`,
  /** The nics of a node, by its id. */
  nics: (node: string) => `nics/${node}`,
  network: (name: string) => `networks/${name}`,
  session: (id: string) => `sessions/${id}`,
  absence: (id: string) => `absences/${id}`,
  status: (id: string) => `status/${id}`,
  controller: (id: string) => `controllers/${id}`,
  progress: (id: string) => `progress/${id}`,
  /** A controller that is expected to run; stays until `xctl controllers remove`. */
  registration: (id: string) => `registrations/${id}`,
  authority: 'authority',
  token: (id: string) => `tokens/${id}`,
  /** By serial. */
  certificate: (serial: string) => `certificates/${serial}`,
  /** By serial, or by node id, which covers all certificates of the node. */
  revoked: (id: string) => `revoked/${id}`,
  rollout: (id: string) => `rollouts/${id}`,
  /** Part `part`, from 0, of the steps of a rollout: "steps/r-4f2f9c.0". */
  steps: (rollout: string, part: number) => `steps/${rollout}.${part}`,
  operation: (id: string) => `operations/${id}`,
  event: (id: string) => `events/${id}`,
} as const;

/** prefixes are the prefixes of the keys of one kind, for guards over all of them. */
export const prefixes = {
  pools: 'pools/',
  addresses: 'addresses/',
  nodes: 'nodes/',
  subnets: 'subnets/',
  subnetsOf: (pool: string) => `subnets/${pool}/`,
  networks: 'networks/',
  rollouts: 'rollouts/',
  stepsOf: (rollout: string) => `steps/${rollout}.`,
} as const;

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

type ById =
  | 'node'
  | 'nics'
  | 'session'
  | 'absence'
  | 'status'
  | 'controller'
  | 'progress'
  | 'registration'
  | 'token'
  | 'certificate'
  | 'revoked'
  | 'rollout'
  | 'steps'
  | 'operation'
  | 'event';

function byId(kind: ById) {
  return (rest: string): Key | undefined => (idPattern.test(rest) ? { kind, id: rest } : undefined);
}

function isName(text: string): boolean {
  return 'value' in checkName(text);
}

const parsers: Readonly<Record<string, (rest: string) => Key | undefined>> = {
  pools: (rest) => (isName(rest) ? { kind: 'pool', name: rest } : undefined),
  nodes: byId('node'),
  names: (rest) => (isName(rest) ? { kind: 'name', name: rest } : undefined),
  addresses: (rest) => {
    const address = parseIpv4(rest);
    return address === undefined ? undefined : { kind: 'address', address };
  },
  subnets: (rest) => {
    const slash = rest.indexOf('/');
    const pool = rest.slice(0, slash);
    const subnet = parsePrefix(rest.slice(slash + 1).replace('-', '/'));
    if (slash < 0 || !isName(pool) || subnet === undefined) return undefined;
    // One subnet has one key: another spelling would be a second record of it.
    return keys.subnet(pool, subnet) === `subnets/${rest}` ? { kind: 'subnet', pool, subnet } : undefined;
  },
  nics: byId('nics'),
  networks: (rest) => (isName(rest) ? { kind: 'network', name: rest } : undefined),
  sessions: byId('session'),
  absences: byId('absence'),
  status: byId('status'),
  controllers: byId('controller'),
  progress: byId('progress'),
  registrations: byId('registration'),
  tokens: byId('token'),
  certificates: byId('certificate'),
  revoked: byId('revoked'),
  rollouts: byId('rollout'),
  steps: byId('steps'),
  operations: byId('operation'),
  events: byId('event'),
};

/** parseKey parses a key; undefined for an unknown one. */
export function parseKey(key: string): Key | undefined {
  if (key === keys.cluster) return { kind: 'cluster' };
  if (key === keys.adoption) return { kind: 'adoption' };
  if (key === keys.approval) return { kind: 'approval' };
  if (key === keys.authority) return { kind: 'authority' };
  const slash = key.indexOf('/');
  const folder = key.slice(0, Math.max(slash, 0));
  return Object.hasOwn(parsers, folder) ? parsers[folder]?.(key.slice(slash + 1)) : undefined;
}

/** passingKinds are the kinds of records under etcd leases: they end with a controller, or after a day. */
export const passingKinds: ReadonlySet<Key['kind'] | undefined> = new Set([
  'session',
  'controller',
  'progress',
  'operation',
  'event',
] as const);
