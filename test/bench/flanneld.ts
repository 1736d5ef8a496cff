// The executable of flannel that `npm run bench -- --flannel PATH` is given. Debian has none.
import { XnetError } from '../../proto/errors.js';
import { exec } from '../../proto/process/exec.js';

/** Flanneld is an executable that runs on this machine. */
export type Flanneld = {
  readonly path: string;
  /** As it prints it: "v0.28.9". */
  readonly version: string;
};

/** noFlanneld is what a row says if none was given. */
export const noFlanneld = 'flannel not measured: no flanneld was given with --flannel PATH (CONTRIBUTING.md)';

/**
 * flanneldAt asks an executable for its version.
 * @throws XnetError InvalidArgument unless it answers as flanneld does
 */
export async function flanneldAt(path: string): Promise<Flanneld> {
  // It prints the version on standard error.
  const { code, stdout, stderr } = await exec([path, '--version']);
  const version = `${stdout}${stderr}`.trim();
  if (code === 0 && /^v?\d\S*$/.test(version)) return { path, version };
  throw new XnetError('InvalidArgument', `${path} is no flanneld: exit code ${code}: ${version.split('\n')[0]}`);
}
