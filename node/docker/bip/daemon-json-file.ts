// daemon.json on disk: read, replaced, removed.
// Invariant: the file that is replaced is the one that was read; see node/docker/bip/compare-and-replace.ts.

import type { Content } from '../engine/journal.js';
import { largestFile } from '../engine/json-document.js';
import type { DockerHost } from '../engine/settings.js';
import { type FileAbsent, type FileSeen, readForReplace, removeFile, replaceFile } from './compare-and-replace.js';

/** DaemonJsonFile is daemon.json as it was read, there or not. */
export type DaemonJsonFile = FileSeen | FileAbsent;

/** sameContent says whether two files are the same byte for byte; no file is the same as no file only. */
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
 * writeDaemonJson gives the file a content, or removes it, and returns whether it had another.
 * @throws XnetError Conflict when somebody has changed it since it was read, FailedPrecondition when it can't be written
 */
export async function writeDaemonJson(host: DockerHost, file: DaemonJsonFile, content: Content): Promise<boolean> {
  if (sameContent(file.bytes, content)) return false;
  const { exec, steps } = host;
  if (content !== undefined) await replaceFile(file, content, { mode: 0o644, exec, reached: (s) => steps.reached(s) });
  else if (file.bytes !== undefined) await removeFile(file);
  return true;
}
