// Finds foreign rules that drop packets between containers and peers, with the command that helps. Pure.
// Invariant: a rule is reported only if it certainly drops all of them; one that may let some through is not.
import { formatPrefix, prefixesOverlap } from '../../proto/domain/address.js';
import type { Finding } from '../reconcile/effect.js';
import type { DesiredFirewall } from './desired.js';
import { type Addresses, type Flow, flowsOf } from './flow.js';
import { decidesOnAll } from './iptables-place.js';
import { type Backend, chainOf, type Tables, userChain, wordsOf } from './iptables-save.js';
import {
  dropInTables,
  type FilterTables,
  filterTablesOf,
  isDockersChain,
  type TableDrop,
  untracks,
} from './iptables-verdict.js';
import { type BaseDrop, dropInTable, type NftTable } from './nft-verdict.js';
import type { Drop } from './verdict.js';

/** packetsDropped is the reason of the findings. */
export const packetsDropped = 'PacketsDropped';

/** DropsInput holds the inputs of dropFindings. */
export type DropsInput = {
  readonly desired: DesiredFirewall;
  readonly backends: ReadonlyMap<Backend, Tables>;
  /** nftables tables that belong neither to xnet nor to iptables. */
  readonly others: readonly NftTable[];
  /** filterTablesOf, possibly memoised: rules change seldom. */
  readonly filterOf: (tables: Tables) => FilterTables;
  /** The addresses of the peers, which remember what was asked about them. */
  readonly theirs?: Addresses | undefined;
};

// Many firewalls let echo requests through whatever else they drop, as ufw and firewalld do.
const protocols = [undefined, 'tcp'] as const;

type Dropped<D extends Drop> = {
  /** The first of the flows. */
  readonly flow: Flow;
  readonly drop: D;
  /** "all packets from peers to containers and from containers to peers" */
  readonly what: string;
};

function droppedOf<D extends Drop>(
  flows: readonly Flow[],
  dropIn: (flow: Flow) => D | undefined,
): Dropped<D> | undefined {
  for (const protocol of protocols) {
    const drops = flows.flatMap((each) => {
      const flow = protocol === undefined ? each : { ...each, protocol };
      const drop = dropIn(flow);
      return drop === undefined ? [] : [{ flow, drop }];
    });
    const [first] = drops;
    if (first === undefined) continue;
    const names = drops.map(({ flow }) => flow.name).join(' and ');
    return { ...first, what: `all ${protocol === undefined ? 'packets' : 'TCP connections'} ${names}` };
  }
  return undefined;
}

/** dropFindings lists what drops: one finding for each table and backend. */
export function dropFindings({
  desired,
  backends,
  others,
  filterOf,
  theirs,
}: DropsInput): readonly Finding<typeof packetsDropped>[] {
  const untracked = others.some((table) => table.untracks) || [...backends.values()].some(untracks);
  const flows = flowsOf(desired, theirs).map((flow): Flow => (untracked ? { ...flow, untracked } : flow));
  if (flows.length === 0) return [];
  const found: Finding<typeof packetsDropped>[] = [];
  const add = (where: string, { drop: { rule }, what }: Dropped<Drop>, fix: string) => {
    const which = rule === undefined ? `the policy of ${where}` : `a rule of ${where} (${rule})`;
    const message = `${which} drops ${what}`;
    found.push({ type: 'Firewall', transient: false, reason: packetsDropped, message, fix });
  };
  for (const [backend, tables] of backends) {
    const filter = filterOf(tables);
    const dropped = droppedOf(flows, (flow) => dropInTables(filter, flow));
    if (dropped === undefined) continue;
    const { table, chain } = dropped.drop;
    add(`iptables-${backend}'s ${table} chain ${chain}`, dropped, iptablesFix(desired, backend, tables, dropped));
  }
  for (const table of others) {
    const dropped = droppedOf(flows, (flow) => dropInTable(table, flow));
    if (dropped === undefined) continue;
    const where = `nftables' chain ${table.family} ${table.table} ${dropped.drop.chain}`;
    add(where, dropped, nftFix(desired, table, dropped.drop));
  }
  return found;
}

