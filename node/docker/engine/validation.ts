// Asks dockerd whether it accepts a configuration file, without starting it.
// Invariant: the dockerd that is asked can't start: it exits before it touches anything.
import { dirname, join } from 'node:path';
import { removeOwnFile, writeOwnFile } from '../../../proto/process/atomic-file.js';
import type { Exec } from '../../../proto/process/exec.js';
import { reasonIn } from './restarter.js';

/** DockerdToAsk is a dockerd program, the flags that it runs with, and its major version. */
export type DockerdToAsk = { readonly program: string; readonly argv: readonly string[]; readonly major: number };

// 23.0 added --validate. Before, a flag whose value is refused only after the whole file has been read and checked
// (daemon/config/config.go of 20.10: MergeDaemonConfigurations, the second Validate) has the same effect.
const firstWithValidate = 23;
const impossible = '--max-concurrent-downloads=-1';
const onlyTheImpossible = [
  /merged configuration validation from file and command line flags failed: invalid max concurrent downloads: -1\s*$/,
  // If the file sets the key too, the only error is this conflict.
  /both as a flag and in the configuration file: max-concurrent-downloads: \(from flag: -1, from file: \S+\)\s*$/,
];

/**
 * askDockerd says why dockerd would refuse a configuration, in its own words; undefined if it would accept it. dockerd
 * checks syntax, keys, types and conflicts with flags, not whether the values work.
 * @param content undefined means no file, which dockerd always accepts
 */
export async function askDockerd(
  exec: Exec,
  dockerd: DockerdToAsk,
  content: Uint8Array | undefined,
  stateFolder: string,
): Promise<string | undefined> {
  if (content === undefined) return undefined;
  const file = askedPath(stateFolder);
  await writeOwnFile(file, content);
  try {
    const validates = dockerd.major >= firstWithValidate || dockerd.major === 0;
    // The last of several --config-file wins.
    const argv = [...dockerd.argv, `--config-file=${file}`, validates ? '--validate' : impossible];
    // dockerd looks for docker-proxy in its PATH, which need not be ours: usually both are in one folder, such as /opt/docker.
    const path = `PATH=${[process.env['PATH'], dirname(dockerd.program)].filter(Boolean).join(':')}`;
    const { code, stdout, stderr } = await exec(['env', path, dockerd.program, ...argv]);
    const said = `${stdout}\n${stderr}`.trim();
    if (validates ? code === 0 : onlyTheImpossible.some((pattern) => pattern.test(said))) return undefined;
    return (reasonIn(said) ?? `dockerd ended with exit code ${code}`).replaceAll(file, 'daemon.json');
  } finally {
    await discardAsked(stateFolder);
  }
}

function askedPath(stateFolder: string): string {
  return join(stateFolder, 'daemon.json.asked');
}

/** discardAsked removes the file that dockerd was asked about. A killed process leaves it. */
export async function discardAsked(stateFolder: string): Promise<void> {
  await removeOwnFile(askedPath(stateFolder)).catch(() => undefined);
}
