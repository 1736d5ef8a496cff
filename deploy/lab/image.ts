// The only image of the lab: a static busybox, and a web server that returns its client's address. Nothing is pulled.
import { execFile } from 'node:child_process';
import { closeSync, cpSync, existsSync, mkdirSync, openSync, readSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { XnetError } from '../../proto/errors.js';
import { labMark, repositoryRoot, systemPath } from './paths.js';
import { recordFolder } from './record.js';

const execFileAsync = promisify(execFile);

/** imageName is the name of the image in every dockerd of the lab. */
export const imageName = 'xnet-lab:1';

// A CGI program that prints the address from which it sees its client, and the name of the server.
const sourceScript = `#!/bin/sh
echo 'Content-Type: text/plain'
echo
echo "$REMOTE_ADDR $(hostname)"
`;

// One web server on port 80 and one on 81, so that one can be published and the other not. As process 1 the script has no
// default action for SIGTERM: without the trap every stop would take Docker's 10 s.
const serveScript = `#!/bin/sh
trap 'exit 0' TERM INT
httpd -p 81 -h /www
httpd -f -p 80 -h /www &
wait
`;

/** importChanges holds options of `docker import` that make the image run its web servers. */
export const importChanges: readonly string[] = ['--change', 'CMD ["/serve"]', '--change', 'EXPOSE 80 81'];

/**
 * staticBusybox finds a busybox that needs no libraries. setup.sh puts one into the cache if the system's is dynamic.
 * @throws XnetError FailedPrecondition if there is none
 */
export function staticBusybox(): string {
  const candidates = [join(repositoryRoot(), '.cache/busybox/bin/busybox'), '/usr/bin/busybox', '/bin/busybox'];
  const found = candidates.find((path) => existsSync(path) && isStatic(path));
  if (found !== undefined) return found;
  throw new XnetError('FailedPrecondition', 'there is no statically linked busybox on this machine', {
    hint: 'run: sudo sh deploy/setup.sh',
  });
}

// A dynamically linked program names its loader in the first page (elf(5), PT_INTERP).
function isStatic(path: string): boolean {
  const page = Buffer.alloc(4096);
  const file = openSync(path, 'r');
  try {
    readSync(file, page, 0, page.length, 0);
  } finally {
    closeSync(file);
  }
  return page.subarray(0, 4).toString('latin1') === '\x7fELF' && !page.includes('/ld-');
}

/** imageRoot returns the folder with the image's file system. Machines of the lab also run the programs of its busybox. */
export function imageRoot(labId: string): string {
  return join(recordFolder(labId), 'image');
}

/** imageTar returns the path of the image as a tar for `docker import`. */
export function imageTar(labId: string): string {
  return join(recordFolder(labId), 'image.tar');
}

/**
 * makeImage creates a lab's image.
 * @throws XnetError FailedPrecondition without a static busybox
 */
export async function makeImage(labId: string): Promise<void> {
  const busybox = staticBusybox();
  const root = imageRoot(labId);
  for (const folder of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev', 'www/cgi-bin']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const { stdout } = await execFileAsync(busybox, ['--list'], { encoding: 'utf8' });
  for (const applet of stdout.split('\n')) {
    // busybox lists itself as well, and would become a link to itself.
    if (applet !== '' && applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  }
  cpSync(busybox, join(root, 'bin/busybox'), { dereference: true });
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  writeFileSync(join(root, 'serve'), serveScript, { mode: 0o755 });
  writeFileSync(join(root, 'www/cgi-bin/source'), sourceScript, { mode: 0o755 });
  const ownedByRoot = ['--numeric-owner', '--owner=0', '--group=0'];
  await execFileAsync('tar', ['--create', ...ownedByRoot, '--directory', root, '--file', imageTar(labId), '.'], {
    env: { ...process.env, PATH: systemPath(), [labMark]: labId },
  });
}
