// What one place of the lab sees of another: the traffic that tests and the demo judge by.
import { type Exec, type ExecResult, execThrough } from '../../proto/process/exec.js';
import { imageRoot } from './image.js';
import { systemPath } from './paths.js';

/** LabPlace is where traffic begins: a machine, or a container on one. */
export type LabPlace = {
  readonly labId: string;
  /** Beginning of a command line that runs the rest of it in that place's network. */
  readonly enter: readonly [string, ...string[]];
};

// Machines and containers ask with the same programs, those of the image.
function programsAt({ labId, enter }: LabPlace): Exec {
  return execThrough([...enter, 'env', '-i', `PATH=${systemPath('')}`, 'chroot', imageRoot(labId)]);
}

/** Fetched is what came of an HTTP request to a server of the lab. */
export type Fetched =
  | {
      readonly ok: true;
      /** The address that the server saw the client with: "10.76.1.2". */
      readonly source: string;
      /** The server's hostname. */
      readonly server: string;
    }
  | { readonly ok: false; readonly reason: string };

// Exit code of busybox's timeout(1): 128 + SIGTERM.
const timedOut = 143;

/** fetchSource asks a server of the lab whom it sees; `at` is "10.76.2.2" or "10.76.2.2:81". */
export async function fetchSource(place: LabPlace, at: string, timeoutSeconds = 3): Promise<Fetched> {
  // Debian's busybox has a wget without a timeout of its own.
  const wget = ['/bin/timeout', String(timeoutSeconds), '/bin/wget', '-q', '-O', '-'] as const;
  const result = await programsAt(place)([...wget, `http://${at}/cgi-bin/source`]);
  if (result.code === timedOut) return { ok: false, reason: `no answer within ${timeoutSeconds} s` };
  const [source, server] = result.stdout.trim().split(' ');
  if (result.code !== 0 || source === undefined || server === undefined) return { ok: false, reason: said(result) };
  // A server that listens on IPv6 too has IPv4 clients as "[::ffff:10.76.1.2]".
  return { ok: true, source: source.replace(/^\[::ffff:(.*)\]$/, '$1'), server };
}

/** ping sends one echo request and says whether it was answered. */
export async function ping(place: LabPlace, address: string, timeoutSeconds = 3): Promise<boolean> {
  const { code } = await programsAt(place)(['/bin/ping', '-c', '1', '-W', String(timeoutSeconds), address]);
  return code === 0;
}

function said({ code, stderr }: ExecResult): string {
  return stderr.trim() || `exit code ${code}`;
}

/** serveSource starts a web server for fetchSource on a machine; it listens when this returns. */
export async function serveSource(place: LabPlace, port: number): Promise<ExecResult> {
  // Goes to the background by itself, once it listens.
  return programsAt(place)(['/bin/httpd', '-p', String(port), '-h', '/www']);
}
