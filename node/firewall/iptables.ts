// Runs both iptables backends: lists their tables and applies changes.
// Invariant: listing a backend creates nothing in it. iptables-legacy loads modules and creates tables merely by
// listing them, so it runs only if it has tables already.
import type { Exec } from '../../proto/process/exec.js';
import { type Backend, parseSave, type Tables } from './iptables-save.js';
import type { ProcFiles } from './proc.js';
import { ProgramMissing, programFailure, runFirewallProgram } from './programs.js';

// Time that another iptables may hold the lock of the legacy backend, in seconds.
const waitSeconds = '5';

const empty: Tables = new Map();

/** Iptables runs iptables-save and iptables-restore of either backend. */
export class Iptables {
  readonly #exec: Exec;
  readonly #proc: ProcFiles;
  // Prefix of a backend's program names: "iptables-nft", or "iptables" if no other exists.
  readonly #prefixes = new Map<Backend, string>();

  constructor(exec: Exec, proc: ProcFiles) {
    this.#exec = exec;
    this.#proc = proc;
  }

  /**
   * tables returns the tables of a backend: none if it is not used, undefined if its programs are not installed.
   * @throws XnetError FailedPrecondition when iptables-save fails
   */
  async tables(backend: Backend, signal: AbortSignal): Promise<Tables | undefined> {
    if (backend === 'legacy' && !(await this.#hasLegacyTables())) return empty;
    const known = this.#prefixes.get(backend);
    try {
      return await this.#save(backend, known ?? `iptables-${backend}`, signal);
    } catch (error) {
      if (!(error instanceof ProgramMissing)) throw error;
      this.#prefixes.delete(backend);
      if (known !== undefined) return undefined;
    }
    try {
      return (await this.preferred(signal)) === backend ? await this.#save(backend, 'iptables', signal) : undefined;
    } catch (error) {
      if (!(error instanceof ProgramMissing)) throw error;
      return undefined;
    }
  }

  async #save(backend: Backend, prefix: string, signal: AbortSignal): Promise<Tables> {
    const result = await runFirewallProgram(this.#exec, [`${prefix}-save`], { signal });
    if (result.code !== 0) throw programFailure(`${prefix}-save failed`, result);
    this.#prefixes.set(backend, prefix);
    return parseSave(result.stdout);
  }

  async #hasLegacyTables(): Promise<boolean> {
    return ((await this.#proc.read('net/ip_tables_names')) ?? '') !== '';
  }

  /**
   * restore applies input for iptables-restore. Each of its tables is changed as a whole, or not at all.
   * @throws XnetError ProgramMissing, FailedPrecondition when it is refused: another program changed the rules at the
   * same time
   */
  async restore(backend: Backend, input: string, signal: AbortSignal): Promise<void> {
    const program = `${await this.#prefix(backend, signal)}-restore`;
    const result = await runFirewallProgram(this.#exec, [program, '--noflush', '-w', waitSeconds], { signal, input });
    if (result.code !== 0) throw programFailure(`${program} failed`, result);
  }

  /**
   * preferred returns the backend that Docker will use on this host: that of the program `iptables`.
   * @throws XnetError ProgramMissing
   */
  async preferred(signal: AbortSignal): Promise<Backend> {
    const { stdout } = await runFirewallProgram(this.#exec, ['iptables', '--version'], { signal });
    return stdout.includes('nf_tables') ? 'nft' : 'legacy';
  }

  async #prefix(backend: Backend, signal: AbortSignal): Promise<string> {
    const known = this.#prefixes.get(backend);
    if (known !== undefined) return known;
    const own = `iptables-${backend}`;
    const prefix = (await this.#isInstalled(own, signal)) ? own : 'iptables';
    if (prefix === 'iptables' && (await this.preferred(signal)) !== backend) throw new ProgramMissing(own);
    this.#prefixes.set(backend, prefix);
    return prefix;
  }

  async #isInstalled(program: string, signal: AbortSignal): Promise<boolean> {
    try {
      return (await runFirewallProgram(this.#exec, [program, '--version'], { signal })).code === 0;
    } catch (error) {
      if (error instanceof ProgramMissing) return false;
      throw error;
    }
  }
}
