// Observes the host's firewall, and lists only what may have changed since it was last listed.
// Invariant: observing changes nothing. A remembered listing is used only if its objects have not been touched since
// the nftables generation at which it was made.
import type { SetChange } from '../kernel/nftables-sets.js';
import type { TouchedObject } from '../kernel/nftables-touched.js';
import type { NftablesCommit } from '../kernel/nftables-watch.js';
import type { Finding } from '../reconcile/effect.js';
import { dockerTable } from './docker-nftables.js';
import { FailureCollector, type FailureReason } from './failure-collector.js';
import { type Bases, staleBy, type Urgency, urgencyOf } from './interest.js';
import type { Iptables } from './iptables.js';
import { chainsBehind } from './iptables-accept.js';
import type { Backend, Tables } from './iptables-save.js';
import type { FoundTable, Nft } from './nft.js';
import { type ObservedFirewall, withUserChain } from './plan.js';
import { ProgramMissing } from './programs.js';
import { type InstalledTable, type SetElements, tableName, takeElements } from './ruleset.js';

type LookArea = 'Iptables' | 'Nft';

/** LookReason is the reason of a failure to observe. */
export type LookReason = FailureReason<LookArea>;

/** FirewallLookOptions are the dependencies of FirewallLook. */
export type FirewallLookOptions = {
  readonly nft: Nft;
  readonly iptables: Iptables;
  /** nftables' generation; undefined if not known. */
  readonly generation: () => number | undefined;
  /** Objects touched after one generation, up to another; undefined if not known. */
  readonly touchedSince: (from: number, to: number) => readonly TouchedObject[] | undefined;
  /** See FirewallOptions. */
  readonly changeSets: (table: string, generation: number, changes: readonly SetChange[]) => number | undefined;
};

// The parts that nftables stores and its generation therefore covers.
type InNftables = Pick<ObservedFirewall, 'table' | 'others'> & { readonly tables: Tables | undefined };

type Rules = Pick<ObservedFirewall, 'table' | 'others' | 'backends'>;

type Where = Pick<ObservedFirewall, 'preferred' | 'dockerTable'>;

const settled: Where = { preferred: undefined, dockerTable: false };

/** FirewallLook observes the firewall and remembers the last listing. */
export class FirewallLook {
  readonly #options: FirewallLookOptions;
  #seen: { readonly generation: number; readonly content: InNftables } | undefined;
  readonly #behind = new WeakMap<Tables, ReadonlySet<string>>();

  constructor(options: FirewallLookOptions) {
    this.#options = options;
  }

  /** ownTable returns our table as listed; undefined if anything in it was touched since then, or if it does not exist. */
  ownTable(): InstalledTable | undefined {
    const generation = this.#options.generation();
    const seen = this.#seen;
    if (seen === undefined || generation === undefined) return undefined;
    if (seen.generation !== generation) {
      const { table, others, tables } = this.#knownSince(generation);
      if (table === undefined || others === undefined || tables === undefined) return undefined;
      this.#seen = { generation, content: seen.content };
    }
    return tableIn(seen.content);
  }

  /** forget makes the next observation list everything. */
  forget(): void {
    this.#seen = undefined;
  }

