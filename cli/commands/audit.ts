// `xctl audit`: the audit log, and the check of its integrity.

import { escaped } from '../../proto/domain/text.js';
import { exitCodes, XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import type { CommandContext } from '../client/context.js';
import { type AuditOutput, auditFromWire, auditKind, verificationFromWire } from '../output/audit.js';
import { type TableLook, tableOf } from '../output/columns.js';

/** ListAuditOptions are the options of `audit`. */
export type ListAuditOptions = {
  /** Milliseconds. */
  readonly since?: number;
  readonly subject?: string;
  readonly actor?: string;
  readonly call?: string;
  readonly limit: number;
  readonly watch: boolean;
  readonly verify: boolean;
};

/** listAudit prints the audit log, oldest first; with --watch also new entries; with --verify checks it instead. */
export async function listAudit(context: CommandContext, options: ListAuditOptions): Promise<void> {
  const { client, output } = context;
  const { since, subject = '', actor = '', call = '', limit, watch, verify } = options;
  if (verify) {
    if (watch) throw new XnetError('InvalidArgument', '--verify and --watch exclude each other');
    return verifyAudit(context);
  }
  const request = { subject, actor, call, limit, sinceMs: since === undefined ? 0 : Date.now() - since };
  if (watch) return watchAudit(context, request);
  const { entries } = await client.read((admin) => admin.listAudit.bind(admin), request);
  await output.list(auditKind, entries.map(auditFromWire));
  await tellOthers(context);
}

// Each controller has its own log, and only one was read. The requested entries are already printed, so a failure here
// is not an error of the command.
async function tellOthers({ client, output }: CommandContext): Promise<void> {
  const status = await client
    .read((admin) => admin.getStatus.bind(admin), {})
    .catch((error: unknown) => {
      if (error instanceof XnetError) return undefined;
      throw error;
    });
  if (status === undefined) return;
  const { controller, controllers } = status;
  const others = controllers.filter(({ id }) => id !== controller);
  if (others.length === 0) return;
  const where = others.map(({ id, addresses }) => `${escaped(id)} (${escaped(addresses.join(', '))})`);
  output.message(`note: this is the log of ${escaped(controller)}; others have their own: ${where.join(', ')}`);
}

type AuditRequest = {
  readonly subject: string;
  readonly actor: string;
  readonly call: string;
  readonly limit: number;
  readonly sinceMs: number;
};

const askEveryMs = 2_000;
const longestLimit = 10_000;

// There is no stream of entries: poll, and print those newer than the last one seen of each controller.
async function watchAudit({ client, output }: CommandContext, request: AuditRequest): Promise<void> {
  const last = new Map<string, number>();
  let asking = request;
  for (;;) {
    try {
      const { entries } = await client.read((admin) => admin.listAudit.bind(admin), asking);
      for (const entry of entries.map(auditFromWire)) {
        if (entry.sequence <= (last.get(entry.controller) ?? 0)) continue;
        last.set(entry.controller, entry.sequence);
        const text = (look: TableLook) => entryLine(entry, look);
        const separator = output.options.format === 'yaml' ? '---\n' : '';
        output.write(`${separator}${await output.shownText({ value: entry, name: String(entry.sequence), text })}`);
      }
      const newest = entries.at(-1);
      if (newest !== undefined) asking = { ...request, limit: longestLimit, sinceMs: newest.timeMs };
    } catch (error) {
      if (last.size === 0 || !(error instanceof XnetError) || error.code !== 'Unavailable') throw error;
    }
    await pause(askEveryMs);
  }
}

function entryLine(entry: AuditOutput, look: TableLook): string[] {
  const columns = auditKind.columns.filter(({ wide }) => wide !== true);
  return tableOf(columns, [entry], { ...look, width: undefined }, { headless: true });
}

async function verifyAudit(context: CommandContext): Promise<void> {
  const { client, output } = context;
  const verification = verificationFromWire(await client.read((admin) => admin.verifyAudit.bind(admin), {}));
  const { ok, entries, firstSequence, lastSequence, lastHash, problems } = verification;
  await output.show({
    value: { verification },
    name: lastHash ?? '-',
    text: ({ colors }) => {
      if (!ok) return problems.map((problem) => `${colors.bad('!')} ${escaped(problem)}`);
      if (entries === 0) return ['the audit log is empty'];
      return [
        `${colors.good('intact')}: ${entries} entries, ${firstSequence} to ${lastSequence}`,
        `hash of the last entry, to keep on another machine: ${lastHash}`,
      ];
    },
  });
  if (!ok) process.exitCode = exitCodes.problemsFound;
  await tellOthers(context);
}
