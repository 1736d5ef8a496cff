// Traces the echo requests of one identifier, and their replies, through the firewall of this host: by an nftables table of
// our own that marks them, and the kernel's notifications about marked packets.
// Invariant: the table only marks these packets and accepts all. It is deleted at the end of the trace, after 30 s at
// most, and, if this process is killed, at the next start of the daemon. At most 8 are under way.
import { formatIpv4 } from '../../proto/domain/address.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import type { PacketTrace } from '../../proto/gen/xnet/v1/PacketTrace.js';
import type { TraceFindings } from '../../proto/gen/xnet/v1/TraceFindings.js';
import type { TraceStep } from '../../proto/gen/xnet/v1/TraceStep.js';
import { pause } from '../../proto/process/backoff.js';
import type { Exec } from '../../proto/process/exec.js';
import { runFirewallProgram } from '../firewall/programs.js';
import { nftablesTables } from '../kernel/nftables-tables.js';
import { NftablesTrace, type TraceEvent } from '../kernel/nftables-trace.js';
import { RuleTexts } from './rule-text.js';

/** tracePrefix begins the name of every table that a trace makes. */
export const tracePrefix = 'xnet_look_';

// Before the default priorities of all other programs' chains (-450 to 300, NF_IP_PRI_*), and after.
const [first, last] = [-100_000, 100_000];
const hooks = ['prerouting', 'input', 'forward', 'output', 'postrouting'] as const;
// Every packet of the host comes through one of these two first.
const entrances: readonly string[] = ['prerouting', 'output'];
const longestTraceMs = 30_000;
// Each has a table that every packet of the host passes.
const mostTraces = 8;
const mostPackets = 8;
const mostSteps = 64;
// The mark of the last packet.
const settleMs = 50;

/** TraceOptions are the dependencies of traces. */
export type TraceOptions = {
  readonly exec: Exec;
  /** Network namespace, "/run/netns/h1"; that of the process by default. */
  readonly namespace?: string | undefined;
  /** Returns the name of an interface; empty for none. */
  readonly nameOf: (ifindex: number) => string;
};

type Running = { readonly socket: NftablesTrace; readonly timer: NodeJS.Timeout };

/** Traces are those under way. */
export class Traces {
  readonly #options: TraceOptions;
  readonly #running = new Map<number, Running>();
  #sweeping: Promise<unknown> = Promise.resolve();

  constructor(options: TraceOptions) {
    this.#options = options;
  }

  /** sweep begins to remove the tables of a process that was killed. A trace that begins meanwhile waits for that. */
  sweep(): void {
    // Without nft there are none.
    this.#sweeping = this.#sweep().catch(() => undefined);
  }

