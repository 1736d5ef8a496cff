// Runs nft: lists our table, and applies scripts, each as one transaction.
import type { Exec } from '../../proto/process/exec.js';
import { type BaseChain, type NftTable, parseBaseChains, parseNftTable } from './nft-verdict.js';
import { programFailure, runFirewallProgram } from './programs.js';
import { type InstalledTable, isOurTable, isOurTableText, parseTable, tableName } from './ruleset.js';

/**
 * FoundTable is the table with our name. `ours` says whether xnet made it; `table` is undefined if it can't be parsed,
 * and then it does not count as desired.
 */
export type FoundTable = { readonly ours: boolean; readonly table: InstalledTable | undefined };

/** Nft runs nft(8). */
export class Nft {
  readonly #exec: Exec;

  constructor(exec: Exec) {
    this.#exec = exec;
  }

  /**
   * find lists our table; undefined if there is none.
   * @throws XnetError ProgramMissing when nft is not installed, FailedPrecondition when it fails
   */
  async find(signal: AbortSignal): Promise<FoundTable | undefined> {
    const json = await this.#list(['-j'], signal);
    const table = json === undefined ? undefined : parseTable(json);
    if (table !== undefined) return { ours: isOurTable(table), table };
    if (json === undefined) return undefined;
    const text = await this.#list([], signal);
    return text === undefined ? undefined : { ours: isOurTableText(text), table: undefined };
  }

  async #list(flags: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    const result = await runFirewallProgram(this.#exec, ['nft', ...flags, 'list', 'table', 'ip', tableName], {
      signal,
    });
    if (result.code === 0) return result.stdout;
    if (/No such file or directory/.test(result.stderr)) return undefined;
    // Killed by a signal: some versions of nft crash when they write some tables as JSON.
    if (result.code > 128 && flags.length > 0) return '';
    throw programFailure(`nft can't list table ip ${tableName}`, result);
  }

  /**
   * run applies a script as one transaction.
   * @throws XnetError ProgramMissing when nft is not installed, FailedPrecondition when it fails
   */
  async run(script: string, signal: AbortSignal): Promise<void> {
    const result = await runFirewallProgram(this.#exec, ['nft', '-f', '-'], { signal, input: script });
    if (result.code !== 0) throw programFailure(`nft can't change table ip ${tableName}`, result);
  }

  /**
   * remove deletes our table; it succeeds if there is none.
   * @throws XnetError ProgramMissing when nft is not installed, FailedPrecondition when it fails
   */
  async remove(signal: AbortSignal): Promise<void> {
    const result = await runFirewallProgram(this.#exec, ['nft', 'delete', 'table', 'ip', tableName], { signal });
    if (result.code === 0 || /No such file or directory/.test(result.stderr)) return;
    throw programFailure(`nft can't delete table ip ${tableName}`, result);
  }

  /**
   * others lists the foreign tables that may drop forwarded packets; undefined if nft can't list them as JSON.
   * @throws XnetError ProgramMissing when nft is not installed, FailedPrecondition when it fails
   */
  async others(signal: AbortSignal): Promise<readonly NftTable[] | undefined> {
    const listed = await runFirewallProgram(this.#exec, ['nft', '-j', 'list', 'chains'], { signal });
    if (listed.code !== 0) throw programFailure("nft can't list chains", listed);
    const bases = readable(() => parseBaseChains(listed.stdout, tableName));
    if (bases === undefined) return undefined;
    const tables = new Map<string, BaseChain[]>();
    for (const base of bases) {
      const key = `${base.family} ${base.table}`;
      tables.set(key, [...(tables.get(key) ?? []), base]);
    }
    const found: NftTable[] = [];
    for (const its of tables.values()) {
      const [{ family, table } = { family: '', table: '' }] = its;
      // Without the elements of its sets (-t).
      const { code, stdout } = await runFirewallProgram(
        this.#exec,
        ['nft', '-j', '-t', 'list', 'table', family, table],
        {
          signal,
        },
      );
      const names = its.map(({ name }) => name);
      // The table is gone, or has flags, for which nft 1.0.6 writes no JSON: it is skipped.
      const read = code === 0 ? readable(() => parseNftTable(stdout, { family, table }, names)) : undefined;
      found.push(read ?? { family, table, bases: [], hooks: new Map(), chains: new Map(), untracks: false });
    }
    return found;
  }

  /**
   * tables returns the names of all tables of family ip.
   * @throws XnetError ProgramMissing when nft is not installed, FailedPrecondition when it fails
   */
  async tables(signal: AbortSignal): Promise<readonly string[]> {
    const result = await runFirewallProgram(this.#exec, ['nft', 'list', 'tables', 'ip'], { signal });
    if (result.code !== 0) throw programFailure("nft can't list tables", result);
    return result.stdout.split('\n').flatMap((line) => /^table ip (\S+)$/.exec(line)?.[1] ?? []);
  }
}

function readable<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
