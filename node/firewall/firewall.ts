// The firewall effect: lets peers' containers in, and keeps containers' own addresses on the way to peers.
// Invariants: nothing that was closed opens but to leased peers, to our own subnet, on the underlay interface; there is
// no moment without the rules while they are changed; what is not ours is never changed, and never overtaken.
import { parseIpv4 } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import { Allowance } from '../../proto/rpc/allowance.js';
import type { SetChange } from '../kernel/nftables-sets.js';
import { type Exec, exec } from '../process/exec.js';
import type { Effect, Finding, Outcome } from '../reconcile/effect.js';
import { forgetTranslated } from './conntrack.js';
import { type DesiredFirewall, type EngineFacts, unusableNames } from './desired.js';
import { contested, Findings, unusableName } from './findings.js';
import { planForwarding, readForwarding } from './forwarding.js';
import { Iptables } from './iptables.js';
import { planRemoval } from './iptables-rules.js';
import type { Backend, Tables } from './iptables-save.js';
import { dockerTable, type FoundTable, Nft } from './nft.js';
import { changesOf, type FirewallPlan, movesRules, type Observed, planFirewall, withUserChain } from './plan.js';
import { ipv4Sysctl, type ProcFiles, procFiles } from './proc.js';
import { ProgramMissing } from './programs.js';
import { type FirewallReport, reportOf } from './report.js';
import { elementsText, type SetElements, tableName, withElements } from './ruleset.js';

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

// What of the host is kept by nftables and so covered by its generation.
type InNftables = Pick<Observed, 'table' | 'others'> & { readonly tables: Tables | undefined };

type Where = Pick<Observed, 'preferred' | 'dockerTable'>;

const settled: Where = { preferred: undefined, dockerTable: false };

type Look = { readonly observed: Observed; readonly findings: readonly Finding[] };

/** Firewall is the effect. Its turns must not overlap. */
export class Firewall implements Effect<DesiredFirewall> {
  readonly name = 'firewall';
  readonly #exec: Exec;
  readonly #proc: ProcFiles;
  readonly #nft: Nft;
  readonly #iptables: Iptables;
  readonly #generation: () => number | undefined;
  readonly #changeSets: NonNullable<FirewallOptions['changeSets']>;
  readonly #engine: () => EngineFacts | undefined;
  readonly #now: () => number;
  readonly #moves: Allowance;
  #seen: { readonly generation: number; readonly content: InNftables } | undefined;
  // Whether flows may have a translation from before our table was there. A process that begins can't know.
  #translated = true;

  constructor(options: FirewallOptions = {}) {
    this.#exec = options.exec ?? exec;
    this.#proc = options.proc ?? procFiles;
    this.#nft = new Nft(this.#exec);
    this.#iptables = new Iptables(this.#exec, this.#proc);
    this.#generation = options.generation ?? (() => undefined);
    this.#changeSets = options.changeSets ?? (() => undefined);
    this.#engine = options.engine ?? (() => undefined);
    this.#now = options.now ?? (() => performance.now());
    this.#moves = new Allowance(moves, this.#now());
  }