  async #sweep(): Promise<void> {
    // Read from the kernel: there is hardly ever one, and each start of a daemon looks.
    const found = (await nftablesTables(this.#options.namespace)).filter((name) => /^xnet_look_\d+$/.test(name));
    for (const table of found) await this.#remove(table);
  }

  /**
   * begin traces the packets of an identifier.
   * @throws XnetError AlreadyExists, ResourceExhausted (8 are under way), FailedPrecondition (nft is not installed, or refuses)
   */
  async begin(identifier: number): Promise<void> {
    if (this.#running.has(identifier)) {
      throw new XnetError('AlreadyExists', `packets with identifier ${identifier} are already being traced`);
    }
    await this.#sweeping;
    if (this.#running.size >= mostTraces) {
      throw new XnetError('ResourceExhausted', `${mostTraces} traces are under way: try again in 30 s`);
    }
    const { exec, namespace } = this.#options;
    const socket = new NftablesTrace(namespace);
    const timer = setTimeout(() => void this.end(identifier).catch(() => undefined), longestTraceMs).unref();
    this.#running.set(identifier, { socket, timer });
    try {
      const result = await runFirewallProgram(exec, ['nft', '-f', '-'], { input: script(identifier) });
      if (result.code !== 0) {
        throw new XnetError('FailedPrecondition', `nft can't make a table: ${result.stderr.slice(0, 200)}`);
      }
    } catch (error) {
      this.#forget(identifier);
      throw error;
    }
  }

  /**
   * end returns what was traced. The table is gone afterwards.
   * @throws XnetError NotFound when no such trace is under way
   */
  async end(identifier: number): Promise<TraceFindings> {
    const running = this.#running.get(identifier);
    if (running === undefined) throw new XnetError('NotFound', `no trace of identifier ${identifier} is under way`);
    await pause(settleMs);
    try {
      const { events, complete } = running.socket.take();
      const rules = new RuleTexts(this.#options.exec);
      return { packets: await this.#packets(events, identifier, rules), incomplete: !complete };
    } finally {
      this.#forget(identifier);
      await this.#remove(tableOf(identifier));
    }
  }

  async #packets(events: readonly TraceEvent[], identifier: number, rules: RuleTexts): Promise<PacketTrace[]> {
    const packets: PacketTrace[] = [];
    for (const way of waysOf(events, identifier).slice(0, mostPackets)) {
      const { echo, last: seen, reached, decisions, from, to } = way;
      const steps: TraceStep[] = [];
      for (const event of decisions.slice(-mostSteps)) steps.push(await rules.stepOf(event));
      packets.push({
        reply: echo.reply,
        sequence: echo.sequence,
        source: formatIpv4(echo.source),
        destination: formatIpv4(echo.destination),
        lastSource: formatIpv4(seen.source),
        lastDestination: formatIpv4(seen.destination),
        inInterface: this.#options.nameOf(from),
        outInterface: this.#options.nameOf(to),
        reached: [...reached],
        steps,
      });
    }
    return packets;
  }

  #forget(identifier: number): void {
    const running = this.#running.get(identifier);
    clearTimeout(running?.timer);
    running?.socket.close();
    this.#running.delete(identifier);
  }

  async #remove(table: string): Promise<void> {
    const result = await runFirewallProgram(this.#options.exec, ['nft', 'delete', 'table', 'ip', table], {});
    if (result.code === 0 || /No such file or directory/.test(result.stderr)) return;
    throw new XnetError('FailedPrecondition', `nft can't delete the table ip ${table}: ${result.stderr.slice(0, 200)}`);
  }

  /** close ends all traces. */
  async close(): Promise<void> {
    for (const identifier of [...this.#running.keys()]) {
      this.#forget(identifier);
      await this.#remove(tableOf(identifier)).catch((error: unknown) => messageOf(error));
    }
  }
}

function tableOf(identifier: number): string {
  return `${tracePrefix}${identifier}`;
}

function script(identifier: number): string {
  const mark = `ip protocol icmp icmp type { echo-request, echo-reply } icmp id ${identifier} meta nftrace set 1;`;
  const chains = hooks.flatMap((hook) => [
    ` chain ${hook} { type filter hook ${hook} priority ${first}; ${entrances.includes(hook) ? mark : ''} }`,
    ` chain ${hook}-end { type filter hook ${hook} priority ${last}; }`,
  ]);
  return `table ip ${tableOf(identifier)} {\n${chains.join('\n')}\n}\n`;
}

type PacketWay = {
  readonly echo: NonNullable<TraceEvent['echo']>;
  last: NonNullable<TraceEvent['echo']>;
  readonly reached: Set<string>;
  readonly decisions: TraceEvent[];
  from: number;
  to: number;
};

/** waysOf groups the steps of a trace by packet. Pure. */
export function waysOf(events: readonly TraceEvent[], identifier: number): readonly PacketWay[] {
  const ways = new Map<string, PacketWay>();
  // A step without headers belongs to the last packet that had headers and the same id.
  const byId = new Map<number, PacketWay>();
  for (const event of events) {
    const { id, echo } = event;
    if (echo !== undefined) {
      if (echo.identifier !== identifier) {
        byId.delete(id);
        continue;
      }
      const key = `${echo.reply} ${echo.sequence}`;
      const way = ways.get(key) ?? { echo, last: echo, reached: new Set(), decisions: [], from: 0, to: 0 };
      ways.set(key, way);
      byId.set(id, way);
      way.last = echo;
      if (event.from !== 0 && way.from === 0) way.from = event.from;
      if (event.to !== 0) way.to = event.to;
    }
    const way = byId.get(id);
    if (way === undefined) continue;
    if (event.table === tableOf(identifier)) way.reached.add(event.chain);
    else if (event.kind !== 'return' && event.verdict !== 'continue') way.decisions.push(event);
  }
  return [...ways.values()];
}
