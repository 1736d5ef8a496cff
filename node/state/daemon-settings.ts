// What the daemon was told, for commands on the same host: `xnetd leave` restarts Docker in the daemon's way, also where
// that stands on the daemon's command line alone, and the daemon does not run.
// Invariant: it only stands in for what nobody says now; the command line, the environment and the settings file go before.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import { removeOwnFile, writeOwnFile } from '../../proto/process/atomic-file.js';

/** DaemonSettings are settings by their attribute names, as they were written: not checked yet. */
export type DaemonSettings = Readonly<Record<string, string | number | readonly string[]>>;

const schema = v.record(v.string(), v.union([v.string(), v.number(), v.array(v.string())]));

function settingsPath(stateDir: string): string {
  return join(stateDir, 'daemon-settings.json');
}

/** writeDaemonSettings keeps what the daemon was told. Throws XnetError FailedPrecondition when it can't be written. */
export async function writeDaemonSettings(stateDir: string, settings: DaemonSettings): Promise<void> {
  await writeOwnFile(settingsPath(stateDir), Buffer.from(`${JSON.stringify(settings, null, 1)}\n`));
}

/**
 * readDaemonSettings is what the daemon was told that ran last; nothing where none has run.
 * @throws XnetError Corrupt when it can't be read
 */
export function readDaemonSettings(stateDir: string): DaemonSettings {
  const path = settingsPath(stateDir);
  try {
    return v.parse(schema, JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    // Whoever may not look into the folder will be told so by what needs it.
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EACCES') return {};
    throw new XnetError('Corrupt', `${path} does not hold what xnetd wrote: ${messageOf(error)}`, {
      hint: 'remove it, and tell this command what xnetd run is told: see --help',
      cause: error,
    });
  }
}

/** removeDaemonSettings forgets it. Throws XnetError FailedPrecondition when it can't be removed. */
export function removeDaemonSettings(stateDir: string): Promise<void> {
  return removeOwnFile(settingsPath(stateDir));
}
