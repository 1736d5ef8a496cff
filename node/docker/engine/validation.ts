// Asks dockerd itself whether it would take a configuration file, without starting it.
// Invariant: the dockerd that is asked can't come up: it ends before it has touched anything.
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { writeOwnFile } from '../../../proto/process/atomic-file.js';
import type { Exec } from '../../../proto/process/exec.js';
import { reasonIn } from './restarter.js';

/** DockerdToAsk is a dockerd and the flags that it runs with. */
export type DockerdToAsk = { readonly program: string; readonly argv: readonly string[]; readonly major: number };

// 23.0 brought --validate. Before it, a flag with a value that is refused after all of the file has been read and
// checked (daemon/config/config.go of 20.10: MergeDaemonConfigurations, the second Validate) does the same.
const firstWithValidate = 23;
const impossible = '--max-concurrent-downloads=-1';
const onlyTheImpossible = [
  /merged configuration validation from file and command line flags failed: invalid max concurrent downloads: -1\s*$/,
  // A file that sets it, too: that is the one conflict.
  /both as a flag and in the configuration file: max-concurrent-downloads: \(from flag: -1, from file: \S+\)\s*$/,
];

/**
 * askDockerd says why dockerd would not take a configuration, in its own words; undefined where it would. It looks at
 * syntax, keys, types and conflicts with flags, not at whether the values can be put to work.
 * @param content undefined: no file, which dockerd always takes
 */
export async function askDockerd(
  exec: Exec,
  dockerd: DockerdToAsk,
  content: Uint8Array | undefined,
  stateFolder: string,
): Promise<string | undefined> {
  if (content === undefined) return undefined;
  const file = join(stateFolder, 'daemon.json.asked');
  await writeOwnFile(file, content);
  try {
    const validates = dockerd.major >= firstWithValidate || dockerd.major === 0;
    // The last of several --config-file counts.
    const argv = [...dockerd.argv, `--config-file=${file}`, validates ? '--validate' : impossible];
    const { code, stdout, stderr } = await exec([dockerd.program, ...argv]);
    const said = `${stdout}\n${stderr}`.trim();
    if (validates ? code === 0 : onlyTheImpossible.some((pattern) => pattern.test(said))) return undefined;
    return (reasonIn(said) ?? `dockerd ended with exit code ${code}`).replaceAll(file, 'daemon.json');
  } finally {
    await unlink(file).catch(() => undefined);
  }
}
