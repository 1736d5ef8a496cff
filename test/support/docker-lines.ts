// The same tests on real dockerds of every line.
// Invariant: each test has a host of its own; tests of one line run one after the other, those of different lines in
// parallel.
import test, { type ExecutionContext } from 'ava';
import type { LabHost } from '../../deploy/lab/host.js';
import { DockerLab } from './docker-lab.js';

/** LineTest is the body of a test, on a host with its dockerd up. `line`: the line of the engine, "20.10". */
export type LineTest = (t: ExecutionContext, host: LabHost, line: string) => Promise<void>;

/** DockerLines are the labs of a test file. */
export type DockerLines = {
  /** The lab of the oldest line; undefined: no dockerd can be run here. */
  readonly oldest: DockerLab | undefined;
  /** Declares a test for each line. `flags`: of dockerd. */
  each(title: string, flags: readonly string[], body: LineTest): void;
};

/** dockerLines opens a lab of `hosts` hosts per line for the tests of one file, and closes them afterwards. */
export async function dockerLines(hosts: number): Promise<DockerLines> {
  const labs = await DockerLab.open(hosts);
  test.after.always(async () => {
    await Promise.all(labs.map((lab) => lab.close()));
  });
  if (labs.length === 0) test.skip('no dockerd can be run here', () => undefined);
  return {
    oldest: labs[0],
    each(title, flags, body) {
      for (const lab of labs) {
        test(`${title} (Docker ${lab.line})`, (t) => lab.onHost(flags, (host) => body(t, host, lab.line)));
      }
    },
  };
}
