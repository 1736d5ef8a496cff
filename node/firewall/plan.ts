// What is to be done to the firewall of a host, from what is there. Pure.
// Invariant: what can't be looked at is not changed.
import type { Finding } from '../reconcile/effect.js';
import { type DesiredFirewall, type EngineFacts, filtersWithNftables } from './desired.js';
import { dropFindings } from './drops.js';
import { type ChainRole, planRules, type RulesPlan } from './iptables-rules.js';
import { type Backend, forwardPolicy, hasChain, jumpsToUserChain, type Tables, userChain } from './iptables-save.js';
import type { FilterTables } from './iptables-verdict.js';
import type { FoundTable } from './nft.js';
import type { NftTable } from './nft-verdict.js';
import { planTable, type Ruleset, type TablePlan, tableName } from './ruleset.js';

/** ObservedFirewall is the firewall of a host as it is. */
export type ObservedFirewall = {
  /** "none": there is no table of our name; undefined: it could not be looked at. */
  readonly table: FoundTable | 'none' | undefined;
  /** Backends of iptables that are installed and could be looked at. */
  readonly backends: ReadonlyMap<Backend, Tables>;
  /** Where Docker will make its chains, if none has them yet; undefined: not known. */
  readonly preferred: Backend | undefined;
  /** There is a table of Docker's nftables backend. */
  readonly dockerTable: boolean;
  /** Tables of others in nftables that may drop what is forwarded; undefined: they could not be looked at. */
  readonly others: readonly NftTable[] | undefined;
};

/** FirewallPlan is what is to be done, and what can't be. Notes are worth knowing, no more. */
export type FirewallPlan = {
  readonly table: TablePlan;
  readonly rules: ReadonlyMap<Backend, RulesPlan>;
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** A backend drops forwarded packets that no rule accepts. */
  readonly drops: boolean;
};

/** withUserChain are the backends that have a DOCKER-USER chain. */
export function withUserChain(backends: ReadonlyMap<Backend, Tables>): readonly Backend[] {
  return [...backends].filter(([, tables]) => hasChain(tables, userChain)).map(([backend]) => backend);
}

/** PlanInput is what a plan follows from. */
export type PlanInput = {
  readonly desired: DesiredFirewall;
  /** rulesetOf(desired): of thousands of peers it is made once for all rounds. */
  readonly ruleset: Ruleset;
  readonly observed: ObservedFirewall;
  readonly engine: EngineFacts | undefined;
  /** A rule of ours that is only in the wrong place may be moved. */
  readonly mayMove: boolean;
  /** filterTablesOf, or what remembers it. */
  readonly filterOf: (tables: Tables) => FilterTables;
};

/** planFirewall plans. */
export function planFirewall({ desired, ruleset, observed, engine, mayMove, filterOf }: PlanInput): FirewallPlan {
  const { table, backends } = observed;
  const findings: Finding[] = [];
  const notes: string[] = [];
  const foreign = table !== undefined && table !== 'none' && !table.ours;
  if (foreign) findings.push(foreignTable);
  const tablePlan: TablePlan =
    table === undefined || foreign ? { kind: 'none' } : planTable(ruleset, table === 'none' ? undefined : table.table);

  const users = withUserChain(backends);
  const unsupported = filtersWithNftables(engine) || (users.length === 0 && observed.dockerTable);
  if (unsupported) findings.push(unsupportedBackend);
  const filters = engine?.iptables !== false && !unsupported;
  if (!filters && !unsupported && users.length === 0) notes.push(unfilteredNote);

  const led = [...backends.values()].some(jumpsToUserChain);
  const rules = new Map<Backend, RulesPlan>();
  let missing = false;
  for (const [backend, tables] of backends) {
    const role = roleOf(backend, users, filters ? observed.preferred : undefined);
    const expected = hasChain(tables, 'DOCKER') || (engine?.running === true && filters);
    const abandoned = !led && role !== 'nothing' && expected;
    missing ||= abandoned;
    rules.set(backend, planRules(desired, tables, role, { abandoned, mayMove }));
  }
  if (missing && engine?.running !== false) findings.push(rulesMissing);
  const planned = [...rules.values()];
  const misplaced = [...new Set(planned.flatMap((plan) => plan.misplaced))];
  if (misplaced.length > 0 && !mayMove) findings.push(overtaken(misplaced));
  notes.push(...planned.flatMap(({ unreached }) => unreached).map(unreachedNote));
  // Before our rules are there, or where Docker's are missing, it says nothing that is not told otherwise.
  if (tablePlan.kind === 'none' && !foreign && !missing && planned.every(({ changes }) => changes === 0)) {
    findings.push(...dropFindings({ desired, backends, others: observed.others ?? [], filterOf }));
  }
  const drops = [...backends.values()].some((tables) => forwardPolicy(tables) === 'DROP');
  return { table: tablePlan, rules, findings, notes, drops };
}

// Each backend that has rules decides on a packet by itself, so that all with Docker's chains need ours: there are two
// where Docker was moved from one to the other since the host started.
function roleOf(backend: Backend, users: readonly Backend[], preferred: Backend | undefined): ChainRole {
  if (users.includes(backend)) return 'rules';
  // Made in advance: Docker takes the chain and what is in it over, and drops nothing of ours for a moment.
  return users.length === 0 && backend === preferred ? 'chain and rules' : 'nothing';
}

const common = { type: 'Firewall', transient: false } as const;

const foreignTable: Finding = {
  ...{ ...common, reason: 'ForeignTable' },
  message: `there is an nftables table ip ${tableName} that xnet did not make, and xnet needs that name`,
  fix: `rename the table, or delete it: nft delete table ip ${tableName}`,
};

const unsupportedBackend: Finding = {
  ...{ ...common, reason: 'UnsupportedFirewallBackend' },
  message: `Docker uses its nftables backend, which has no ${userChain} chain`,
  fix: 'put "firewall-backend": "iptables" into daemon.json and restart Docker',
};

const rulesMissing: Finding = {
  ...{ ...common, reason: 'DockerRulesMissing' },
  message: "Docker's own rules are missing from iptables: another program has flushed them",
  fix: 'restart Docker, which then adds its rules again',
};

function overtaken(chains: readonly string[]): Finding {
  const message =
    `another program adds rules behind xnet's in ${chains.join(' and ')} as often as xnet moves its own to the end, ` +
    'so packets from peers skip those rules for a moment each time';
  return { ...common, reason: 'Overtaken', message, fix: 'find that program with nft monitor rules, and stop it' };
}

function unreachedNote(rule: string): string {
  return `packets of peers never come to the rule "iptables ${rule}": delete it, and put it first with -I instead of -A`;
}

const unfilteredNote =
  'Docker runs with "iptables": false: it drops nothing and translates nothing, and what comes to containers is up to ' +
  'the rules of this host';

/** movesRules says whether a plan only moves rules that are as they should be in at least one chain. */
export function movesRules({ rules }: FirewallPlan): boolean {
  return [...rules.values()].some(({ misplaced, changes }) => misplaced.length > 0 && changes > 0);
}

/** countChanges is how many changes a plan has. */
export function countChanges({ table, rules }: FirewallPlan): number {
  const tableChanges = table.kind === 'none' ? 0 : table.kind === 'replace' ? 1 : table.changes;
  return [...rules.values()].reduce((sum, { changes }) => sum + changes, tableChanges);
}
