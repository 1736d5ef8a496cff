// What a controller keeps on its machine: its folder, and in it the etcd that it runs itself.
// Invariant: both have the same place whether the controller is one process or several.
import { messageOf, XnetError } from '../proto/errors.js';
import { makeFolder } from '../proto/process/folder.js';
import type { Logger } from '../proto/process/log.js';
import type { ControllerSettings } from './settings.js';
import { type EmbeddedEtcd, startEmbeddedEtcd } from './store/embedded-etcd.js';

/**
 * makeDataDir makes a controller's folder, "/var/lib/xnet-controller", accessible to its user alone.
 * @throws XnetError FailedPrecondition when that fails
 */
export async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await makeFolder(dataDir, 0o700);
  } catch (error) {
    throw new XnetError('FailedPrecondition', `can't make the folder ${dataDir}: ${messageOf(error)}`, {
      hint: 'choose another with --data-dir',
      cause: error,
    });
  }
}

/**
 * startOwnEtcd starts the etcd of a controller; undefined: the settings name another one.
 * @throws XnetError when it can't start
 */
export async function startOwnEtcd(
  { dataDir, etcdEndpoints }: Pick<ControllerSettings, 'dataDir' | 'etcdEndpoints'>,
  log: Logger,
  signal: AbortSignal,
): Promise<EmbeddedEtcd | undefined> {
  if (etcdEndpoints !== undefined) return undefined;
  const folders = { dataDir: `${dataDir}/etcd`, socketDir: `${dataDir}/etcd.run` };
  return startEmbeddedEtcd({ ...folders, log: log.child({ part: 'etcd' }) }, signal);
}
