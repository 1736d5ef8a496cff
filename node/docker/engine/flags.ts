// What dockerd was told by its command line, and where that is written down: settings that stand there can't stand in
// daemon.json as well, or dockerd does not start.
// Invariant: a flag is found in each of its spellings. Only reads.
import { readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { errnoOf, messageOf, XnetError } from '../../../proto/errors.js';
import type { Exec } from '../../../proto/process/exec.js';

/** DockerdProcess is a dockerd that runs. */
export type DockerdProcess = {
  readonly pid: number;
  /** "/usr/sbin/dockerd" */
  readonly program: string;
  /** Without the program: ["-H", "fd://"]. */
  readonly argv: readonly string[];
};

/** DockerdUnit is what systemd would start dockerd with. */
export type DockerdUnit = {
  /** "docker.service" */
  readonly name: string;
  /** Without the program, with environment variables put in. */
  readonly argv: readonly string[];
  /** Files that have a say in the command line: unit, drop-ins, environment files. */
  readonly files: readonly string[];
  /** Process id of the dockerd that it runs; 0 while it runs none. */
  readonly mainPid: number;
};

/** Flags are the long names of flags and their values: "iptables" is "false", "bip" is "10.76.3.1/24". */
export type Flags = ReadonlyMap<string, string>;

// dockerd --help of 20.10, 26.1 and 28.5: these are what it has.
const shortNames: Readonly<Record<string, string>> = {
  b: 'bridge',
  D: 'debug',
  G: 'group',
  H: 'host',
  g: 'data-root',
  h: 'help',
  l: 'log-level',
  p: 'pidfile',
  s: 'storage-driver',
  v: 'version',
};
const shortSwitches: readonly string[] = ['D', 'h', 'v'];
const switches: readonly string[] = [
  ...['allow-direct-routing', 'cri-containerd', 'debug', 'experimental', 'help', 'icc', 'init', 'ip-forward'],
  ...[
    'ip-forward-no-drop',
    'ip-masq',
    'ip6tables',
    'iptables',
    'ipv6',
    'live-restore',
    'no-new-privileges',
    'raw-logs',
  ],
  ...['rootless', 'selinux-enabled', 'tls', 'tlsverify', 'userland-proxy', 'validate', 'version'],
];

/**
 * flagsOf reads a command line of dockerd as spf13/pflag does: "--bip=x", "--bip x", "-b x", "-bx", "-Db=x". The last
 * of several wins, as with pflag's texts.
 */
export function flagsOf(argv: readonly string[]): Flags {
  const flags = new Map<string, string>();
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined && word !== '--'; word = rest.shift()) {
    if (word.startsWith('--')) {
      const [name = '', ...value] = word.slice(2).split('=');
      if (value.length > 0) flags.set(name, value.join('='));
      else flags.set(name, switches.includes(name) ? 'true' : (rest.shift() ?? ''));
    } else if (word.startsWith('-')) {
      readShort(word.slice(1), rest, flags);
    }
    // dockerd takes no other words.
  }
  return flags;
}

function readShort(letters: string, rest: string[], flags: Map<string, string>): void {
  for (let index = 0; index < letters.length; index += 1) {
    const letter = letters[index] ?? '';
    const name = shortNames[letter] ?? letter;
    const after = letters.slice(index + 1);
    if (!shortSwitches.includes(letter)) {
      flags.set(name, after === '' ? (rest.shift() ?? '') : after.replace(/^=/, ''));
      return;
    }
    if (after.startsWith('=')) {
      flags.set(name, after.slice(1));
      return;
    }
    flags.set(name, 'true');
  }
}

/**
 * runningDockerd finds the dockerd of a pid file; undefined when there is none or it is stale.
 * @throws XnetError FailedPrecondition when the file can't be read
 */
