// The flags of dockerd's command line, and the files that set them. dockerd does not start with a setting that is both
// a flag and in daemon.json.
// Invariant: a flag is found in each of its spellings. Read-only.
import { readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { errnoOf, messageOf, XnetError } from '../../../proto/errors.js';
import type { Exec } from '../../../proto/process/exec.js';

/** DockerdProcess is a running dockerd. */
export type DockerdProcess = {
  readonly pid: number;
  /** "/usr/sbin/dockerd" */
  readonly program: string;
  /** Arguments without the program: ["-H", "fd://"]. */
  readonly argv: readonly string[];
};

/** DockerdUnit is the command by which systemd starts dockerd. */
export type DockerdUnit = {
  /** "docker.service" */
  readonly name: string;
  /** Arguments without the program, with environment variables expanded. */
  readonly argv: readonly string[];
  /** Files that contribute to the command line: unit, drop-ins, environment files. */
  readonly files: readonly string[];
  /** Process id of its running dockerd; 0 if none runs. */
  readonly mainPid: number;
};

/** Flags maps long flag names to values: "iptables" to "false", "bip" to "10.76.3.1/24". */
export type Flags = ReadonlyMap<string, string>;

// The complete set, from dockerd --help of 20.10, 26.1 and 28.5.
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
 * flagsOf parses a command line of dockerd as spf13/pflag does: "--bip=x", "--bip x", "-b x", "-bx", "-Db=x". The last
 * occurrence wins, as for pflag's strings.
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
    // dockerd accepts no positional arguments.
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
 * runningDockerd returns the dockerd that a pid file names; undefined if there is none or the file is stale.
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

/** dockerdOf returns the process with this id if it is a dockerd: a stale id may belong to another process. */
export async function dockerdOf(pid: number): Promise<DockerdProcess | undefined> {
  try {
    const [program, words] = await Promise.all([
      readlink(`/proc/${pid}/exe`),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    // The kernel adds this once an upgrade has replaced the file of a running dockerd.
    const path = program.replace(/ \(deleted\)$/, '');
    const [name = '', ...argv] = words.replace(/\0$/, '').split('\0');
    // NixOS wraps it as ".dockerd-wrapped".
    if (![path, name].some((candidate) => /^\.?dockerd(-wrapped)?$/.test(basename(candidate)))) return undefined;
    return { pid, program: path, argv };
  } catch {
    // The process ended meanwhile.
    return undefined;
  }
}

/**
 * dockerdUnit asks systemd how it starts dockerd; undefined without systemd or without the unit.
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
    // There is no systemctl.
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

/** shownProperties parses the output of `systemctl show`: "Name=value" lines; the last line of a name wins. */
export function shownProperties(output: string): ReadonlyMap<string, string> {
  return new Map(
    output.split('\n').flatMap((line): [string, string][] => {
      const equals = line.indexOf('=');
      return equals < 0 ? [] : [[line.slice(0, equals), line.slice(equals + 1)]];
    }),
  );
}

// systemctl quotes an assignment that contains blanks as a whole: "A=b c".
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

// systemd.exec(5): "$X" as a separate word is split at blanks, "${X}" is inserted unchanged.
function expandWords(words: readonly string[], environment: ReadonlyMap<string, string>): readonly string[] {
  return words.flatMap((word) => {
    const alone = /^\$([A-Za-z_]\w*)$/.exec(word)?.[1];
    if (alone !== undefined) return (environment.get(alone) ?? '').split(/\s+/).filter((part) => part !== '');
    return [word.replace(/\$\{([A-Za-z_]\w*)\}/g, (_, name: string) => environment.get(name) ?? '')];
  });
}

/**
 * whereFlag returns where a unit's flag is set, with this value if it has one: "/etc/default/docker, line 7". It
 * returns the unit's name if no file shows the flag.
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
