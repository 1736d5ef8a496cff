// Restarts the dockerd of one host of the lab, as `systemctl restart docker` does on a host with systemd.
// usage: node restart-dockerd.js FOLDER, the host's folder below /run/xnet-lab; works inside the host and outside.
// Exit code 0 if its API answers; 1 if it does not start, with its last lines on standard error.
import { messageOf, XnetError } from '../../proto/errors.js';
import { restartDockerd } from './dockerd.js';

try {
  const [, , folder] = process.argv;
  if (folder === undefined) throw new XnetError('InvalidArgument', 'usage: node restart-dockerd.js FOLDER');
  await restartDockerd(folder);
} catch (error) {
  const details = error instanceof XnetError ? error.problems : [];
  process.stderr.write(`${[messageOf(error), ...details].join('\n')}\n`);
  process.exitCode = 1;
}
