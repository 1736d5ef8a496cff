// Plans the changes to a host's firewall from its observed state. Pure.
// Invariant: what could not be observed is not changed.
import type { Finding } from '../reconcile/effect.js';
import { type DesiredFirewall, type EngineFacts, filtersWithNftables } from './desired.js';
import { dockerNftablesFindings, isDockerTable, oldestNftables } from './docker-nftables.js';
import { dropFindings } from './drops.js';
import type { Addresses } from './flow.js';
import { type ChainRole, planRules, type RulesPlan } from './iptables-rules.js';
import { type Backend, forwardPolicy, hasChain, jumpsToUserChain, type Tables, userChain } from './iptables-save.js';
import type { FilterTables } from './iptables-verdict.js';
import type { FoundTable } from './nft.js';
import type { NftTable } from './nft-verdict.js';
import { planTable, type Ruleset, type TablePlan, tableName } from './ruleset.js';

/** ObservedFirewall is the observed firewall of a host. */
export type ObservedFirewall = {
  /** "none": there is no table with our name; undefined: it could not be listed. */
  readonly table: FoundTable | 'none' | undefined;
  /** Installed iptables backends that could be listed. */
  readonly backends: ReadonlyMap<Backend, Tables>;
  /** The backend in which Docker will make its chains if none has them yet; undefined if not known. */
  readonly preferred: Backend | undefined;
  /** Whether the table of Docker's nftables backend exists; looked for only where no backend has a DOCKER-USER chain. */
  readonly dockerTable: boolean;
  /** Foreign nftables tables that may drop forwarded packets; undefined if they could not be listed. */
  readonly others: readonly NftTable[] | undefined;
};

/** PlannedReason is the reason of a finding about changes that can't be made, or are not enough. */
export type PlannedReason =
  | 'DockerDropsPeers'
  | 'DockerDropsToLan'
  | 'DockerRulesMissing'
  | 'ForeignTable'
  | 'PacketsDropped'
  | 'UnsupportedFirewallBackend';

/** FirewallPlan holds the changes to make, and findings about those that can't be made. Notes are informational. */
export type FirewallPlan = {
  readonly table: TablePlan;
  readonly rules: ReadonlyMap<Backend, RulesPlan>;
  readonly findings: readonly Finding<PlannedReason>[];
  /** Another program keeps moving its rules behind ours. Never if they may be moved. */
  readonly overtaken: readonly Finding[];
  readonly notes: readonly string[];
  /** Whether a backend drops forwarded packets that no rule accepts. */
  readonly drops: boolean;
};

/** withUserChain returns the backends that have a DOCKER-USER chain. */
export function withUserChain(backends: ReadonlyMap<Backend, Tables>): readonly Backend[] {
  return [...backends].filter(([, tables]) => hasChain(tables, userChain)).map(([backend]) => backend);
}

/** PlanInput holds the inputs of planFirewall. */
export type PlanInput = {
  readonly desired: DesiredFirewall;
  /** rulesetOf(desired), computed once for all rounds because it may have thousands of peers. */
  readonly ruleset: Ruleset;
  readonly observed: ObservedFirewall;
  readonly engine: EngineFacts | undefined;
  /** Whether a rule of ours that is only in the wrong position may be moved. */
  readonly mayMove: boolean;
  /** filterTablesOf, possibly memoised. */
  readonly filterOf: (tables: Tables) => FilterTables;
  /** See DropsInput. */
  readonly theirs?: Addresses | undefined;
};

