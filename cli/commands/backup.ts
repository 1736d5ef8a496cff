// `xctl backup save` and `verify`: the store in one file, sealed with a passphrase.

import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { escaped } from '../../proto/domain/text.js';
import { errnoOf, exitCodes, XnetError } from '../../proto/errors.js';
import type { BackupHeader__Output } from '../../proto/gen/xnet/v1/BackupHeader.js';
import type { BackupPart__Output } from '../../proto/gen/xnet/v1/BackupPart.js';
import { fileError, writeAtomically } from '../../proto/process/atomic-file.js';
import { formatFields } from '../../proto/process/table.js';
import { version } from '../../proto/process/version.js';
import { type BackupSummary, checkRecords } from '../backup/check.js';
import { type BackupContent, type BackupFile, type BackupHead, readBackup, sealedFile } from '../backup/sealed-file.js';
import type { CommandContext } from '../client/context.js';
import { readPassphrase } from '../client/passphrase.js';
import type { TableLook } from '../output/columns.js';
import { ProgressLine } from '../output/screen.js';

/** SaveOptions are the options of `backup save`. */
export type SaveOptions = {
  readonly passphraseFile?: string;
  readonly withoutKey: boolean;
  readonly force: boolean;
};

/** VerifyOptions are the options of `backup verify`. */
export type VerifyOptions = { readonly passphraseFile?: string };

const longestMs = 600_000;

function refuseExisting(path: string): XnetError {
  return new XnetError('AlreadyExists', `${path} already exists`, {
    hint: 'name another file, or replace it: --force',
  });
}

/**
 * requireSocket checks that the controller to call is one of this machine.
 * @param what is done there alone: "the cluster key is sent"
 * @throws XnetError PermissionDenied
 */
export function requireSocket({ settings }: CommandContext, what: string, otherwise = ''): void {
  if (settings.controllers.every(({ kind }) => kind === 'unix')) return;
  throw new XnetError('PermissionDenied', `${what} only on the unix socket of a controller`, {
    hint: `run it as root on the machine of a controller${otherwise}`,
  });
}

/** saveBackup saves the store and, on a controller's machine, the cluster key. */
export async function saveBackup(context: CommandContext, options: SaveOptions, path: string): Promise<void> {
  const { client, output, settings } = context;
  const { force, withoutKey } = options;
  if (!withoutKey) requireSocket(context, 'the cluster key is sent', ', or leave it out: --without-key');
  if (!force && existsSync(path)) throw refuseExisting(path);
  const passphrase = await readPassphrase(settings, { file: options.passphraseFile, isNew: true });
  const key = withoutKey ? undefined : await client.read((admin) => admin.readClusterKey.bind(admin), {});
  const signal = AbortSignal.timeout(settings.timeoutMs ?? longestMs);
  const parts = client.follow((admin) => admin.saveBackup({}), { endsByItself: true }, signal);
  const first = await parts.next();
  const header = first.done === true ? null : first.value.header;
  if (header === null) throw new XnetError('Internal', 'incomplete response from the controller');
  requireSameKey(header, key?.name);
  const head = headFrom(header, key !== undefined);
  const line = new ProgressLine(settings.quiet ? { write: () => undefined } : process.stderr);
  const counted = { records: 0 };
  const contents = contentsFrom(parts, key?.clusterKey, (records) => {
    counted.records = records;
    line.set(`${records} records`);
  });
  try {
    await writeFile(path, sealedFile(head, contents, passphrase), force);
  } finally {
    line.end();
  }
  if (signal.aborted) throw new XnetError('DeadlineExceeded', 'the store was not read in time');
  await output.show({
    value: { backup: { file: path, ...head, records: counted.records } },
    name: path,
    text: (look) => [
      `saved ${counted.records} records at revision ${head.revision} to ${path}`,
      ...(key === undefined ? ['without the cluster key: keep cluster.key of a controller apart from it'] : []),
      ...problemLines(head.problems, look),
      `to check it: xctl backup verify ${path}`,
    ],
  });
  if (head.problems.length > 0) process.exitCode = exitCodes.problemsFound;
}

function requireSameKey({ clusterKey }: BackupHeader__Output, name: string | undefined): void {
  if (name === undefined || clusterKey === '' || name === clusterKey) return;
  throw new XnetError(
    'FailedPrecondition',
    `the controller has cluster key ${name}, the authority is sealed with ${clusterKey}`,
    { hint: 'save the backup at a controller that has the right one' },
  );
}

function headFrom(header: BackupHeader__Output, hasClusterKey: boolean): BackupHead {
  return {
    id: header.id,
    cluster: header.clusterId,
    epoch: header.epoch,
    revision: header.revision,
    store: header.storeId,
    made: new Date(header.madeMs).toISOString(),
    controller: `${header.controller} (${header.version}), by xctl ${version}`,
    clusterKey: header.clusterKey === '' ? null : header.clusterKey,
    hasClusterKey,
    problems: header.problems,
  };
}

