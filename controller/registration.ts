// The id of a controller in the store, the same after every start.
// Invariant: it is generated once for each data directory and never changes.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, messageOf, XnetError } from '../proto/errors.js';
import { writeOwnFile } from '../proto/process/atomic-file.js';
import { type ControllerSettings, controllerName } from './settings.js';

const pattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$/;

/**
 * registrationOf returns the id of the controller of a data directory: "controller-1-7ebf". It creates one if there is
 * none.
 * @throws XnetError Corrupt when the file can't be read or has other content, FailedPrecondition when it can't be
 * created
 */
export async function registrationOf(settings: Pick<ControllerSettings, 'dataDir' | 'name'>): Promise<string> {
  const path = join(settings.dataDir, 'registration');
  try {
    const found = (await readFile(path, 'utf8')).trim();
    if (pattern.test(found)) return found;
    // A crash during creation leaves the file empty.
    if (found !== '') {
      throw new XnetError('Corrupt', `${path} does not hold what this controller wrote`, {
        hint: 'remove that file: the controller gets another id, and the old one is removed with xctl controllers remove',
      });
    }
  } catch (error) {
    if (error instanceof XnetError) throw error;
    if (errnoOf(error) !== 'ENOENT') throw new XnetError('Corrupt', `can't read ${path}: ${messageOf(error)}`);
  }
  const made = `${controllerName(settings)}-${randomBytes(2).toString('hex')}`;
  await writeOwnFile(path, Buffer.from(`${made}\n`));
  return made;
}
