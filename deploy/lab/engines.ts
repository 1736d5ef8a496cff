// The Docker engines of the lab, unpacked from Debian's packages into a cache folder. Nothing is installed.
// Invariant: an engine's folder either exists, complete and of the line that it is named after, or does not exist.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { messageOf, XnetError } from '../../proto/errors.js';
import { exec } from '../../proto/process/exec.js';
import { AptSource, mirrorsOfMachine } from './apt-source.js';
import { withLock } from './lock.js';
import { repositoryRoot, systemPath } from './paths.js';

/** engineLines lists the lines of Docker that xnet is tested on, oldest first. */
export const engineLines = ['20.10', '26', '28'] as const;

/** EngineLine is one line of Docker versions. */
export type EngineLine = (typeof engineLines)[number];

/** LabEngine is one version of Docker, unpacked and able to run on this machine. */
export type LabEngine = {
  readonly line: EngineLine;
  /** "28.5.2+dfsg4-5" */
  readonly version: string;
  /** Folders with dockerd, containerd, runc and docker, to put before PATH, separated by colons. */
  readonly path: string;
  /** The executable: "/…/.cache/engines/28/usr/sbin/dockerd". */
  readonly dockerd: string;
};

/** EngineUnavailable is a line that can't be obtained on this machine, with the reason. */
export type EngineUnavailable = { readonly line: EngineLine; readonly why: string };

/** EngineOptions configure where engines are kept and where progress is logged. */
export type EngineOptions = {
  /** Default: .cache/engines in the repository. */
  readonly cacheFolder?: string;
  readonly log?: (line: string) => void;
};

// Debian's releases that have a line, in the order of trying: a line stays in `testing` for a while after `unstable` has
// moved on to the next.
const sources = {
  '20.10': { suites: ['bookworm'], packages: ['docker.io', 'containerd'] },
  '26': { suites: ['trixie'], packages: ['docker.io', 'docker-cli', 'containerd'] },
  '28': { suites: ['sid', 'forky'], packages: ['docker.io', 'docker-cli', 'containerd'] },
} as const satisfies Record<EngineLine, { suites: readonly string[]; packages: readonly string[] }>;

// runc is the only program of a newer Debian that needs a C library newer than Debian 12's.
const runcSuite = 'bookworm';

const stamp = v.object({ line: v.picklist(engineLines), version: v.string() });

/** isEngineLine reports whether a text names a line: "20.10", "26", "28". */
export function isEngineLine(text: string): text is EngineLine {
  return engineLines.some((line) => line === text);
}

/**
 * obtainEngine returns an engine of a line, from the cache or from Debian.
 * @throws XnetError Unavailable with the reason if it can't be obtained
 */
export async function obtainEngine(line: EngineLine, options: EngineOptions = {}): Promise<LabEngine> {
  const cacheFolder = options.cacheFolder ?? join(repositoryRoot(), '.cache/engines');
  const cached = readEngine(cacheFolder, line);
  if (cached !== undefined) return cached;
  try {
    // Fetching takes seconds, on a slow connection minutes. Another process may be fetching the same engine.
    return await withLock(join(cacheFolder, 'lock'), 1_800_000, async () => {
      for (const name of readdirSync(cacheFolder)) {
        if (name.startsWith('.new-')) rmSync(join(cacheFolder, name), { recursive: true, force: true });
      }
      return readEngine(cacheFolder, line) ?? (await fetchEngine(cacheFolder, line, options.log ?? (() => undefined)));
    });
  } catch (error) {
    throw new XnetError('Unavailable', `Docker ${line} can't be had: ${messageOf(error)}`, { cause: error });
  }
}

/** tryEngine is obtainEngine with the reason as a value, for tests that are skipped in that case. */
export async function tryEngine(line: EngineLine, options?: EngineOptions): Promise<LabEngine | EngineUnavailable> {
  try {
    return await obtainEngine(line, options);
  } catch (error) {
    return { line, why: messageOf(error) };
  }
}

function engineIn(folder: string, line: EngineLine, version: string): LabEngine {
  const path = `${join(folder, 'usr/sbin')}:${join(folder, 'usr/bin')}`;
  return { line, version, path, dockerd: join(folder, 'usr/sbin/dockerd') };
}

function readEngine(cacheFolder: string, line: EngineLine): LabEngine | undefined {
  const folder = join(cacheFolder, line);
  try {
    const { version, line: stamped } = v.parse(stamp, JSON.parse(readFileSync(join(folder, 'engine.json'), 'utf8')));
    const engine = engineIn(folder, line, version);
    return stamped === line && existsSync(engine.dockerd) ? engine : undefined;
  } catch {
    return undefined;
  }
}

async function fetchEngine(cacheFolder: string, line: EngineLine, log: (text: string) => void): Promise<LabEngine> {
  mkdirSync(cacheFolder, { recursive: true });
  const work = mkdtempSync(join(cacheFolder, '.new-'));
  try {
    const tree = join(work, 'tree');
    log(`fetching Docker ${line} from Debian ${sources[line].suites.join(' or ')}`);
    const [{ source, version }, runcSource] = await both(
      findRelease(line, join(work, 'engine')),
      openRelease(runcSuite, join(work, 'runc')),
    );
    await both(source.unpack(sources[line].packages, tree), runcSource.unpack(['runc'], tree));
    await checkEngine(engineIn(tree, line, version));
    writeFileSync(join(tree, 'engine.json'), `${JSON.stringify({ line, version }, null, 2)}\n`);
    const folder = join(cacheFolder, line);
    rmSync(folder, { recursive: true, force: true });
    renameSync(tree, folder);
    return engineIn(folder, line, version);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

// Promise.all would reject, and the clean-up would begin, while the other promise is still running.
async function both<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}

async function openRelease(suite: string, folder: string): Promise<AptSource> {
  const problems: string[] = [];
  for (const [index, mirror] of mirrorsOfMachine().entries()) {
    try {
      return await AptSource.open(suite, mirror, join(folder, `${suite}-${index}`));
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  throw new XnetError('Unavailable', problems.join('; '));
}

async function findRelease(line: EngineLine, work: string): Promise<{ source: AptSource; version: string }> {
  const problems: string[] = [];
  for (const suite of sources[line].suites) {
    try {
      const source = await openRelease(suite, work);
      const version = await source.version('docker.io');
      if (version?.startsWith(`${line}.`)) return { source, version };
      problems.push(`Debian ${suite} has docker.io ${version ?? 'not at all'}`);
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  throw new XnetError('Unavailable', problems.join('; '));
}

// Runs every program once, so that a missing or outdated library shows here and not as a dockerd that does not start.
async function checkEngine(engine: LabEngine): Promise<void> {
  for (const program of ['dockerd', 'containerd', 'runc', 'docker']) {
    const { code, stdout, stderr } = await exec(['env', `PATH=${engine.path}:${systemPath()}`, program, '--version']);
    const said = `${stdout}${stderr}`.trim();
    if (code !== 0) {
      throw new XnetError('FailedPrecondition', `its ${program} does not run here: ${said}`, {
        hint: 'run: sudo sh deploy/setup.sh',
      });
    }
    if (program === 'dockerd' && !said.includes(` version ${engine.line}.`)) {
      throw new XnetError('FailedPrecondition', `its dockerd is of another line: ${said}`);
    }
  }
}