export async function runningDockerd(pidFile: string): Promise<DockerdProcess | undefined> {
  let text: string;
  try {
    text = await readFile(pidFile, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new XnetError('FailedPrecondition', `can't read ${pidFile}: ${messageOf(error)}`, { cause: error });
  }
  const pid = Number(/^\s*(\d{1,10})\s*$/.exec(text)?.[1] ?? 0);
  return pid > 0 ? dockerdOf(pid) : undefined;
}

/** dockerdOf is the process of that number, if it is a dockerd: a number may be another's by the time it is read. */
export async function dockerdOf(pid: number): Promise<DockerdProcess | undefined> {
  try {
    const [program, words] = await Promise.all([
      readlink(`/proc/${pid}/exe`),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    // An upgrade replaces the file of a dockerd that runs.
    const path = program.replace(/ \(deleted\)$/, '');
    const [name = '', ...argv] = words.replace(/\0$/, '').split('\0');
    // NixOS wraps it as ".dockerd-wrapped".
    if (![path, name].some((candidate) => /^\.?dockerd(-wrapped)?$/.test(basename(candidate)))) return undefined;
    return { pid, program: path, argv };
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

/**
 * dockerdUnit asks systemd how it starts dockerd; undefined without systemd, or without that unit.
 * @param name "docker.service"
 */
export async function dockerdUnit(exec: Exec, name: string, signal?: AbortSignal): Promise<DockerdUnit | undefined> {
  const properties = [
    'ExecStart',
    'Environment',
    'EnvironmentFiles',
    'FragmentPath',
    'DropInPaths',
    'LoadState',
    'MainPID',
  ];
  const argv = properties.flatMap((property) => ['-p', property]);
  let output: string;
  try {
    const result = await exec(['systemctl', 'show', name, ...argv], signal === undefined ? {} : { signal });
    if (result.code !== 0) return undefined;
    output = result.stdout;
  } catch {
    // No systemctl.
    return undefined;
  }
  const shown = shownProperties(output);
  if (shown.get('LoadState') !== 'loaded') return undefined;
  const environmentFiles = [...(shown.get('EnvironmentFiles') ?? '').matchAll(/(\S+) \(ignore_errors=\w+\)/g)].flatMap(
    ([, path]) => (path === undefined ? [] : [path]),
  );
  const environment = parseEnvironment(quotedWords(shown.get('Environment') ?? ''));
  for (const path of environmentFiles) {
    const lines = await readFile(path, 'utf8').catch(() => '');
    for (const [key, value] of parseEnvironment(lines.split('\n'))) environment.set(key, value);
  }
  const [, ...words] = (/argv\[\]=(.*?) ; /.exec(shown.get('ExecStart') ?? '')?.[1] ?? '').split(' ');
  const mainPid = Number(shown.get('MainPID') ?? 0);
  const files = [
    shown.get('FragmentPath') ?? '',
    ...(shown.get('DropInPaths') ?? '').split(/\s+/),
    ...environmentFiles,
  ];
  return { name, argv: expandWords(words, environment), files: files.filter((path) => path !== ''), mainPid };
}

/** shownProperties reads what `systemctl show` prints: "Name=value" lines, of which the last of a name counts. */
export function shownProperties(output: string): ReadonlyMap<string, string> {
  return new Map(
    output.split('\n').flatMap((line): [string, string][] => {
      const equals = line.indexOf('=');
      return equals < 0 ? [] : [[line.slice(0, equals), line.slice(equals + 1)]];
    }),
  );
}

// systemctl quotes an assignment that has blanks as a whole: "A=b c".
function quotedWords(text: string): readonly string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)].map(([word, inner]) => inner?.replace(/\\(.)/g, '$1') ?? word);
}

function parseEnvironment(lines: readonly string[]): Map<string, string> {
  const environment = new Map<string, string>();
  for (const line of lines) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/.exec(line);
    if (match?.[1] === undefined) continue;
    environment.set(match[1], (match[2] ?? '').trim().replace(/^(["'])(.*)\1$/, '$2'));
  }
  return environment;
}

// systemd.exec(5): "$X" as a word of its own is split at blanks, "${X}" is put in as it is.
function expandWords(words: readonly string[], environment: ReadonlyMap<string, string>): readonly string[] {
  return words.flatMap((word) => {
    const alone = /^\$([A-Za-z_]\w*)$/.exec(word)?.[1];
    if (alone !== undefined) return (environment.get(alone) ?? '').split(/\s+/).filter((part) => part !== '');
    return [word.replace(/\$\{([A-Za-z_]\w*)\}/g, (_, name: string) => environment.get(name) ?? '')];
  });
}

/**
 * whereFlag tells where a unit's flag is written, with this value if need be: "/etc/default/docker, line 7". The unit's
 * name if it is nowhere to be seen.
 */
export async function whereFlag(unit: DockerdUnit, name: string, value: string): Promise<string> {
  const short = Object.entries(shortNames).find(([, long]) => long === name)?.[0];
  const spelling = new RegExp(
    `(^|[\\s"'=])(--${name}|${short === undefined ? `--${name}` : `-${short}`})(\\b|=|\\s|$)`,
  );
  const places: { readonly place: string; readonly text: string }[] = [];
  for (const path of unit.files) {
    const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n');
    for (const [index, text] of lines.entries()) {
      if (!/^\s*[#;]/.test(text) && spelling.test(text)) places.push({ place: `${path}, line ${index + 1}`, text });
    }
  }
  const found = places.find(({ text }) => text.includes(value)) ?? places[0];
  return found?.place ?? unit.name;
}
