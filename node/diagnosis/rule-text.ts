// Finds the text of the rules that a trace names by handle, by listing them with nft or iptables.
// Invariant: read-only. A rule that is gone or can't be listed has an empty text and keeps its verdict.
import type { TraceStep } from '../../proto/gen/xnet/v1/TraceStep.js';
import type { Exec } from '../../proto/process/exec.js';
import type { TraceEvent } from '../kernel/nftables-trace.js';

type Rule = { readonly handle: number; readonly text: string };

// The tables of iptables-nft (iptables/nft.c, xtables_ipv4).
const iptablesTables: ReadonlySet<string> = new Set(['filter', 'nat', 'mangle', 'raw', 'security']);
const longestText = 300;

/** RuleTexts lists each chain at most once. */
export class RuleTexts {
  readonly #exec: Exec;
  readonly #chains = new Map<string, Promise<readonly Rule[]>>();
  readonly #iptables = new Map<string, Promise<readonly string[]>>();

  constructor(exec: Exec) {
    this.#exec = exec;
  }

  /** stepOf describes a step of a trace. */
  async stepOf({ family, table, chain, kind, handle, verdict }: TraceEvent): Promise<TraceStep> {
    const step = { family, table, chain, verdict, rule: '', position: 0, iptables: false };
    if (kind === 'policy') return step;
    const rules = await this.#rulesOf(family, table, chain);
    const index = rules.findIndex((rule) => rule.handle === handle);
    const position = index + 1;
    const text = rules[index]?.text ?? '';
    if (family !== 'ip' || !iptablesTables.has(table)) return { ...step, rule: text || `handle ${handle}`, position };
    const listed = await this.#listedOf(table, chain);
    // The same number of rules: both list the same chain.
    const asListed = listed.length === rules.length ? listed[index] : undefined;
    const rule = asListed ?? text;
    return { ...step, rule: rule || `handle ${handle}`, position, iptables: asListed !== undefined };
  }

  #rulesOf(family: string, table: string, chain: string): Promise<readonly Rule[]> {
    const key = `${family} ${table} ${chain}`;
    const present = this.#chains.get(key) ?? this.#listChain(family, table, chain);
    this.#chains.set(key, present);
    return present;
  }

  async #listChain(family: string, table: string, chain: string): Promise<readonly Rule[]> {
    const lines = await this.#lines(['nft', '-a', 'list', 'chain', family, table, chain]);
    return lines.flatMap((line) => {
      const [, text = '', handle] = /^\s+(\S.*?) # handle (\d+)$/.exec(line) ?? [];
      if (handle === undefined || text.endsWith('{')) return [];
      return [
        { handle: Number(handle), text: text.replace(/ counter packets \d+ bytes \d+/, '').slice(0, longestText) },
      ];
    });
  }

  #listedOf(table: string, chain: string): Promise<readonly string[]> {
    const key = `${table} ${chain}`;
    const present = this.#iptables.get(key) ?? this.#listIptables(table, chain);
    this.#iptables.set(key, present);
    return present;
  }

  async #listIptables(table: string, chain: string): Promise<readonly string[]> {
    const begins = `-A ${chain} `;
    const lines = await this.#lines(['iptables-nft', '-t', table, '-S', chain]);
    return lines.flatMap((line) =>
      line.startsWith(begins) ? [line.slice(begins.length, begins.length + longestText)] : [],
    );
  }

  async #lines(argv: readonly [string, ...string[]]): Promise<readonly string[]> {
    try {
      const { code, stdout } = await this.#exec(argv, {});
      return code === 0 ? stdout.split('\n') : [];
    } catch {
      // Not installed.
      return [];
    }
  }
}
