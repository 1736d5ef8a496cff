// The firewall effect: lets peers' containers in, and keeps containers' own addresses on the way to peers.
// Invariants: nothing that was closed opens but to leased peers, to our own subnet, on the underlay interface; there is
// no moment without the rules while they are changed; what is not ours is never changed, and never overtaken.
import { XnetError } from '../../proto/errors.js';
import { type Exec, exec } from '../../proto/process/exec.js';
import { Allowance } from '../../proto/rpc/allowance.js';
import type { SetChange } from '../kernel/nftables-sets.js';
import type { TouchedObject } from '../kernel/nftables-touched.js';
import type { NftablesCommit } from '../kernel/nftables-watch.js';
import type { Effect, Finding, Outcome } from '../reconcile/effect.js';
import { forgetTranslated } from './conntrack.js';
import { describePlan } from './describe.js';
import { type DesiredFirewall, type EngineFacts, unusableNames } from './desired.js';
import { contested, FailureCollector, unusableName } from './failure-collector.js';
import { planForwarding, readForwarding } from './forwarding.js';
import type { Urgency } from './interest.js';
import { Iptables } from './iptables.js';
import { planRemoval } from './iptables-rules.js';
import type { Tables } from './iptables-save.js';
import { type FilterTables, filterTablesOf } from './iptables-verdict.js';
import { FirewallLook } from './look.js';
import { Nft } from './nft.js';
import { countChanges, type FirewallPlan, movesRules, type ObservedFirewall, planFirewall } from './plan.js';
import { ipv4Sysctl, type ProcFiles, procFiles } from './proc.js';
import { type FirewallReport, reportOf } from './report.js';
import { elementsText, rulesetOf, type SetElements, tableName } from './ruleset.js';

/** FirewallOptions are the parts of a firewall effect. */
export type FirewallOptions = {
  /** Default: programs run on this host. */
  readonly exec?: Exec;
  /** /proc of the same host. */
  readonly proc?: ProcFiles;
  /**
   * nftables' generation (NFT_MSG_GETGEN): while it stays the same, nothing in nftables has changed, and nothing of it
   * is listed. Undefined, the default: not known, so all is listed each turn.
   */
  readonly generation?: () => number | undefined;
  /** What was touched after one generation, up to another; undefined, the default: not known, so all is listed. */
  readonly touchedSince?: (from: number, to: number) => readonly TouchedObject[] | undefined;
  /**
   * Changes sets of a table at one generation of nftables, as NftablesSets does. By default, and whenever it does not,
   * nft does.
   */
  readonly changeSets?: (table: string, generation: number, changes: readonly SetChange[]) => number | undefined;
  /** What is known of the Docker engine at the time. */
  readonly engine?: () => EngineFacts | undefined;
  /** A monotonic clock in milliseconds; performance.now unless given. */
  readonly now?: () => number;
};

// Enough for an operator's script that appends many rules, and for any number of them one by one.
const moves = { burst: 10, perSecond: 1 / 30 };

// One that changes, one that finds it so; more only while somebody else writes as well.
const longestRounds = 4;

/** Firewall is the effect. Its turns must not overlap. */
export class Firewall implements Effect<DesiredFirewall> {
  readonly name = 'firewall';
  readonly #exec: Exec;
  readonly #proc: ProcFiles;
  readonly #nft: Nft;
  readonly #iptables: Iptables;
  readonly #look: FirewallLook;
  readonly #changeSets: NonNullable<FirewallOptions['changeSets']>;
  readonly #engine: () => EngineFacts | undefined;
  readonly #now: () => number;
  readonly #moves: Allowance;
  readonly #filters = new WeakMap<Tables, FilterTables>();
  // Whether flows may have a translation from before our table was there. A process that begins can't know.
  #translated = true;