// The controller may fail half way: the stream of another one would start from the beginning.
async function* contentsFrom(
  parts: AsyncIterable<BackupPart__Output>,
  key: Buffer | undefined,
  onRecords: (count: number) => void,
): AsyncGenerator<BackupContent, void, undefined> {
  let count = 0;
  for await (const { records, end } of parts) {
    if (records !== null) {
      const some = records.records.map((record) => ({ key: record.key, value: record.value.toString('utf8') }));
      count += some.length;
      onRecords(count);
      yield { records: some };
    } else if (end !== null && end.records === count) {
      yield {
        records: [],
        end: { records: count, ...(key === undefined ? {} : { clusterKey: key.toString('base64') }) },
      };
      return;
    } else break;
  }
  throw new XnetError('Unavailable', 'the controller was lost half way: nothing was saved', {
    hint: 'rerun the command',
  });
}

async function writeFile(path: string, content: AsyncIterable<Uint8Array>, force: boolean): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.xnet-new`);
  // Also when Ctrl-C ends the process.
  const remove = () => rmSync(temporary, { force: true });
  process.once('exit', remove);
  try {
    await writeAtomically(path, content, { temporary, place: force ? 'replace' : 'create' });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw refuseExisting(path);
    throw fileError(`can't write ${path}`, error);
  } finally {
    process.removeListener('exit', remove);
  }
}

/** OpenedBackup is a backup file that was opened and checked. */
export type OpenedBackup = {
  readonly head: BackupHead;
  readonly contents: readonly BackupContent[];
  readonly summary: BackupSummary;
  /** The content of the cluster key's file; undefined: the backup has none. */
  readonly clusterKey: Buffer | undefined;
};

/**
 * openBackup reads, opens and checks a backup file. It calls no controller.
 * @throws XnetError NotFound, InvalidArgument, Corrupt, PermissionDenied
 */
export async function openBackup(
  { settings }: CommandContext,
  { passphraseFile }: VerifyOptions,
  path: string,
): Promise<OpenedBackup> {
  const file = await readFileOf(path);
  const contents = await file.open(await readPassphrase(settings, { file: passphraseFile, isNew: false }));
  const checked = checkRecords(contents.flatMap(({ records }) => records));
  const problems = [...new Set([...checked.problems, ...file.head.problems])];
  const key = contents.at(-1)?.end?.clusterKey;
  return {
    head: file.head,
    contents,
    summary: { ...checked, problems },
    clusterKey: key === undefined ? undefined : Buffer.from(key, 'base64'),
  };
}

async function readFileOf(path: string): Promise<BackupFile> {
  try {
    return readBackup(await readFile(path), path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw new XnetError('NotFound', `${path} does not exist`);
    throw fileError(`can't read ${path}`, error);
  }
}

/** backupLines describes a backup for people. */
export function backupLines({ head, summary, clusterKey }: OpenedBackup, look: TableLook): string[] {
  const { pools, nodes, leases, certificates } = summary;
  const authority = head.clusterKey === null ? 'none' : `sealed with cluster key ${escaped(head.clusterKey)}`;
  return [
    ...formatFields([
      ['Cluster', escaped(head.cluster)],
      ['Made', `${escaped(head.made)}, revision ${head.revision}, epoch ${head.epoch}`],
      ['By', escaped(head.controller)],
      ['Records', `${summary.records}: ${pools} pools, ${nodes} nodes, ${leases} leases, ${certificates} certificates`],
      ['Authority', authority],
      ['Cluster key', clusterKey === undefined ? 'not in this file: cluster.key is needed as well' : 'in this file'],
    ]),
    ...problemLines(summary.problems, look),
  ];
}

function problemLines(problems: readonly string[], { colors }: TableLook): string[] {
  return problems.map((problem) => `${colors.bad('!')} ${escaped(problem)}`);
}

/** verifyBackup checks a backup file and prints what it contains. It calls no controller. */
export async function verifyBackup(context: CommandContext, options: VerifyOptions, path: string): Promise<void> {
  const opened = await openBackup(context, options, path);
  const { head, summary, clusterKey } = opened;
  await context.output.show({
    value: { backup: { file: path, ...head, ...summary, hasClusterKey: clusterKey !== undefined } },
    name: head.id,
    text: (look) => {
      const whole = summary.problems.length === 0 ? [`${look.colors.good('intact')}: it can be restored`] : [];
      return [...backupLines(opened, look), ...whole];
    },
  });
  if (summary.problems.length > 0) process.exitCode = exitCodes.problemsFound;
}
