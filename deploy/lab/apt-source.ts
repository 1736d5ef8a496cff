// Fetches packages of any Debian release into a folder, without touching the machine's own apt.
// Invariant: nothing outside the given folder is written, no package is installed, and every package is signed by Debian.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, XnetError } from '../../proto/errors.js';
import { type ExecResult, exec } from '../../proto/process/exec.js';
import { systemPath } from './paths.js';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const aptTimeoutMs = 600_000;

/** defaultMirror is the mirror to use if the machine's own sources name no mirror of Debian. */
export const defaultMirror = 'http://deb.debian.org/debian';

/** AptSource is one release of Debian, e.g. trixie, with package lists of its own. */
export class AptSource {
  readonly suite: string;
  readonly #folder: string;

  private constructor(suite: string, folder: string) {
    this.suite = suite;
    this.#folder = folder;
  }

  /**
   * open fetches the lists of a release into `folder`.
   * @throws XnetError Unavailable with apt's output
   */
  static async open(suite: string, mirror: string, folder: string): Promise<AptSource> {
    const source = new AptSource(suite, folder);
    for (const part of ['lists/partial', 'cache/archives/partial', 'packages', 'none']) {
      mkdirSync(join(folder, part), { recursive: true });
    }
    writeFileSync(join(folder, 'sources.list'), `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
    writeFileSync(join(folder, 'apt.conf'), aptConfig(folder));
    const { code, stderr } = await source.#apt('apt-get', 'update');
    // An apt-get that could fetch nothing only warns and exits with 0.
    const fetched = readdirSync(join(folder, 'lists')).some((name) => name.includes('_Packages'));
    if (code !== 0 || !fetched) {
      throw new XnetError('Unavailable', `can't read Debian ${suite} from ${mirror}: ${reason(stderr)}`, {
        hint: 'is there a way to the network, and does the mirror have this release?',
      });
    }
    return source;
  }

  /** version returns the version of a package in this release, "28.5.2+dfsg4-5"; undefined if the release lacks it. */
  async version(name: string): Promise<string | undefined> {
    const { stdout } = await this.#apt('apt-cache', 'show', '--no-all-versions', name);
    return /^Version: (\S+)$/m.exec(stdout)?.[1];
  }

  /**
   * unpack fetches packages and unpacks them into `target`; it runs none of their scripts.
   * @throws XnetError Unavailable with apt's output, FailedPrecondition with dpkg's output
   */
  async unpack(names: readonly string[], target: string): Promise<void> {
    const { code, stderr } = await this.#apt('apt-get', 'download', ...names);
    if (code !== 0) {
      throw new XnetError('Unavailable', `can't fetch ${names.join(', ')} of Debian ${this.suite}: ${reason(stderr)}`);
    }
    const packages = join(this.#folder, 'packages');
    for (const file of readdirSync(packages)) {
      const unpacked = await this.#run('dpkg', '--extract', file, target);
      if (unpacked.code !== 0) {
        throw new XnetError('FailedPrecondition', `can't unpack ${file}: ${reason(unpacked.stderr)}`);
      }
    }
  }

  #apt(program: string, ...rest: readonly string[]): Promise<ExecResult> {
    return this.#run(program, `--config-file=${join(this.#folder, 'apt.conf')}`, '--quiet', ...rest);
  }

  #run(...argv: readonly string[]): Promise<ExecResult> {
    const folder = join(this.#folder, 'packages');
    return exec(['env', `--chdir=${folder}`, `PATH=${systemPath()}`, ...argv], { timeoutMs: aptTimeoutMs });
  }
}

// Read after the machine's own configuration, whose proxies stay in force. Hooks on `apt-get update` are cleared: they are
// meant for the machine's lists.
function aptConfig(folder: string): string {
  return `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Default-Release "";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "2";
Dir::Cache "${folder}/cache/";
Dir::Etc::preferences "${folder}/none/preferences";
Dir::Etc::preferencesparts "${folder}/none/";
Dir::Etc::sourcelist "${folder}/sources.list";
Dir::Etc::sourceparts "${folder}/none/";
Dir::State::lists "${folder}/lists/";
Dir::State::status "/dev/null";
`;
}

function reason(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => /^(E|W|Err|dpkg|tar)\b/.test(line));
  return lines.slice(-3).join('; ') || stderr.trim() || 'no reason given';
}

/** mirrorsOfMachine returns the mirrors of Debian to try, in order: those of the machine's own apt, then the default. */
export function mirrorsOfMachine(): readonly string[] {
  const found = sourceFiles().flatMap((path) => debianMirrors(path, readFileSync(path, 'utf8')));
  return [...new Set([...found, defaultMirror])];
}

function sourceFiles(): readonly string[] {
  const parts = '/etc/apt/sources.list.d';
  try {
    const names = readdirSync(parts).filter((name) => /\.(list|sources)$/.test(name));
    return ['/etc/apt/sources.list', ...names.sort().map((name) => join(parts, name))].filter(isReadable);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return ['/etc/apt/sources.list'].filter(isReadable);
    throw error;
  }
}

function isReadable(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

const releases = /^(buster|bullseye|bookworm|trixie|forky|sid|oldstable|stable|testing|unstable)$/;

/**
 * debianMirrors finds the mirrors of Debian in a file of apt sources, one-line or deb822 (sources.list(5)). Only mirrors
 * with the `main` component of a whole release count: no security updates, no third-party repositories.
 */
export function debianMirrors(path: string, text: string): readonly string[] {
  const entries = path.endsWith('.sources') ? stanzas(text) : lines(text);
  return entries
    .filter(({ suites, components }) => suites.some((suite) => releases.test(suite)) && components.includes('main'))
    .flatMap(({ uris }) => uris)
    .filter((uri) => /^(https?|file|mirror)[:+]/.test(uri) && /\bdebian\b/.test(uri) && !/security/.test(uri))
    .map((uri) => uri.replace(/\/+$/, ''));
}

type SourceEntry = {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
};

function lines(text: string): SourceEntry[] {
  return text.split('\n').flatMap((line) => {
    const [, uri, suite, components] = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line) ?? [];
    if (uri === undefined || suite === undefined) return [];
    return [{ uris: [uri], suites: [suite], components: words(components) }];
  });
}

function stanzas(text: string): SourceEntry[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    let name = '';
    for (const line of stanza.split('\n')) {
      if (line.startsWith('#')) continue;
      const [, key, value] = /^([A-Za-z-]+):(.*)$/.exec(line) ?? [];
      if (key !== undefined) name = key.toLowerCase();
      fields.set(name, `${fields.get(name) ?? ''} ${value ?? line}`);
    }
    if (!words(fields.get('types')).includes('deb') || /^\s*no\s*$/i.test(fields.get('enabled') ?? '')) return [];
    const [uris, suites, components] = ['uris', 'suites', 'components'].map((field) => words(fields.get(field)));
    return [{ uris: uris ?? [], suites: suites ?? [], components: components ?? [] }];
  });
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}
