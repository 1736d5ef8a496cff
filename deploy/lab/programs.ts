// The executables of this checkout, on the machines of a lab.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { XnetError } from '../../proto/errors.js';
import type { Lab } from './lab.js';
import { programsFolder, repositoryRoot } from './paths.js';

const mains = { xctl: 'bin/xctl.js', xnetd: 'bin/xnetd.js', 'xnet-controller': 'controller/main.js' } as const;

/** ProgramName names an executable of xnet. */
export type ProgramName = keyof typeof mains;

/** programCommand returns the command line that starts an executable: ["/usr/bin/node", ".../dist/bin/xnetd.js"]. */
export function programCommand(name: ProgramName): readonly [string, string] {
  return [process.execPath, `${repositoryRoot()}/dist/${mains[name]}`];
}

/** installPrograms writes xctl, xnetd and xnet-controller into the lab's folder in the PATH of its machines. */
export function installPrograms({ id }: Lab): void {
  const folder = programsFolder(id);
  mkdirSync(folder, { recursive: true });
  for (const name of Object.keys(mains) as ProgramName[]) {
    const [node, script] = programCommand(name).map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    writeFileSync(join(folder, name), `#!/bin/sh\nexec ${node} ${script} "$@"\n`, { mode: 0o755 });
  }
}

/**
 * runXctl runs xctl on the control machine and returns its standard output.
 * @throws XnetError FailedPrecondition with its standard error if it fails
 */
export async function runXctl(lab: Lab, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.control.exec([...programCommand('xctl'), ...args]);
  if (code === 0) return stdout;
  throw new XnetError('FailedPrecondition', `xctl ${args.join(' ')}: exit code ${code}: ${stderr.trim()}`);
}

/** AddedNode is a host that was added as a node. */
export type AddedNode = {
  /** "10.76.1.0/24" */
  readonly subnet: string;
  /** The token that the host joins with; empty if none was made. */
  readonly token: string;
};

/** addedNodeFrom reads the output of `xctl nodes add -o json`. */
export function addedNodeFrom(output: string): AddedNode {
  const { node, join } = JSON.parse(output) as {
    readonly node: { readonly subnet: string };
    readonly join: { readonly token: string } | null;
  };
  return { subnet: node.subnet, token: join?.token ?? '' };
}
