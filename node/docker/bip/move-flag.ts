// Moves a --bip of dockerd's unit into daemon.json, and back: the unit gets a drop-in whose command line lacks the flag.
// Invariant: Docker is not restarted for it. The next start has the same bip, by the key instead of the flag, and never by
// both. daemon.json and the drop-in are in the journal before they are written; a move that can't be completed is undone.
import { readFile, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, messageOf } from '../../../proto/errors.js';
import { discardTemporary, removeOwnFile, writeOwnFile } from '../../../proto/process/atomic-file.js';
import { makeFolder } from '../../../proto/process/folder.js';
import type { Finding } from '../../reconcile/effect.js';
import { formatBip, parseBip } from '../engine/bip-value.js';
import { argvWithoutBip, dropInText, execStartOf, withoutBip } from '../engine/exec-start.js';
import { type DockerdUnit, dockerdUnit, flagsOf } from '../engine/flags.js';
import { type Journal, writeJournal } from '../engine/journal.js';
import type { Dockerd } from '../engine/preflight.js';
import { blocked, blockedBy, type DockerHost } from '../engine/settings.js';
import { askDockerd } from '../engine/validation.js';
import { setBip } from './daemon-json.js';
import { readDaemonJson, writeDaemonJson } from './daemon-json-file.js';
import { daemonJsonFinding } from './findings.js';
import { bipFlagFinding } from './flag-finding.js';
import { contentHash } from './plan.js';

// After the drop-ins of packages and of administrators.
const dropInName = 'zz-xnet-bip.conf';
const systemFolder = '/etc/systemd/system';

/** FlagSeen holds the facts that decide whether a flag is moved. */
export type FlagSeen = {
  readonly journal: Journal;
  readonly dockerd: Dockerd;
  readonly major: number;
  /** Path of daemon.json. */
  readonly path: string;
};

/** moveFlag moves the flag. It returns why it can't, or undefined. */
export async function moveFlag(host: DockerHost, seen: FlagSeen, signal: AbortSignal): Promise<Finding | undefined> {
  const { journal, dockerd, path } = seen;
  const { unit: unitName, restartCommand, stateFolder } = host.settings;
  const second = await host.secondHost?.(signal);
  if (second !== undefined) return second;
  const unit = restartCommand === undefined ? await dockerdUnit(host.exec, unitName, signal) : undefined;
  const flag = flagsOf(unit?.argv ?? []).get('bip');
  const bip = parseBip(flag);
  const start = unit === undefined ? undefined : execStartOf(await filesOf(unit, journal));
  const command = start === undefined ? undefined : withoutBip(start.command);
  if (unit === undefined || flag === undefined || bip === undefined || command === undefined) {
    // The flag comes from the command line of a process, or from a variable whose file sets other things as well.
    return bipFlagFinding(flag ?? dockerd.flags.get('bip') ?? '', await dockerd.where('bip'), false);
  }
  const file = await readDaemonJson(path);
  const { ours } = journal;
  const isBegun = ours !== undefined && journal.dropIn !== undefined && contentHash(file.bytes) === ours.wrote;
  if (ours !== undefined && journal.dropIn === undefined)
    return bipFlagFinding(flag, await dockerd.where('bip'), false);
  const without = isBegun ? ours.without : file.bytes;
  const edit = setBip(without, bip, undefined);
  if ('refused' in edit) return daemonJsonFinding(edit, path);
  const next = { program: dockerd.program, argv: argvWithoutBip(unit.argv), major: seen.major };
  const refused = await askDockerd(host.exec, next, edit.bytes, stateFolder);
  if (refused !== undefined) {
    const message = `Docker would not start with bip ${formatBip(bip)} in daemon.json instead of the flag: ${refused}`;
    return blocked('DaemonJsonInvalid', message, `correct ${path}, so that dockerd accepts it`);
  }
  const dropIn = { path: join(systemFolder, `${unit.name}.d`, dropInName), text: dropInText(command) };
  const wrote = contentHash(edit.bytes);
  await writeJournal(stateFolder, { ...journal, dropIn, ours: { path, bip, wrote, without, former: bip } });
  await host.steps.reached('flag-journaled');
  try {
    await makeFolder(dirname(dropIn.path), 0o755);
    await writeOwnFile(dropIn.path, Buffer.from(dropIn.text), 0o644);
    await host.steps.reached('drop-in-written');
    // The flag is removed first: with neither, Docker keeps docker0's address; with both, it does not start.
    await reload(host);
    const after = await dockerdUnit(host.exec, unitName, signal);
    if (after === undefined || flagsOf(after.argv).has('bip')) throw new Error(`${unitName} still has the flag --bip`);
    await host.steps.reached('flag-taken-out');
    await writeDaemonJson(host, file, edit.bytes);
  } catch (error) {
    const undone = await undo(host, { ...journal, dropIn, ours: undefined }, { path, without });
    return undone ?? blockedBy('FlagNotMoved', error, `remove --bip from ${start?.path} and restart Docker`);
  }
  host.log?.info({ bip: formatBip(bip), dropIn: dropIn.path, path }, "dockerd's --bip is moved to daemon.json");
  return undefined;
}

// The files without our own drop-in, which a former xnetd may have written.
async function filesOf({ files }: DockerdUnit, { dropIn }: Journal) {
  const own = files.filter((path) => path !== dropIn?.path && /\.(service|conf)$/.test(path));
  return Promise.all(own.map(async (path) => ({ path, text: await readFile(path, 'utf8').catch(() => '') })));
}

async function undo(
  host: DockerHost,
  journal: Journal,
  { path, without }: { readonly path: string; readonly without: Buffer | undefined },
): Promise<Finding | undefined> {
  try {
    await writeDaemonJson(host, await readDaemonJson(path), without);
  } catch (error) {
    return blockedBy('FlagNotMoved', error, `make ${path} writable; xnetd then goes on`);
  }
  return putFlagBack(host, journal);
}

/**
 * putFlagBack removes the drop-in, so that dockerd has its flag again from its next start on. daemon.json must not have the
 * key any more. It returns why it can't, or undefined.
 */
export async function putFlagBack(host: DockerHost, journal: Journal): Promise<Finding | undefined> {
  const { dropIn } = journal;
  if (dropIn === undefined) return undefined;
  try {
    const present = await readFile(dropIn.path, 'utf8').catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (present !== undefined && present !== dropIn.text) {
      const message = `${dropIn.path}, which takes the flag --bip from dockerd, was changed by another program`;
      return blocked('DropInEdited', message, `remove it, then run: systemctl daemon-reload`);
    }
    // If there is no drop-in, a folder that can't be written is no obstacle.
    if (present !== undefined) await removeOwnFile(dropIn.path);
    else await discardTemporary(dropIn.path);
    await rmdir(dirname(dropIn.path)).catch(() => undefined);
    await reload(host);
    await writeJournal(host.settings.stateFolder, { ...journal, dropIn: undefined });
    return undefined;
  } catch (error) {
    const message = `${dropIn.path}, which takes the flag --bip from dockerd, can't be removed: ${messageOf(error)}`;
    return blocked('FlagNotPutBack', message, `remove it, then run: systemctl daemon-reload`);
  }
}

async function reload({ exec }: DockerHost): Promise<void> {
  const { code, stderr } = await exec(['systemctl', 'daemon-reload']);
  if (code !== 0) throw new Error(`systemctl daemon-reload: ${stderr.trim() || `exit code ${code}`}`);
}