  /**
   * changeElements changes elements of our sets in the kernel if their present content is known.
   * @returns false if nothing was changed
   */
  changeElements(sets: readonly SetElements[]): boolean {
    const seen = this.#seen;
    const table = tableIn(seen?.content);
    if (seen === undefined || table === undefined) return false;
    const changes = sets.map(({ name, missing, superfluous }) => ({ set: name, add: missing, remove: superfluous }));
    if (this.#options.changeSets(tableName, seen.generation, changes) === undefined) return false;
    takeElements(table, sets);
    // Other programs may have committed since, at later generations.
    this.#seen = { generation: seen.generation + 1, content: seen.content };
    return true;
  }

  /** urgencyOf says how soon a turn is due after foreign commits; an empty list means that some were lost. */
  urgencyOf(commits: readonly Pick<NftablesCommit, 'touched'>[]): Urgency {
    if (commits.length === 0) return 'now';
    return urgencyOf(
      commits.flatMap(({ touched }) => touched),
      basesOf(this.#seen?.content),
      this.#behindIn(this.#seen?.content.tables),
    );
  }

  #behindIn(tables: Tables | undefined): ReadonlySet<string> {
    if (tables === undefined) return new Set();
    const behind = this.#behind.get(tables) ?? chainsBehind(tables);
    this.#behind.set(tables, behind);
    return behind;
  }

  /** whole observes everything. What can't be observed becomes a finding. */
  async whole(
    signal: AbortSignal,
  ): Promise<{ readonly observed: ObservedFirewall; readonly findings: readonly Finding<LookReason>[] }> {
    const all = new FailureCollector<LookArea>();
    const { table, others, backends } = await this.atRules(all, signal);
    const where = withUserChain(backends).length > 0 ? settled : await this.#whereDockerWillBe(all, signal);
    return { observed: { table, others, backends, ...where }, findings: all.list };
  }

  /** atRules observes the existing rules, but not which backend Docker will use. */
  async atRules(all: FailureCollector<LookArea>, signal: AbortSignal): Promise<Rules> {
    // Read before listing: a change during the listing has another generation, so it is listed again next time.
    const generation = this.#options.generation();
    const seen = this.#seen;
    const known = generation !== undefined && seen?.generation === generation ? seen.content : undefined;
    const [{ table, others, tables }, legacy] = await Promise.all([
      known ?? this.#listNftables(all, this.#knownSince(generation), signal),
      all.collect('Iptables', () => this.#options.iptables.tables('legacy', signal)),
    ]);
    const complete = table !== undefined && tables !== undefined;
    this.#seen = complete && generation !== undefined ? { generation, content: { table, others, tables } } : undefined;
    const found = new Map<Backend, Tables>();
    if (tables !== undefined) found.set('nft', tables);
    if (legacy !== undefined) found.set('legacy', legacy);
    return { table, others, backends: found };
  }

  /** requirePrograms reports backends that may have rules of ours but whose programs are missing. */
  async requirePrograms(
    all: FailureCollector<LookArea>,
    looked: ReadonlyMap<Backend, Tables>,
    signal: AbortSignal,
  ): Promise<void> {
    const tables = looked.has('nft') ? [] : ((await all.collect('Nft', () => this.#options.nft.tables(signal))) ?? []);
    const missing: Backend[] = looked.has('legacy') ? [] : ['legacy'];
    if (tables.includes('filter') || tables.includes('raw')) missing.push('nft');
    for (const backend of missing) {
      await all.collect('Iptables', () => Promise.reject(new ProgramMissing(`iptables-${backend}`)));
    }
  }

  // Returns the remembered parts that have not been touched since they were listed.
  #knownSince(generation: number | undefined): Partial<InNftables> {
    const seen = this.#seen;
    if (seen === undefined || generation === undefined) return {};
    const touched = this.#options.touchedSince(seen.generation, generation);
    if (touched === undefined) return {};
    const { table, others, tables } = seen.content;
    const stale = staleBy(touched, basesOf(seen.content));
    return {
      ...(stale.own ? {} : { table }),
      ...(stale.others ? {} : { others }),
      ...(stale.iptables ? {} : { tables }),
    };
  }

  async #listNftables(
    all: FailureCollector<LookArea>,
    known: Partial<InNftables>,
    signal: AbortSignal,
  ): Promise<InNftables> {
    const [table, others, tables] = await Promise.all([
      known.table ??
        all.collect<FoundTable | 'none'>('Nft', async () => (await this.#options.nft.find(signal)) ?? 'none'),
      known.others ?? all.collect('Nft', () => this.#options.nft.others(signal)),
      known.tables ?? all.collect('Iptables', () => this.#options.iptables.tables('nft', signal)),
    ]);
    return { table, others, tables };
  }

  async #whereDockerWillBe(all: FailureCollector<LookArea>, signal: AbortSignal): Promise<Where> {
    const [preferred, tables = []] = await Promise.all([
      all.collect('Iptables', () => this.#options.iptables.preferred(signal)),
      all.collect('Nft', () => this.#options.nft.tables(signal)),
    ]);
    return { preferred, dockerTable: tables.includes(dockerTable) };
  }
}

function tableIn(content: InNftables | undefined): InstalledTable | undefined {
  const found = content?.table;
  return found === undefined || found === 'none' ? undefined : found.table;
}

function basesOf(content: InNftables | undefined): Bases {
  return new Set(content?.others?.map(({ family, table }) => `${family} ${table}`));
}