  /** converge makes the firewall as desired. */
  async converge(desired: DesiredFirewall, signal: AbortSignal): Promise<Outcome> {
    const unusable = unusableNames(desired);
    if (unusable.length > 0) return { findings: unusable.map(unusableName), changes: 0, inForce: false };
    let changes = 0;
    let failures: readonly Finding[] = [];
    for (let round = 1; ; round += 1) {
      const { observed, findings } = await this.#look(signal);
      const plan = planFirewall({
        desired,
        observed,
        engine: this.#engine(),
        mayMove: this.#moves.left(this.#now()) >= 1,
      });
      const open = changesOf(plan) > 0;
      if (open && round < longestRounds) {
        const applied = await this.#apply(plan, signal);
        changes += applied.changes;
        failures = applied.findings;
        continue;
      }
      const left = open ? (failures.length > 0 ? failures : [contested]) : [];
      const last = await this.#finish(desired, plan, observed, signal);
      return {
        findings: [...findings, ...plan.findings, ...left, ...last.findings],
        changes: changes + last.changes,
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
    const all = new Findings();
    const { table, backends } = await this.#lookAtRules(all, signal);
    await this.#requirePrograms(all, backends, signal);
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
    if (unusable !== undefined) throw new XnetError('FailedPrecondition', unusable.message);
    const engine = this.#engine();
    const [{ observed, findings }, state] = await Promise.all([
      this.#look(signal),
      readForwarding(this.#proc, desired),
    ]);
    const plan = planFirewall({ desired, observed, engine, mayMove: true });
    const forwarding = planForwarding({ state, bridge: desired.bridge, drops: plan.drops, engine });
    return reportOf({ desired, observed, plan, state, forwarding, findings });
  }

  async #look(signal: AbortSignal): Promise<Look> {
    const all = new Findings();
    const { table, others, backends } = await this.#lookAtRules(all, signal);
    const where = withUserChain(backends).length > 0 ? settled : await this.#whereDockerWillBe(all, signal);
    return { observed: { table, others, backends, ...where }, findings: all.list };
  }

  async #lookAtRules(all: Findings, signal: AbortSignal): Promise<Pick<Observed, 'table' | 'others' | 'backends'>> {
    // Read first: what changes while it is being listed has another generation, and is listed again next time.
    const generation = this.#generation();
    const seen = this.#seen;
    const known = generation !== undefined && seen?.generation === generation ? seen.content : undefined;
    const [{ table, others, tables }, legacy] = await Promise.all([
      known ?? this.#listNftables(all, signal),
      all.collect('Iptables', () => this.#iptables.tables('legacy', signal)),
    ]);
    const complete = table !== undefined && tables !== undefined;
    this.#seen = complete && generation !== undefined ? { generation, content: { table, others, tables } } : undefined;
    const found = new Map<Backend, Tables>();
    if (tables !== undefined) found.set('nft', tables);
    if (legacy !== undefined) found.set('legacy', legacy);
    return { table, others, backends: found };
  }

  // A backend that is in use while its programs are gone may have rules of ours.
  async #requirePrograms(all: Findings, looked: ReadonlyMap<Backend, Tables>, signal: AbortSignal): Promise<void> {
    const tables = looked.has('nft') ? [] : ((await all.collect('Nft', () => this.#nft.tables(signal))) ?? []);
    const missing: Backend[] = looked.has('legacy') ? [] : ['legacy'];
    if (tables.includes('filter') || tables.includes('raw')) missing.push('nft');
    for (const backend of missing) {
      await all.collect('Iptables', () => Promise.reject(new ProgramMissing(`iptables-${backend}`)));
    }
  }

  async #listNftables(all: Findings, signal: AbortSignal): Promise<InNftables> {
    const [table, others, tables] = await Promise.all([
      all.collect<FoundTable | 'none'>('Nft', async () => (await this.#nft.find(signal)) ?? 'none'),
      all.collect('Nft', () => this.#nft.others(signal)),
      all.collect('Iptables', () => this.#iptables.tables('nft', signal)),
    ]);
    return { table, others, tables };
  }

  async #whereDockerWillBe(all: Findings, signal: AbortSignal): Promise<Where> {
    const [preferred, tables = []] = await Promise.all([
      all.collect('Iptables', () => this.#iptables.preferred(signal)),
      all.collect('Nft', () => this.#nft.tables(signal)),
    ]);
    return { preferred, dockerTable: tables.includes(dockerTable) };
  }

  async #apply(plan: FirewallPlan, signal: AbortSignal): Promise<Outcome> {
    const all = new Findings();
    let changes = 0;
    const { table } = plan;
    const isAlone = [...plan.rules.values()].every((rules) => rules.changes === 0);
    if (table.kind === 'elements' && isAlone && this.#changeElements(table.sets)) {
      return { findings: [], changes: table.changes };
    }
    this.#seen = undefined;
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
    const seen = this.#seen;
    if (seen?.content.table === undefined || seen.content.table === 'none') return false;
    const { table: installed, ours } = seen.content.table;
    if (installed === undefined) return false;
    const changes = sets.map(({ name, missing, superfluous }) => ({
      set: name,
      add: missing.flatMap((element) => parseIpv4(element) ?? []),
      remove: superfluous.flatMap((element) => parseIpv4(element) ?? []),
    }));
    const generation = this.#changeSets(tableName, seen.generation, changes);
    if (generation === undefined) return false;
    const table = { ours, table: withElements(installed, sets) };
    this.#seen = generation === seen.generation + 1 ? { generation, content: { ...seen.content, table } } : undefined;
    return true;
  }

  // What has to wait for the rules: flows may begin anew, and packets be forwarded.
  async #finish(
    desired: DesiredFirewall,
    plan: FirewallPlan,
    observed: Observed,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const all = new Findings();
    let changes = 0;
    if (this.#translated && isInForce(plan, observed)) {
      await all.collect('Conntrack', async () => {
        changes += await forgetTranslated(this.#exec, desired.own, desired.pools, signal);
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
    });
    return { findings: all.list, changes };
  }
}

// Our table is there, and as it should be.
function isInForce(plan: FirewallPlan, { table }: Observed): boolean {
  return plan.table.kind === 'none' && table !== undefined && table !== 'none' && table.ours;
}
