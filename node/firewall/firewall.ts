// The firewall effect: admits packets from peers' containers, and preserves containers' own addresses on the way to
// peers.
// Invariants: access is opened only for leased peers, to our own subnets, on the underlay interface; no change leaves a
// moment without the rules; foreign objects are never changed, and our rules accept nothing that an operator's drop.
import { XnetError } from '../../proto/errors.js';
import { type Exec, exec } from '../../proto/process/exec.js';
import { Allowance } from '../../proto/rpc/allowance.js';
import type { SetChange } from '../kernel/nftables-sets.js';
import type { TouchedObject } from '../kernel/nftables-touched.js';
import type { NftablesCommit } from '../kernel/nftables-watch.js';
import type { Effect, Finding, Outcome } from '../reconcile/effect.js';
import { bridgedFindings, isOfFirewalld } from './bridged.js';
import { forgetTranslated } from './conntrack.js';
import { conntrackFindings } from './conntrack-table.js';
import { describePlan } from './describe.js';
import { bridgesOf, type DesiredFirewall, type EngineFacts, unusableNames } from './desired.js';
import { dockerNftablesFindings, isDockerTable } from './docker-nftables.js';
import { dropFindings, packetsDropped } from './drops.js';
import { contested, FailureCollector, unusableName } from './failure-collector.js';
import { Addresses, rangeOf } from './flow.js';
import { planForwarding, readForwarding } from './forwarding.js';
import type { Urgency } from './interest.js';
import { Iptables } from './iptables.js';
import { planRemoval } from './iptables-rules.js';
import type { Tables } from './iptables-save.js';
import { type FilterTables, filterTablesOf } from './iptables-verdict.js';
import { FirewallLook } from './look.js';
import { Nft } from './nft.js';
import { type PeerChange, setElementsOf } from './peer-change.js';
import { countChanges, type FirewallPlan, isPlaced, movesRules, type ObservedFirewall, planFirewall } from './plan.js';
import { ipv4Sysctl, type ProcFiles, procFiles } from './proc.js';
import { type FirewallReport, type ReportReason, reportOf } from './report.js';
import { elementsText, type Ruleset, rulesetOf } from './ruleset.js';

/** FirewallOptions are the dependencies of a firewall effect. */
export type FirewallOptions = {
  /** Runs programs; by default on this host. */
  readonly exec?: Exec;
  /** /proc of the same host. */
  readonly proc?: ProcFiles;
  /** nftables' generation (NFT_MSG_GETGEN): no table is listed while it is the same. Undefined, the default, means unknown. */
  readonly generation?: () => number | undefined;
  /** Objects touched after one generation, up to another; undefined, the default, means unknown: everything is listed. */
  readonly touchedSince?: (from: number, to: number) => readonly TouchedObject[] | undefined;
  /** Changes sets of a table at one generation of nftables (NftablesSets). Without it, or if it can't, nft does. */
  readonly changeSets?: (table: string, generation: number, changes: readonly SetChange[]) => number | undefined;
  /** Present facts about the Docker engine. */
  readonly engine?: () => EngineFacts | undefined;
  /** A monotonic clock in milliseconds; default performance.now. */
  readonly now?: () => number;
};

// Permits an operator's script that appends many rules at once, and any number of rules appended one by one.
const moves = { burst: 10, perSecond: 1 / 30 };

// One round that changes and one that finds nothing to change; more are needed only while another program writes too.
const longestRounds = 4;

type Derived = { readonly desired: DesiredFirewall; readonly ruleset: Ruleset; readonly theirs: Addresses };

