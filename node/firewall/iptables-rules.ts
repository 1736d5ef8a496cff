// Plans our rules among those of Docker and the operator in one iptables backend. Pure.
// Invariant: only accepting rules with our comment are deleted, by their full text and never by number, so a concurrent
// change of the chain loses nothing.
import { formatPrefix, type Prefix } from '../../proto/domain/address.js';
import { type DesiredFirewall, peerInterfaces } from './desired.js';
import { Addresses, type Flow } from './flow.js';
import { acceptsBehindUserChain, concernsNone } from './iptables-accept.js';
import { placeInRaw, placeInUserChain, type RulePosition } from './iptables-place.js';
import {
  type Chain,
  chainOf,
  comment,
  forwardPolicy,
  isOurRule,
  isolatedBridges,
  meaningOf,
  type Tables,
  userChain,
  wordsOf,
} from './iptables-save.js';

const commented = `-m comment --comment ${comment} -j ACCEPT`;

// The rule matches interface and subnet besides the mark, so a packet that another program marked gets no further than
// a packet from a peer.
function fromPeers(desired: DesiredFirewall): readonly string[] {
  const bit = `0x${desired.mark.toString(16)}`;
  const marked = `-m mark --mark ${bit}/${bit} ${commented}`;
  return desired.own.flatMap(({ subnet }) =>
    peerInterfaces(desired).map((name) => `-d ${formatPrefix(subnet)} -i ${name} ${marked}`),
  );
}

function toPools(desired: DesiredFirewall): readonly string[] {
  const { own, pools } = desired;
  return own.flatMap(({ subnet, bridge, partLength }) =>
    peerInterfaces(desired).flatMap((name) => {
      // Docker makes and removes the other bridges of a block.
      const from = partLength === undefined ? `-i ${bridge}` : `! -i ${name}`;
      return pools.map((pool) => `-s ${formatPrefix(subnet)} -d ${formatPrefix(pool)} ${from} -o ${name} ${commented}`);
    }),
  );
}

// What the containers of a subnet send to a pool; `to` undefined: by any interface.
function flowTo(
  pool: Prefix,
  { subnet, bridge, to }: { readonly subnet: Prefix; readonly bridge: string; readonly to: string | undefined },
): Flow {
  const [source, destination] = [new Addresses([subnet]), new Addresses([pool])];
  return { name: 'to a pool', source, destination, from: bridge, to, mark: undefined };
}

// Docker accepts these packets at the end of its chains. These rules accept them before the chains, which saves processor time,
// unless a rule of the chains may do anything else with one of them.
function pastDocker({ own, pools, ...desired }: DesiredFirewall, tables: Tables): readonly string[] {
  const ways = own.flatMap((each) => peerInterfaces(desired).map((to) => ({ ...each, to })));
  return ways.flatMap(({ subnet, bridge, to }) =>
    pools.flatMap((pool) => {
      if (!acceptsBehindUserChain(tables, flowTo(pool, { subnet, bridge, to }))) return [];
      return `-s ${formatPrefix(subnet)} -d ${formatPrefix(pool)} -i ${bridge} -o ${to} ${commented}`;
    }),
  );
}

// Engines from 28 on have one rule for each container in raw, which none of these packets meets. raw knows no outgoing interface, so
// a host with several networks in its pools has no such rule: Docker's rules keep these networks apart.
function pastRaw({ own, lans, pools }: DesiredFirewall, behind: readonly string[]): readonly string[] {
  const [only, ...others] = own;
  if (only === undefined || others.length > 0 || lans !== undefined || only.partLength !== undefined) return [];
  if (behind.length === 0) return [];
  const { subnet, bridge } = only;
  return pools.flatMap((pool) => {
    if (!concernsNone(behind, flowTo(pool, { subnet, bridge, to: undefined }))) return [];
    return `-s ${formatPrefix(subnet)} -d ${formatPrefix(pool)} -i ${bridge} ${commented}`;
  });
}