function iptablesFix(
  desired: DesiredFirewall,
  backend: Backend,
  tables: Tables,
  { flow, drop: { table, base, chain, rule } }: Dropped<TableDrop>,
): string {
  const ranges = rangesOf(desired);
  const program = `iptables-${backend}${table === 'filter' ? '' : ` -t ${table}`}`;
  if (table === 'filter' && passesIfUfwAccepts(tables, flow)) return ufwFix(ranges);
  if (table === 'filter' && zonesChains.some((zones) => passesIfAccepted(tables, flow, zones)))
    return firewalldFix(ranges);
  // Docker's own rules are right, so a foreign rule in DOCKER-USER keeps packets from reaching ours after it (as
  // ufw-docker's "-s 10.0.0.0/8 -j RETURN" does).
  if (table === 'filter' && isDockersChain(chain)) {
    const { own, underlay } = desired;
    const ours = own.map(({ subnet }) => formatPrefix(subnet)).join(',');
    return `${program} -I ${userChain} -i ${underlay} -s ${ranges.join(',')} -d ${ours} -j ACCEPT`;
  }
  // A rule elsewhere may be one that INPUT needs as well.
  const isForwardedOnly = chain === base || (table === 'filter' && chain === userChain);
  if (rule !== undefined && isForwardedOnly) return `${program} -D ${chain} ${quoted(rule)}`;
  return `${program} -I ${base} -s ${ranges.join(',')} -d ${ranges.join(',')} -j ACCEPT`;
}

// Quotes each word for the shell: the escapes of iptables-save are not a shell's.
function quoted(rule: string): string {
  const words = wordsOf(rule).map((word) =>
    /^[\w!.,:/=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`,
  );
  return words.join(' ');
}

const ufwChain = 'ufw-user-forward';
// The chain in which firewalld's zones decide: since 1.0, before 1.0, and in the newest versions. FORWARD_direct, with the
// operator's rules, comes before it.
const zonesChains = ['FORWARD_ZONES', 'FORWARD_IN_ZONES', 'FORWARD_dispatch'];

// While ufw is disabled, its chains are empty, and those of ufw-docker stay reachable until a reboot.
function passesIfUfwAccepts(tables: Tables, flow: Flow): boolean {
  const { rules } = chainOf(tables, 'filter', 'ufw-before-forward');
  return rules.some((rule) => decidesOnAll(rule, ufwChain)) && passesIfAccepted(tables, flow, ufwChain);
}

// Says whether packets of a flow pass if this chain of the filter table accepts them.
function passesIfAccepted(tables: Tables, flow: Flow, chain: string): boolean {
  const filter = tables.get('filter');
  if (filter?.has(chain) !== true) return false;
  const accepting = new Map([...filter, [chain, { policy: undefined, rules: ['-j ACCEPT'] }]]);
  return dropInTables(filterTablesOf(new Map([...tables, ['filter', accepting]])), flow) === undefined;
}

function nftFix(desired: DesiredFirewall, { family, table }: NftTable, { base }: BaseDrop): string {
  const ranges = rangesOf(desired);
  if (table === 'firewalld') return firewalldFix(ranges);
  const set = ranges.length === 1 ? ranges.join() : `{ ${ranges.join(', ')} }`;
  return (
    `nft insert rule ${family} ${table} ${base} ip saddr ${set} ip daddr ${set} accept, and the same in the file that ` +
    'it is loaded from (/etc/nftables.conf)'
  );
}

/** firewalldFix is the command that lets these ranges through firewalld: "10.76.0.0/16". */
export function firewalldFix(ranges: readonly string[]): string {
  const sources = ranges.map((range) => `--add-source=${range}`).join(' ');
  return `firewall-cmd --permanent --zone=trusted ${sources} && firewall-cmd --reload`;
}

/** ufwFix is the command that lets packets between these ranges through ufw, whatever its other rules for them. */
export function ufwFix(ranges: readonly string[]): string {
  const between = ranges.flatMap((from) => ranges.map((to) => `ufw route prepend allow from ${from} to ${to}`));
  return between.join('; ');
}

// Returns the pools, and the subnets that no pool covers.
function rangesOf({ own, peers, pools }: DesiredFirewall): readonly string[] {
  const rest = [...own.map(({ subnet }) => subnet), ...peers].filter(
    (subnet) => !pools.some((pool) => prefixesOverlap(pool, subnet)),
  );
  return [...pools, ...rest].map(formatPrefix);
}
