// nft: lists our table and runs scripts, each of which is one transaction.
import type { Exec } from '../../proto/process/exec.js';
import { type BaseChain, type NftTable, parseBaseChains, parseNftTable } from './nft-verdict.js';
import { programFailure, runFirewallProgram } from './programs.js';
import { type InstalledTable, isOurTable, isOurTableText, parseTable, tableName } from './ruleset.js';

/**
 * FoundTable is what is there under our table's name. `ours` says that we made it; `table` is undefined where it is
 * not to be read, and then it is not as desired.
 */
export type FoundTable = { readonly ours: boolean; readonly table: InstalledTable | undefined };

/** dockerTable is where Docker keeps its rules in nftables (moby, daemon/libnetwork/drivers/bridge/internal/nftabler). */
export const dockerTable = 'docker-bridges';

/** Nft runs nft(8). */
export class Nft {
  readonly #exec: Exec;

  constructor(exec: Exec) {
    this.#exec = exec;
  }

  /**
   * find looks at our table; undefined: there is none.
   * @throws XnetError ProgramMissing when there is no nft, FailedPrecondition when it fails
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
    // Ended by a signal: JSON of some tables is too much for some versions of nft.
    if (result.code > 128 && flags.length > 0) return '';
    throw programFailure(`nft can't list table ip ${tableName}`, result);
  }

  /**
   * run runs a script as one transaction: all of it, or nothing.
   * @throws XnetError ProgramMissing when there is no nft, FailedPrecondition when it fails
   */
  async run(script: string, signal: AbortSignal): Promise<void> {
    const result = await runFirewallProgram(this.#exec, ['nft', '-f', '-'], { signal, input: script });
    if (result.code !== 0) throw programFailure(`nft can't change table ip ${tableName}`, result);
  }

  /**
   * remove deletes our table; it is no failure when there is none.
   * @throws XnetError ProgramMissing when there is no nft, FailedPrecondition when it fails
   */
  async remove(signal: AbortSignal): Promise<void> {
    const result = await runFirewallProgram(this.#exec, ['nft', 'delete', 'table', 'ip', tableName], { signal });
    if (result.code === 0 || /No such file or directory/.test(result.stderr)) return;
    throw programFailure(`nft can't delete table ip ${tableName}`, result);
  }

  /**
   * others are the tables of others that may drop what is forwarded; undefined: there is no JSON of them to be had.
   * @throws XnetError ProgramMissing when there is no nft, FailedPrecondition when it fails
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
      // Without the elements of its sets.
      const { code, stdout } = await runFirewallProgram(
        this.#exec,
        ['nft', '-j', '-t', 'list', 'table', family, table],
        {
          signal,
        },
      );
      const names = its.map(({ name }) => name);
      // Gone by now, or a table with flags, of which nft 1.0.6 writes no JSON: nothing is said of it.
      const read = code === 0 ? readable(() => parseNftTable(stdout, { family, table }, names)) : undefined;
      found.push(read ?? { family, table, bases: [], chains: new Map() });
    }
    return found;
  }

  /**
   * tables names all tables of family ip.
   * @throws XnetError ProgramMissing when there is no nft, FailedPrecondition when it fails
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