  constructor(options: FirewallOptions = {}) {
    this.#exec = options.exec ?? exec;
    this.#proc = options.proc ?? procFiles;
    this.#nft = new Nft(this.#exec);
    this.#iptables = new Iptables(this.#exec, this.#proc);
    this.#look = new FirewallLook({
      nft: this.#nft,
      iptables: this.#iptables,
      generation: options.generation ?? (() => undefined),
      touchedSince: options.touchedSince ?? (() => undefined),
    });
    this.#changeSets = options.changeSets ?? (() => undefined);
    this.#engine = options.engine ?? (() => undefined);
    this.#now = options.now ?? (() => performance.now());
    this.#moves = new Allowance(moves, this.#now());
  }

  /** converge makes the firewall as desired. */
  async converge(desired: DesiredFirewall, signal: AbortSignal): Promise<Outcome> {
    const unusable = unusableNames(desired);
    if (unusable.length > 0) return { findings: unusable.map(unusableName), changes: 0, inForce: false };
    const ruleset = rulesetOf(desired);
    let changes = 0;
    const what: string[] = [];
    let failures: readonly Finding[] = [];
    for (let round = 1; ; round += 1) {
      const { observed, findings } = await this.#look.whole(signal);
      const plan = planFirewall({
        desired,
        ruleset,
        observed,
        engine: this.#engine(),
        mayMove: this.#moves.left(this.#now()) >= 1,
        filterOf: this.#filterOf,
      });
      const open = countChanges(plan) > 0;
      if (open && round < longestRounds) {
        const applied = await this.#apply(plan, signal);
        changes += applied.changes;
        if (applied.changes > 0) what.push(...describePlan(plan));
        failures = applied.findings;
        continue;
      }
      const left = open ? (failures.length > 0 ? failures : [contested]) : [];
      const last = await this.#finish(desired, plan, observed, signal);
      return {
        findings: [...findings, ...plan.findings, ...left, ...last.findings],
        changes: changes + last.changes,
        ...(what.length + (last.what ?? []).length > 0 ? { what: [...what, ...(last.what ?? [])] } : {}),
        // What could not be looked at may not be there.
        ...(open || findings.length > 0 || !isInForce(plan, observed) ? { inForce: false } : {}),
      };
    }
  }

  /**
   * remove takes away our table and our rules, and a DOCKER-USER chain that we made and Docker never used. The table
   * `raw` of iptables, which comes into being with the first rule in it, stays, empty: it may be anybody's by then.
   */
  async remove(signal: AbortSignal): Promise<Outcome> {
    const all = new FailureCollector();
    const { table, backends } = await this.#look.atRules(all, signal);
    await this.#look.requirePrograms(all, backends, signal);
    let changes = 0;
    for (const [backend, tables] of backends) {
      const plan = planRemoval(tables);
      if (plan.changes === 0) continue;
      await all.collect('Iptables', async () => {
        await this.#iptables.restore(backend, plan.text, signal);
        changes += plan.changes;
      });
    }
    if (table !== undefined && table !== 'none' && table.ours) {
      await all.collect('Nft', async () => {
        await this.#nft.remove(signal);
        changes += 1;
      });
    }
    return { findings: all.list, changes };
  }

  /**
   * inspect compares what is desired with what is there, and changes nothing.
   * @throws XnetError FailedPrecondition when the name of an interface can't stand in a rule
   */
  async inspect(desired: DesiredFirewall, signal: AbortSignal): Promise<FirewallReport> {
    const [unusable] = unusableNames(desired).map(unusableName);
    if (unusable !== undefined) {
      throw new XnetError('FailedPrecondition', unusable.message, { hint: unusable.fix });
    }
    const engine = this.#engine();
    const [{ observed, findings }, state] = await Promise.all([
      this.#look.whole(signal),
      readForwarding(this.#proc, desired),
    ]);
    const ruleset = rulesetOf(desired);
    const plan = planFirewall({ desired, ruleset, observed, engine, mayMove: true, filterOf: this.#filterOf });
    const forwarding = planForwarding({ state, bridge: desired.bridge, drops: plan.drops, engine });
    return reportOf({ desired, observed, plan, state, forwarding, findings });
  }

  /** urgencyOf says how soon a turn is due after commits of others; none: some were lost. */
  urgencyOf(commits: readonly Pick<NftablesCommit, 'touched'>[]): Urgency {
    return this.#look.urgencyOf(commits);
  }

  // Tables that were not listed anew are the same as before.
  readonly #filterOf = (tables: Tables): FilterTables => {
    const filter = this.#filters.get(tables) ?? filterTablesOf(tables);
    this.#filters.set(tables, filter);
    return filter;
  };

  async #apply(plan: FirewallPlan, signal: AbortSignal): Promise<Outcome> {
    const all = new FailureCollector();
    let changes = 0;
    const { table } = plan;
    const isAlone = [...plan.rules.values()].every((rules) => rules.changes === 0);
    if (table.kind === 'elements' && isAlone && this.#changeElements(table.sets)) {
      return { findings: [], changes: table.changes };
    }
    this.#look.forget();
    if (table.kind !== 'none') {
      await all.collect('Nft', async () => {
        await this.#nft.run(table.kind === 'replace' ? table.text : elementsText(table.sets), signal);
        changes += table.kind === 'replace' ? 1 : table.changes;
        // The table may have been away: whatever began in the meantime was translated.
        if (table.kind === 'replace') this.#translated = true;
      });
    }
    for (const [backend, { text, changes: count }] of plan.rules) {
      if (count === 0) continue;
      await all.collect('Iptables', async () => {
        await this.#iptables.restore(backend, text, signal);
        changes += count;
      });
    }
    if (movesRules(plan)) this.#moves.take(this.#now());
    return { findings: all.list, changes };
  }

  // Straight to the kernel, where what it has is known. Afterwards that is known too, unless somebody else has changed
  // something as well.
  #changeElements(sets: readonly SetElements[]): boolean {
    const seen = this.#look.ownTable;
    if (seen === undefined) return false;
    const changes = sets.map(({ name, missing, superfluous }) => ({
      set: name,
      add: missing,
      remove: superfluous,
    }));
    const generation = this.#changeSets(tableName, seen.generation, changes);
    if (generation === undefined) return false;
    this.#look.noteElements(generation, sets);
    return true;
  }

  // What has to wait for the rules: flows may begin anew, and packets be forwarded.
  async #finish(
    desired: DesiredFirewall,
    plan: FirewallPlan,
    observed: ObservedFirewall,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const all = new FailureCollector();
    const what: string[] = [];
    let changes = 0;
    if (this.#translated && isInForce(plan, observed)) {
      await all.collect('Conntrack', async () => {
        const forgotten = await forgetTranslated(this.#exec, desired.own, desired.pools, signal);
        changes += forgotten;
        if (forgotten > 0) what.push(`${forgotten} connections from before are decided anew`);
        this.#translated = false;
      });
    }
    await all.collect('Forwarding', async () => {
      const state = await readForwarding(this.#proc, desired);
      const { bridge } = desired;
      const forwarding = planForwarding({ state, bridge, drops: plan.drops, engine: this.#engine() });
      all.list.push(...forwarding.findings);
      if (!forwarding.turnOn) return;
      await this.#proc.write(ipv4Sysctl('ip_forward'), '1');
      changes += 1;
      what.push('net.ipv4.ip_forward: on');
    });
    return { findings: all.list, changes, what };
  }
}

// Our table is there, and as it should be.
function isInForce(plan: FirewallPlan, { table }: ObservedFirewall): boolean {
  return plan.table.kind === 'none' && table !== undefined && table !== 'none' && table.ours;
}
