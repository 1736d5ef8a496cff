// Keeps the daemon's settings for other commands on the same host: `xnetd leave` restarts Docker as the daemon would, even
// if the daemon got that setting on its command line and does not run now.
// Invariant: these settings are defaults only; the command line, the environment and the settings file override them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import { removeOwnFile, writeOwnFile } from '../../proto/process/atomic-file.js';

/** DaemonSettings are settings by attribute name, as written and not yet validated. */
export type DaemonSettings = Readonly<Record<string, string | number | readonly string[]>>;

const schema = v.record(v.string(), v.union([v.string(), v.number(), v.array(v.string())]));

function settingsPath(stateDir: string): string {
  return join(stateDir, 'daemon-settings.json');
}

/** writeDaemonSettings saves the daemon's settings. Throws XnetError FailedPrecondition when they can't be written. */
export async function writeDaemonSettings(stateDir: string, settings: DaemonSettings): Promise<void> {
  await writeOwnFile(settingsPath(stateDir), Buffer.from(`${JSON.stringify(settings, null, 1)}\n`));
}

/**
 * readDaemonSettings returns the settings of the daemon that ran last; none if no daemon has run.
 * @throws XnetError Corrupt when they can't be read
 */
export function readDaemonSettings(stateDir: string): DaemonSettings {
  const path = settingsPath(stateDir);
  try {
    return v.parse(schema, JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    // A user without access to the folder gets the error of the operation that needs it.
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EACCES') return {};
    throw new XnetError('Corrupt', `${path} is not a valid file of settings: ${messageOf(error)}`, {
      hint: 'remove it, and give this command the options of xnetd run: see --help',
      cause: error,
    });
  }
}

/** removeDaemonSettings removes the saved settings. Throws XnetError FailedPrecondition when they can't be removed. */
export function removeDaemonSettings(stateDir: string): Promise<void> {
  return removeOwnFile(settingsPath(stateDir));
}