// With a Docker network on the bridge that has the host's interface, Docker isolates its other networks from that bridge, and
// so from everything that the host reaches through it. These rules accept what Docker accepted before: packets from the other
// networks, except to containers of this host on that network; answers; and packets to published ports. Docker's rules name
// the isolated bridges.
function aroundIsolation({ lans = [] }: DesiredFirewall, tables: Tables): readonly string[] {
  return lans.flatMap(({ subnet, bridge }) => {
    const others = isolatedBridges(tables).filter((name) => name !== bridge);
    return others.flatMap((name) => [
      `! -d ${formatPrefix(subnet)} -i ${name} -o ${bridge} ${commented}`,
      `-i ${bridge} -o ${name} -m conntrack --ctstate RELATED,ESTABLISHED,DNAT ${commented}`,
    ]);
  });
}

/** RulesPlan holds input for iptables-restore --noflush; it is empty if there is nothing to do. */
export type RulesPlan = {
  readonly text: string;
  readonly changes: number;
  /** Whether the backend is to have rules of ours. */
  readonly used: boolean;
  /** Chains in which our rule is right but in the wrong position; `text` moves it, or leaves it there. */
  readonly misplaced: readonly string[];
  /** Foreign rules that packets from peers never reach, as iptables shows them: "-A DOCKER-USER -s 1.2.3.4/32 -j DROP" */
  readonly unreached: readonly string[];
};

/**
 * ChainRole names the rules that one backend should have: our rules, our rules and a DOCKER-USER chain for them, or
 * nothing of ours.
 */
export type ChainRole = 'rules' | 'chain and rules' | 'nothing';

/** RulesOptions are the options of planRules. */
export type RulesOptions = {
  /**
   * Docker should have its rules in this backend, but another program has flushed them. If the policy drops, our rules
   * are added to FORWARD as well, after all others, in both directions, until Docker's return.
   */
  readonly abandoned: boolean;
  /** Whether a rule that is right but in the wrong position is moved. */
  readonly mayMove: boolean;
  /**
   * Whether a turn follows a foreign change of these chains within a second, so that packets to pools may be accepted before
   * foreign rules; default true.
   */
  readonly isWatched?: boolean;
};

/** planRules plans the rules of one backend. */
export function planRules(
  desired: DesiredFirewall,
  tables: Tables,
  role: ChainRole,
  { abandoned, mayMove, isWatched = true }: RulesOptions,
): RulesPlan {
  const own = desired.own.map(({ subnet }) => subnet);
  const inward = role === 'nothing' ? [] : fromPeers(desired);
  const alone = role !== 'nothing' && abandoned && forwardPolicy(tables) === 'DROP';
  const both = alone ? [...fromPeers(desired), ...toPools(desired)] : [];
  const inRaw: ChainPlace = { place: (foreign) => placeInRaw(foreign, own), mayMove };
  const presentRaw = chainOf(tables, 'raw', 'PREROUTING').rules;
  const foreignRaw = presentRaw.filter((rule) => !isOurRule(rule));
  const isEarly = role !== 'nothing' && isWatched;
  const early = !isEarly ? [] : pastRaw(desired, foreignRaw.slice(placeInRaw(foreignRaw, own).after));
  const raw = planChain('PREROUTING', presentRaw, [...inward, ...early], inRaw);
  const inUser: ChainPlace = { place: placeInUserChain, mayMove };
  const around = role === 'nothing' ? [] : aroundIsolation(desired, tables);
  const outward = [...(isEarly ? pastDocker(desired, tables) : []), ...around];
  const user = planChain(userChain, chainOf(tables, 'filter', userChain).rules, [...inward, ...outward], inUser);
  const forward = planChain('FORWARD', chainOf(tables, 'filter', 'FORWARD').rules, both, last);
  const create = role === 'chain and rules' ? [`-N ${userChain}`] : [];
  return {
    ...asInput({ raw: raw.lines, filter: [...create, ...user.lines, ...forward.lines] }),
    used: role !== 'nothing',
    misplaced: [...(raw.misplaced ? ['raw PREROUTING'] : []), ...(user.misplaced ? [userChain] : [])],
    unreached: [
      ...raw.unreached.map((rule) => `-t raw -A PREROUTING ${rule}`),
      ...user.unreached.map((rule) => `-A ${userChain} ${rule}`),
    ],
  };
}

