// `xctl backup restore` and `adopt`: writes a backup to the store through a controller, and ends the adoption of its
// nodes.
import { createHash, randomUUID } from 'node:crypto';
import { counted, escaped } from '../../proto/domain/text.js';
import { exitCodes, XnetError } from '../../proto/errors.js';
import type { GetAdoptionResponse__Output } from '../../proto/gen/xnet/v1/GetAdoptionResponse.js';
import { pause } from '../../proto/process/backoff.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { ProgressLine } from '../output/screen.js';
import { formatDuration } from '../output/time.js';
import { backupLines, type OpenedBackup, openBackup, requireSocket } from './backup.js';

/** RestoreOptions are the options of `backup restore`. */
export type RestoreOptions = {
  readonly passphraseFile?: string;
  readonly adopt: boolean;
  readonly force: boolean;
  readonly confirm?: string;
  readonly dryRun: boolean;
};

type Record = { readonly key: string; readonly value: string };

// A restore leaves them out: controllers rewrite the cluster's record and register themselves, and a token may have
// been used since.
const leftOut = /^(cluster|adoption|registrations\/.*|tokens\/.*)$/;

function digestOf(records: readonly Record[]): Buffer {
  const digest = createHash('sha256');
  const sorted = [...records].sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { key, value } of sorted) digest.update(`${key}\0${value}\0`);
  return digest.digest();
}

/** restoreBackup replaces the content of the store by a backup. */
export async function restoreBackup(context: CommandContext, options: RestoreOptions, path: string): Promise<void> {
  const { client, output, settings } = context;
  requireSocket(context, 'a backup is restored');
  const opened = await openBackup(context, options, path);
  const { head, summary } = opened;
  const begin = beginningOf(opened, options.force);
  const call = (request: typeof begin & { readonly dryRun: boolean }) =>
    client.change((admin) => admin.beginRestore.bind(admin), request);
  const looked = await call({ ...begin, dryRun: true });
  if (looked.unchanged || options.dryRun) {
    const said = looked.unchanged ? 'unchanged: this backup was restored already' : 'would restore this backup';
    await output.show({
      value: { restore: { ...head, ...summary, unchanged: looked.unchanged, dryRun: options.dryRun } },
      name: head.id,
      text: (look) => [
        ...backupLines(opened, look),
        `${said}; the store has ${counted(looked.nodes, 'node', 'nodes')}`,
      ],
    });
    if (looked.unchanged && options.adopt && !options.dryRun) await adoptNodes(context, { ...options, wait: true });
    return;
  }
  const question = {
    what: `replace the content of the store (${counted(looked.nodes, 'node', 'nodes')}) by the backup of ${head.made} (${counted(summary.nodes, 'node', 'nodes')})`,
    name: head.cluster,
    byBeginning: true,
    severe: options.force,
    given: options.confirm,
  };
  if (!(await confirmed(context, question))) return;
  await call({ ...begin, dryRun: false });
  const line = new ProgressLine(settings.quiet ? { write: () => undefined } : process.stderr);
  try {
    const { epoch, nodes } = await writeAll(context, opened, begin.restoreId, (text) => line.set(text));
    line.end();
    await output.show({
      value: { restore: { ...head, ...summary, epoch, nodes, unchanged: false, dryRun: false } },
      name: head.id,
      text: () => [
        `restored the backup of ${escaped(head.made)}: ${counted(nodes, 'node', 'nodes')}, epoch ${epoch}`,
        'join tokens were not restored; revocations after the backup have to be made again',
        ...(options.adopt ? [] : ['nothing is allocated until its nodes are back: xctl backup adopt']),
      ],
    });
  } finally {
    line.end();
  }
  if (options.adopt) await adoptNodes(context, { wait: true, force: false, dryRun: false });
}

function beginningOf({ head, clusterKey }: OpenedBackup, force: boolean) {
  return {
    restoreId: randomUUID(),
    force,
    clusterKey: clusterKey ?? Buffer.alloc(0),
    backup: {
      id: head.id,
      clusterId: head.cluster,
      epoch: head.epoch,
      revision: head.revision,
      storeId: head.store,
      madeMs: Date.parse(head.made),
      clusterKey: head.clusterKey ?? '',
    },
  };
}