/** planFirewall plans the table and the rules of every backend. */
export function planFirewall(input: PlanInput): FirewallPlan {
  const { desired, ruleset, observed, engine, mayMove, filterOf, theirs } = input;
  const { table, backends } = observed;
  const findings: Finding<PlannedReason>[] = [];
  const notes: string[] = [];
  const foreign = table !== undefined && table !== 'none' && !table.ours;
  if (foreign) findings.push(foreignTable);
  const tablePlan: TablePlan =
    table === undefined || foreign
      ? { kind: 'none' }
      : planTable(ruleset, table === 'none' ? undefined : table.table, desired.isConfirmed ? 'exact' : 'add');

  const users = withUserChain(backends);
  const inNftables = filtersWithNftables(engine) || (users.length === 0 && observed.dockerTable);
  if (filtersWithNftables(engine) && (engine?.major ?? oldestNftables) < oldestNftables) {
    findings.push(unfinishedBackend);
  }
  const filters = engine?.iptables !== false && !inNftables;
  if (!filters && !inNftables && users.length === 0) notes.push(unfilteredNote);

  const led = [...backends.values()].some(jumpsToUserChain);
  const rules = new Map<Backend, RulesPlan>();
  let missing = false;
  for (const [backend, tables] of backends) {
    const role = roleOf(backend, users, filters ? observed.preferred : undefined);
    const expected = !inNftables && (hasChain(tables, 'DOCKER') || (engine?.running === true && filters));
    const abandoned = !led && role !== 'nothing' && expected;
    missing ||= abandoned;
    rules.set(backend, planRules(desired, tables, role, { abandoned, mayMove, isWatched: backend === 'nft' }));
  }
  if (missing && engine?.running !== false) findings.push(rulesMissing);
  const planned = [...rules.values()];
  const misplaced = [...new Set(planned.flatMap((plan) => plan.misplaced))];
  const overtaken = misplaced.length > 0 && !mayMove ? [overtakenIn(misplaced)] : [];
  notes.push(...planned.flatMap(({ unreached }) => unreached).map(unreachedNote));
  // Foreign drops are reported only if xnet's table and rules need no change and Docker's rules are not missing: otherwise
  // packets may be dropped for a reason that those changes, or a restart of Docker, will remove.
  if (tablePlan.kind === 'none' && !foreign && !missing && planned.every(({ changes }) => changes === 0)) {
    const others = observed.others ?? [];
    findings.push(...dockerNftablesFindings(desired, others, theirs));
    findings.push(
      ...dropFindings({ desired, backends, others: others.filter((one) => !isDockerTable(one)), filterOf, theirs }),
    );
  }
  const drops = [...backends.values()].some((tables) => forwardPolicy(tables) === 'DROP');
  return { table: tablePlan, rules, findings, overtaken, notes, drops };
}

/** isPlaced reports whether our table is installed as desired. */
export function isPlaced(plan: FirewallPlan, { table }: ObservedFirewall): boolean {
  return plan.table.kind === 'none' && table !== undefined && table !== 'none' && table.ours;
}

// Each backend that has rules decides on a packet separately, so every backend with Docker's chains needs ours. Two
// have them if Docker was moved from one to the other since the host started.
function roleOf(backend: Backend, users: readonly Backend[], preferred: Backend | undefined): ChainRole {
  if (users.includes(backend)) return 'rules';
  // Made in advance: Docker adopts the chain with its rules, so our rule is never missing.
  return users.length === 0 && backend === preferred ? 'chain and rules' : 'nothing';
}

const common = { type: 'Firewall', transient: false } as const;

const foreignTable: Finding<PlannedReason> = {
  ...common,
  reason: 'ForeignTable',
  message: `there is an nftables table ip ${tableName} that xnet did not make, and xnet needs that name`,
  fix: `rename the table, or delete it: nft delete table ip ${tableName}`,
};

const unfinishedBackend: Finding<PlannedReason> = {
  ...common,
  reason: 'UnsupportedFirewallBackend',
  message: `Docker before ${oldestNftables} has no complete nftables backend`,
  fix: 'remove DOCKER_FIREWALL_BACKEND from the environment of dockerd and restart Docker, or upgrade it',
};

const rulesMissing: Finding<PlannedReason> = {
  ...common,
  reason: 'DockerRulesMissing',
  message: "Docker's own rules are missing from iptables: another program has flushed them",
  fix: 'restart Docker, which then adds its rules again',
};

function overtakenIn(chains: readonly string[]): Finding {
  const message =
    `another program adds rules behind xnet's in ${chains.join(' and ')} as often as xnet moves its own to the end, ` +
    'so packets from peers skip those rules for a moment each time';
  return { ...common, reason: 'Overtaken', message, fix: 'find that program with nft monitor rules, and stop it' };
}

function unreachedNote(rule: string): string {
  return `packets from peers never reach the rule "iptables ${rule}": delete it, and put it first with -I instead of -A`;
}

const unfilteredNote =
  'Docker runs with "iptables": false: it drops and translates nothing, so which packets reach containers depends on ' +
  'the rules of this host';

/** movesRules reports whether a plan, in at least one chain, only moves rules that are otherwise right. */
export function movesRules({ rules }: FirewallPlan): boolean {
  return [...rules.values()].some(({ misplaced, changes }) => misplaced.length > 0 && changes > 0);
}

/** countChanges returns the number of changes in a plan. */
export function countChanges({ table, rules }: FirewallPlan): number {
  const tableChanges = table.kind === 'none' ? 0 : table.kind === 'replace' ? 1 : table.changes;
  return [...rules.values()].reduce((sum, { changes }) => sum + changes, tableChanges);
}