/** planRemoval plans the removal of all our rules from one backend. */
export function planRemoval(tables: Tables): RulesPlan {
  const raw = planChain('PREROUTING', chainOf(tables, 'raw', 'PREROUTING').rules, [], last);
  const user = planChain(userChain, chainOf(tables, 'filter', userChain).rules, [], last);
  const forward = planChain('FORWARD', chainOf(tables, 'filter', 'FORWARD').rules, [], last);
  // -X fails if another program has added a rule to the chain or a jump to it: the chain is in use then.
  const drop = isLeftover(tables) ? [`-X ${userChain}`] : [];
  const input = asInput({ raw: raw.lines, filter: [...user.lines, ...forward.lines, ...drop] });
  return { ...input, used: false, misplaced: [], unreached: [] };
}

// A DOCKER-USER chain that was made in advance and that no Docker has ever jumped to.
function isLeftover(tables: Tables): boolean {
  const filter = tables.get('filter') ?? new Map<string, Chain>();
  if (!filter.has(userChain) || filter.has('DOCKER')) return false;
  if (!chainOf(tables, 'filter', userChain).rules.every(isOurRule)) return false;
  return ![...filter.values()].some(({ rules }) => rules.some((rule) => wordsOf(rule).includes(userChain)));
}

/** ChainPlace chooses the position of our rules in a chain. */
type ChainPlace = { readonly place: (foreign: readonly string[]) => RulePosition; readonly mayMove: boolean };

// Appended, and never moved afterwards.
const last: ChainPlace = { place: (foreign) => ({ after: foreign.length, unreached: [] }), mayMove: false };

type ChainPlan = Pick<RulesPlan, 'unreached'> & { readonly lines: readonly string[]; readonly misplaced: boolean };

function planChain(
  chain: string,
  present: readonly string[],
  wanted: readonly string[],
  { place, mayMove }: ChainPlace,
): ChainPlan {
  const ours = present.filter(isOurRule);
  const foreign = present.filter((rule) => !isOurRule(rule));
  const { after, unreached } = place(foreign);
  const meanings = (rules: readonly string[]) => rules.map(meaningOf).join('\n');
  const same = meanings(ours) === meanings(wanted);
  const misplaced = same && ours.some((_, index) => present[after + index] !== ours[index]);
  const reported = wanted.length === 0 ? [] : unreached;
  if (same && (!misplaced || !mayMove)) return { lines: [], misplaced, unreached: reported };
  // All in one commit: no packet meets the chain without the rule.
  const removals = ours.map((rule) => `-D ${chain} ${rule}`);
  const isEnd = after === foreign.length;
  const additions = wanted.map((rule, index) =>
    isEnd ? `-A ${chain} ${rule}` : `-I ${chain} ${after + index + 1} ${rule}`,
  );
  return { lines: [...removals, ...additions], misplaced, unreached: reported };
}

function asInput(lines: {
  readonly raw: readonly string[];
  readonly filter: readonly string[];
}): Pick<RulesPlan, 'text' | 'changes'> {
  const section = (table: string, of: readonly string[]) => (of.length === 0 ? [] : [`*${table}`, ...of, 'COMMIT']);
  const all = [...section('raw', lines.raw), ...section('filter', lines.filter)];
  return { text: all.length === 0 ? '' : `${all.join('\n')}\n`, changes: lines.raw.length + lines.filter.length };
}
