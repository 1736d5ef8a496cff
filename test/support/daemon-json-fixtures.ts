// The daemon.json files that our editing of them is tested with, on its own and against real dockerds.
import { readFileSync } from 'node:fs';

/** DaemonJsonFixture is one entry of the fixtures' manifest.json: a file, an edit of it, and what has to come out. */
export type DaemonJsonFixture = {
  readonly name: string;
  readonly edit: 'set' | 'remove';
  /** The bip that is ours already: "10.76.9.1/24". */
  readonly ours?: string;
  /** File names in the folder; without `input` there is no daemon.json. */
  readonly input?: string;
  readonly output?: string;
  readonly unchanged?: true;
  /** The refusal's reason and place, and a part of its message or fix. */
  readonly refused?: string;
  readonly line?: number;
  readonly column?: number;
  readonly says?: string;
  /** What dockerd from 23.0 on makes of the input: takes it, refuses it, or takes it, but not with a bip. */
  readonly dockerd: 'accepts' | 'refuses' | 'not-with-bip';
};

// From dist/test/support back to the sources: fixtures are not compiled.
const folder = new URL('../../../test/unit/node/docker/bip/fixtures/daemon-json/', import.meta.url);

/** fixtures are all entries of the manifest. */
export const fixtures: readonly DaemonJsonFixture[] = JSON.parse(
  readFileSync(new URL('manifest.json', folder), 'utf8'),
);

/** fixtureBytes is the content of a file of the folder; undefined for no file. */
export function fixtureBytes(name: string | undefined): Buffer | undefined {
  return name === undefined ? undefined : readFileSync(new URL(name, folder));
}