async function writeAll(
  { client }: CommandContext,
  { contents }: OpenedBackup,
  restoreId: string,
  onProgress: (text: string) => void,
): Promise<{ readonly epoch: number; readonly nodes: number }> {
  const parts = contents.map(({ records }) => records.filter(({ key }) => !leftOut.test(key)));
  const all = parts.flat();
  let done = 0;
  for (const part of parts.filter(({ length }) => length > 0)) {
    const records = part.map(({ key, value }) => ({ key, value: Buffer.from(value, 'utf8') }));
    await client.change((admin) => admin.writeRestore.bind(admin), { restoreId, records });
    done += part.length;
    onProgress(`${done} of ${all.length} records`);
  }
  const request = { restoreId, records: all.length, digest: digestOf(all) };
  return client.change((admin) => admin.finishRestore.bind(admin), request);
}

/** AdoptOptions are the options of `backup adopt`. */
export type AdoptOptions = { readonly wait: boolean; readonly force: boolean; readonly dryRun: boolean };

const waitMs = 600_000;
const askEveryMs = 500;

function openPoints({ awaited, contradictions, missing }: GetAdoptionResponse__Output): number {
  return awaited.length + contradictions.length + missing;
}

function progressText({ nodes, awaited, adopted, contradictions, missing }: GetAdoptionResponse__Output): string {
  return (
    `${nodes - awaited.length} of ${nodes} nodes are back, ${counted(adopted.length, 'was', 'were')} added back` +
    (missing === 0 ? '' : `, at least ${missing} more are missing`) +
    (contradictions.length === 0 ? '' : `, ${contradictions.length} contradict the backup`)
  );
}

// Waits until every node of the backup has connected, or the time is over.
async function settled({ client, settings }: CommandContext, wait: boolean): Promise<GetAdoptionResponse__Output> {
  const deadline = performance.now() + (settings.timeoutMs ?? waitMs);
  const line = new ProgressLine(settings.quiet || !wait ? { write: () => undefined } : process.stderr);
  try {
    for (;;) {
      const adoption = await client.read((admin) => admin.getAdoption.bind(admin), {});
      if (!adoption.adopting || !wait || openPoints(adoption) === 0) return adoption;
      line.set(progressText(adoption));
      if (performance.now() > deadline) {
        throw new XnetError('DeadlineExceeded', `not done within ${formatDuration(settings.timeoutMs ?? waitMs)}`, {
          problems: linesOf(adoption),
          hint: 'start these hosts or remove their nodes, then: xctl backup adopt',
        });
      }
      await pause(askEveryMs);
    }
  } finally {
    line.end();
  }
}

function linesOf({ awaited, contradictions, missing }: GetAdoptionResponse__Output): string[] {
  return [
    ...awaited.map((name) => `${name} has not connected since the restore`),
    ...contradictions,
    ...(missing === 0 ? [] : [`hosts route to ${counted(missing, 'subnet', 'subnets')} that no node has claimed yet`]),
  ].map(escaped);
}

/** adoptNodes ends the adoption of a restored backup's nodes; with --wait it waits for them. */
export async function adoptNodes(context: CommandContext, options: AdoptOptions): Promise<void> {
  const { client, output } = context;
  const { wait, force, dryRun } = options;
  const adoption = await settled(context, wait);
  const { nodes, awaited, adopted, contradictions, missing } = adoption;
  const incomplete = openPoints(adoption) > 0 && !force;
  const { unchanged } =
    dryRun || incomplete
      ? { unchanged: !adoption.adopting }
      : await client.change((admin) => admin.finishAdoption.bind(admin), { dryRun, force });
  await output.show({
    value: {
      adoption: { nodes, awaited, adopted, contradictions, missing, dryRun, unchanged, ended: !dryRun && !incomplete },
    },
    name: 'adoption',
    text: ({ colors }) => {
      if (!adoption.adopting) return ['unchanged: no nodes are being adopted'];
      return [
        progressText(adoption),
        ...(adopted.length === 0 ? [] : [`added back: ${adopted.map(escaped).join(', ')}`]),
        ...linesOf(adoption).map((text) => `${colors.bad('!')} ${text}`),
        ...(dryRun || incomplete ? [] : ['the adoption has ended: subnets are allocated again']),
      ];
    },
  });
  if (!incomplete || !adoption.adopting) return;
  process.exitCode = exitCodes.problemsFound;
  output.message(
    awaited.length + missing > 0
      ? 'start these hosts, remove those that are gone for good (xctl nodes remove NAME --force), or: --force'
      : 'every host is back; to keep the state of the store: xctl backup adopt --force, then xctl nodes show NAME',
  );
}
