// Reads, replaces and removes daemon.json on disk.
// Invariant: only the file that was read is replaced; see compare-and-replace.ts.
import { discardTemporary } from '../../../proto/process/atomic-file.js';
import type { Content } from '../engine/journal.js';
import { largestFile } from '../engine/json-document.js';
import type { DockerHost } from '../engine/settings.js';
import { type FileAbsent, type FileSeen, readForReplace, removeFile, replaceFile } from './compare-and-replace.js';

/** DaemonJsonFile is daemon.json as it was read, or its absence. */
export type DaemonJsonFile = FileSeen | FileAbsent;

/** sameContent reports whether two files are byte for byte the same. A missing file equals only a missing file. */
export function sameContent(a: Content, b: Content): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

/**
 * readDaemonJson reads the file, through symlinks.
 * @throws XnetError FailedPrecondition when it can't be read
 */
export function readDaemonJson(path: string): Promise<DaemonJsonFile> {
  return readForReplace(path, largestFile);
}

/**
 * writeDaemonJson writes the content, or removes the file if the content is undefined. It returns whether the file
 * changed.
 * @throws XnetError Conflict when another program has changed the file since it was read, FailedPrecondition when it
 *   can't be written
 */
export async function writeDaemonJson(host: DockerHost, file: DaemonJsonFile, content: Content): Promise<boolean> {
  if (sameContent(file.bytes, content)) {
    // A process that was killed while it wrote may have left it.
    await discardTemporary(file.target);
    return false;
  }
  const { exec, steps } = host;
  if (content !== undefined) await replaceFile(file, content, { mode: 0o644, exec, reached: (s) => steps.reached(s) });
  else if (file.bytes !== undefined) await removeFile(file);
  return true;
}
