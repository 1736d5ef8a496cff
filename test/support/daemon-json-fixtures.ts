// The daemon.json files that test xnet's editing of them, alone and against real dockerds.
import { readFileSync } from 'node:fs';

/** DaemonJsonFixture is one entry of the fixtures' manifest.json: a file, an edit of it, and the expected result. */
export type DaemonJsonFixture = {
  readonly name: string;
  readonly edit: 'set' | 'remove';
  /** The bip that xnet has set already: "10.76.9.1/24". */
  readonly ours?: string;
  /** File names in the folder; without `input`, daemon.json does not exist. */
  readonly input?: string;
  readonly output?: string;
  readonly unchanged?: true;
  /** The expected refusal: its reason and place, and a part of its message or fix. */
  readonly refused?: string;
  readonly line?: number;
  readonly column?: number;
  readonly says?: string;
  /** How dockerd from 23.0 on treats the input: accepts it, refuses it, or accepts it only without a bip. */
  readonly dockerd: 'accepts' | 'refuses' | 'not-with-bip';
};

// The path from dist/test/support to the sources: fixtures are not compiled.
const folder = new URL('../../../test/unit/node/docker/bip/fixtures/daemon-json/', import.meta.url);

/** fixtures holds all entries of the manifest. */
export const fixtures: readonly DaemonJsonFixture[] = JSON.parse(
  readFileSync(new URL('manifest.json', folder), 'utf8'),
);

/** fixtureBytes returns the content of a file of the folder; undefined for no file. */
export function fixtureBytes(name: string | undefined): Buffer | undefined {
  return name === undefined ? undefined : readFileSync(new URL(name, folder));
}