/** Firewall is the firewall effect. Its turns must not overlap. */
export class Firewall implements Effect<DesiredFirewall> {
  readonly name = 'firewall';
  readonly #exec: Exec;
  readonly #proc: ProcFiles;
  readonly #nft: Nft;
  readonly #iptables: Iptables;
  readonly #look: FirewallLook;
  readonly #engine: () => EngineFacts | undefined;
  readonly #now: () => number;
  readonly #moves: Allowance;
  readonly #filters = new WeakMap<Tables, FilterTables>();
  #last: Derived | undefined;
  // The findings of the last turn on a host that is as desired.
  #settled: { readonly findings: readonly Finding[]; readonly theirs: Addresses } | undefined;
  // Whether some flows may still have a translation from before our table was installed. Unknown when the process
  // starts.
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
      changeSets: options.changeSets ?? (() => undefined),
    });
    this.#engine = options.engine ?? (() => undefined);
    this.#now = options.now ?? (() => performance.now());
    this.#moves = new Allowance(moves, this.#now());
  }

  /** converge brings the firewall to the desired state. */
  async converge(desired: DesiredFirewall, signal: AbortSignal): Promise<Outcome> {
    const unusable = unusableNames(desired);
    if (unusable.length > 0) return { findings: unusable.map(unusableName), changes: 0, inForce: false };
    const { ruleset, theirs } = this.#derivedFrom(desired);
    this.#settled = undefined;
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
        theirs,
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
      const all = [...findings, ...plan.findings, ...plan.overtaken, ...left, ...last.findings];
      // What could not be observed may be missing.
      const inForce = !open && findings.length === 0 && isPlaced(plan, observed);
      const isAboutPeers = all.some(({ reason }) => reason === packetsDropped);
      if (inForce && desired.isConfirmed && !isAboutPeers) this.#settled = { findings: all, theirs };
      return {
        findings: all,
        changes: changes + last.changes,
        ...(what.length + (last.what ?? []).length > 0 ? { what: [...what, ...(last.what ?? [])] } : {}),
        ...(inForce ? {} : { inForce: false }),
      };
    }
  }

  /**
   * changePeers admits new peers, and no longer those that left, on a host that is unchanged since the last turn.
   * @returns undefined if it takes a turn
   */
  changePeers(change: PeerChange): Outcome | undefined {
    const settled = this.#settled;
    const table = this.#look.ownTable();
    const sets = table && setElementsOf(change, table);
    // New peers could change whether a foreign rule drops all packets.
    if (!change.added.every((peer) => settled?.theirs.keepsAnswers(rangeOf(peer)) === true)) return undefined;
    if (settled === undefined || sets === undefined) return undefined;
    const { findings } = settled;
    const changes = change.added.length + change.removed.length;
    if (changes === 0) return { findings, changes };
    this.#last = undefined;
    if (!this.#look.changeElements(sets)) return undefined;
    return { findings, changes, what: describePlan({ table: { kind: 'elements', sets, changes }, rules: new Map() }) };
  }

  /**
   * remove deletes our table and our rules, and a DOCKER-USER chain that xnet made and Docker never used. The iptables
   * table `raw`, which exists since the first rule in it, stays, empty: other programs may use it by now.
   */
  async remove(signal: AbortSignal): Promise<Outcome> {
    this.#settled = undefined;
    const all = new FailureCollector<'Iptables' | 'Nft'>();
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
   * inspect compares the desired state with the observed one, and changes nothing.
   * @throws XnetError FailedPrecondition when the name of an interface can't be used in a rule
   */
  async inspect(desired: DesiredFirewall, signal: AbortSignal): Promise<FirewallReport<ReportReason>> {
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
    const forwarding = planForwarding({ state, bridges: bridgesOf(desired), drops: plan.drops, engine });
    // Those that come with Docker's network count as present.
    const others = (observed.others ?? []).filter((table) => !isOfFirewalld(table));
    const bridged = await bridgedFindings(this.#proc, desired, { ...observed, others });
    return reportOf({ desired, observed, plan, state, forwarding, findings: [...findings, ...bridged] });
  }

  /** foreignDrops reports tables of nftables, made by others, that will drop the packets of peers whatever xnet adds. */
  async foreignDrops(desired: DesiredFirewall, signal: AbortSignal): Promise<readonly Finding<ReportReason>[]> {
    const { observed } = await this.#look.whole(signal);
    const others = (observed.others ?? []).filter((table) => !isDockerTable(table));
    const drops = dropFindings({ desired, backends: new Map(), others, filterOf: this.#filterOf });
    return [...dockerNftablesFindings(desired, observed.others ?? []), ...drops];
  }

  /** urgencyOf says how soon a turn is due after foreign commits; an empty list means that some were lost. */
  urgencyOf(commits: readonly Pick<NftablesCommit, 'touched'>[]): Urgency {
    return this.#look.urgencyOf(commits);
  }

  // Tables that were not listed again are the same objects as before.
  readonly #filterOf = (tables: Tables): FilterTables => {
    const filter = this.#filters.get(tables) ?? filterTablesOf(tables);
    this.#filters.set(tables, filter);
    return filter;
  };

  // Both have thousands of elements, and most turns have the same desired state as the one before.
  #derivedFrom(desired: DesiredFirewall): Derived {
    if (this.#last?.desired !== desired) {
      this.#last = { desired, ruleset: rulesetOf(desired), theirs: new Addresses(desired.peers) };
    }
    return this.#last;
  }

  async #apply(plan: FirewallPlan, signal: AbortSignal): Promise<Outcome> {
    const all = new FailureCollector();
    let changes = 0;
    const { table } = plan;
    const isAlone = [...plan.rules.values()].every((rules) => rules.changes === 0);
    if (table.kind === 'elements' && isAlone && this.#look.changeElements(table.sets)) {
      return { findings: [], changes: table.changes };
    }
    this.#look.forget();
    if (table.kind !== 'none') {
      await all.collect('Nft', async () => {
        await this.#nft.run(table.kind === 'replace' ? table.text : elementsText(table.sets), signal);
        changes += table.kind === 'replace' ? 1 : table.changes;
        // The table may have been missing: flows that began meanwhile were translated.
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

  // Steps that must follow the rules: deleting translated flows, and turning on forwarding.
  async #finish(
    desired: DesiredFirewall,
    plan: FirewallPlan,
    observed: ObservedFirewall,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const all = new FailureCollector();
    const what: string[] = [];
    let changes = 0;
    if (this.#translated && isPlaced(plan, observed)) {
      await all.collect('Conntrack', async () => {
        let forgotten = 0;
        for (const { subnet } of desired.own) {
          forgotten += await forgetTranslated(this.#exec, subnet, desired.pools, signal);
        }
        changes += forgotten;
        if (forgotten > 0) what.push(`forgot ${forgotten} translated connections`);
        this.#translated = false;
      });
    }
    const found: Finding[] = [];
    await all.collect('Forwarding', async () => {
      const state = await readForwarding(this.#proc, desired);
      const planned = planForwarding({ state, bridges: bridgesOf(desired), drops: plan.drops, engine: this.#engine() });
      found.push(...planned.findings, ...(await conntrackFindings(this.#proc)));
      found.push(...(await bridgedFindings(this.#proc, desired, observed)));
      if (!planned.turnOn) return;
      await this.#proc.write(ipv4Sysctl('ip_forward'), '1');
      changes += 1;
      what.push('net.ipv4.ip_forward: on');
    });
    return { findings: [...all.list, ...found], changes, what };
  }
}
