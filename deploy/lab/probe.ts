// Traffic between places of the lab, by which tests and the demo judge.
import { type Exec, type ExecResult, execThrough } from '../../proto/process/exec.js';
import { imageRoot } from './image.js';
import { systemPath } from './paths.js';

/** LabPlace is an origin of traffic: a machine, or a container on one. */
export type LabPlace = {
  readonly labId: string;
  /** Command prefix that runs a command in that place's network. */
  readonly enter: readonly [string, ...string[]];
};

// Machines and containers use the same programs, those of the image.
function programsAt({ labId, enter }: LabPlace): Exec {
  return execThrough([...enter, 'env', '-i', `PATH=${systemPath('')}`, 'chroot', imageRoot(labId)]);
}

/** Fetched is the result of an HTTP request to a web server of the lab. */
export type Fetched =
  | {
      readonly ok: true;
      /** The client's address as seen by the server: "10.76.1.2". */
      readonly source: string;
      /** The server's hostname. */
      readonly server: string;
    }
  | { readonly ok: false; readonly reason: string };

// Exit code of busybox's timeout(1): 128 + SIGTERM.
const timedOut = 143;

/** fetchSource asks a web server of the lab for the client's address; `at` is "10.76.2.2" or "10.76.2.2:81". */
export async function fetchSource(place: LabPlace, at: string, timeoutSeconds = 20): Promise<Fetched> {
  // The wget of Debian's busybox has no timeout of its own.
  const wget = ['/bin/timeout', String(timeoutSeconds), '/bin/wget', '-q', '-O', '-'] as const;
  const result = await programsAt(place)([...wget, `http://${at}/cgi-bin/source`]);
  if (result.code === timedOut) return { ok: false, reason: `no answer within ${timeoutSeconds} s` };
  const [source, server] = result.stdout.trim().split(' ');
  if (result.code !== 0 || source === undefined || server === undefined) return { ok: false, reason: said(result) };
  // A server that also listens on IPv6 sees IPv4 clients as "[::ffff:10.76.1.2]".
  return { ok: true, source: source.replace(/^\[::ffff:(.*)\]$/, '$1'), server };
}

/** ping sends one echo request and reports whether it was answered. */
export async function ping(place: LabPlace, address: string, timeoutSeconds = 5): Promise<boolean> {
  const { code } = await programsAt(place)(['/bin/ping', '-c', '1', '-W', String(timeoutSeconds), address]);
  return code === 0;
}

function said({ code, stderr }: ExecResult): string {
  return stderr.trim() || `exit code ${code}`;
}

/** serveSource starts a web server for fetchSource on a machine. It listens when this returns. */
export async function serveSource(place: LabPlace, port: number): Promise<ExecResult> {
  // httpd moves to the background once it listens.
  return programsAt(place)(['/bin/httpd', '-p', String(port), '-h', '/www']);
}
