// Reports routing settings that divert packets between containers and peers from xnet's routes, with the command that
// helps. Pure.
import { formatPrefix, type Prefix } from '../../proto/domain/address.js';
import type { DesiredFirewall } from '../firewall/desired.js';
import type { Forwarded } from '../kernel/lookup.js';
import { mainTable } from '../kernel/route-kernel.js';
import type { Finding } from '../reconcile/effect.js';
import type { OwnSubnet } from '../table/own-subnets.js';

/** Enslaved is an interface that belongs to a VRF: "eth0", "red". */
export type Enslaved = { readonly name: string; readonly vrf: string };

/** Direction is the direction of a packet between a peer's container and one of ours. */
export type Direction = 'in' | 'out';

/** Probed is the kernel's forwarding decision for a packet of each direction. */
export type Probed = { readonly peer: Prefix } & Readonly<Record<Direction, Forwarded>>;

/** Entrance is the interface on which packets of one direction arrive: its index, and whether its rp_filter is strict. */
export type Entrance = { readonly ifindex: number; readonly isStrict: boolean };

/** PathSeen holds the observed routing settings. */
export type PathSeen = {
  readonly desired: Pick<DesiredFirewall, 'underlay' | 'pools'> & OwnSubnet;
  readonly enslaved: readonly Enslaved[];
  /** Whether there are policy rules besides the kernel's own. */
  readonly hasRules: boolean;
  readonly entrances: Readonly<Record<Direction, Entrance>>;
  readonly probed: readonly Probed[];
};

// The kernel's errors for a lookup that a rule of ip-rule(8) ended: prohibit, unreachable, blackhole.
const refused: ReadonlySet<string> = new Set(['EACCES', 'ENETUNREACH', 'EINVAL']);
const examples = 3;

/** pathFindings reports what diverts or drops packets. */
export function pathFindings({ desired, enslaved, hasRules, entrances, probed }: PathSeen): readonly Finding[] {
  // Everything else would only follow from it.
  if (enslaved.length > 0) return enslaved.map(enslavedFinding);
  const found: Finding[] = [];
  for (const direction of ['in', 'out'] as const) {
    const filtered = probed.filter((probe) => isFiltered(probe, direction, entrances[direction]));
    if (filtered.length > 0) found.push(reversePathFinding(desired, direction, filtered));
    const diverted = probed.filter((probe) => {
      const outcome = probe[direction];
      if (!('errno' in outcome)) return outcome.table !== mainTable;
      return hasRules && refused.has(outcome.errno) && !filtered.includes(probe);
    });
    if (diverted.length > 0) found.push(ruleFinding(desired, direction, diverted));
  }
  return found;
}

// From Linux 6.13 on, the kernel answers EINVAL for a packet that it would drop.
function isFiltered(probe: Probed, direction: Direction, { ifindex, isStrict }: Entrance): boolean {
  const [there, back] = direction === 'in' ? [probe.in, probe.out] : [probe.out, probe.in];
  if (!isStrict || !('errno' in there) || !/^(EXDEV|EINVAL)$/.test(there.errno)) return false;
  return there.errno === 'EXDEV' || ('to' in back && back.to !== ifindex);
}

/** enslavedFinding reports an interface that belongs to a VRF. */
export function enslavedFinding({ name, vrf }: Enslaved): Finding<'InVrf'> {
  const message = `${name} belongs to the VRF ${vrf}, which does not use the main table, where xnet's routes are`;
  return { type: 'Underlay', transient: false, reason: 'InVrf', message, fix: `ip link set ${name} nomaster` };
}

function reversePathFinding(
  { bridge, underlay }: PathSeen['desired'],
  direction: Direction,
  probed: readonly Probed[],
): Finding {
  const name = direction === 'in' ? underlay : bridge;
  const message =
    `rp_filter is strict on ${name} (the greater of net.ipv4.conf.all and ${name} counts), and answers do not leave by ` +
    `it, so packets ${between(direction, probed)} are dropped`;
  const fix = `sysctl -w net/ipv4/conf/${name}/rp_filter=2`;
  return { type: 'Forwarding', transient: false, reason: 'ReversePath', message, fix };
}

function ruleFinding(
  { subnet: own, pools }: PathSeen['desired'],
  direction: Direction,
  probed: readonly Probed[],
): Finding {
  const [first] = probed;
  const outcome = first?.[direction] ?? { errno: '' };
  const where =
    'errno' in outcome ? `are refused (${outcome.errno})` : `are routed by table ${outcome.table}, not main`;
  const ranges = pools.length === 0 ? [own] : pools;
  const fix = ranges
    .map((range) =>
      direction === 'in'
        ? `ip rule add pref 1 from ${formatPrefix(range)} to ${formatPrefix(own)} lookup main`
        : `ip rule add pref 1 from ${formatPrefix(own)} to ${formatPrefix(range)} lookup main`,
    )
    .join(' && ');
  const message = `packets ${between(direction, probed)} ${where}, because of a rule that ip rule show lists`;
  return { type: 'Routes', transient: false, reason: 'DivertedByRule', message, fix };
}

function between(direction: Direction, probed: readonly Probed[]): string {
  const named = probed.slice(0, examples).map(({ peer }) => formatPrefix(peer));
  const more = probed.length > examples ? ` and ${probed.length - examples} more` : '';
  return `${direction === 'in' ? 'from' : 'to'} ${named.join(', ')}${more}`;
}
