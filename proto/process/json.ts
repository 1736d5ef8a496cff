// The common parts of the JSON output of all xnet commands. Pure.
// Invariant: within one schema version, fields are only added; removing a field or changing its meaning needs a new
// version.
import { CommanderError } from 'commander';
import { escaped } from '../domain/text.js';
import { XnetError } from '../errors.js';

/** schemaVersion is the first field of every document that -o json, yaml and jsonl print. */
export const schemaVersion = 1;

/** withVersion returns a document with its schema version. */
export function withVersion<T extends object>(document: T): { readonly schemaVersion: number } & T {
  return { schemaVersion, ...document };
}

/**
 * safeJson returns JSON without characters that a terminal interprets. JSON.stringify leaves DEL, C1 and direction
 * marks unescaped; their escapes mean the same. A newline here only separates lines.
 */
export function safeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).split('\n').map(escaped).join('\n');
}

/** ErrorDocument is an error for programs: one line of JSON, the last on standard error. */
export type ErrorDocument = {
  readonly schemaVersion: number;
  readonly error: {
    /** Stable; see ErrorCode. */
    readonly code: string;
    readonly message: string;
    /** The individual problems, if there are several. */
    readonly problems: readonly string[];
    /** What to do about it. */
    readonly hint: string | null;
    /** Exit code of the process. */
    readonly exitCode: number;
  };
};

/** errorDocument returns the document of an error. */
export function errorDocument(thrown: unknown, exitCode: number): ErrorDocument {
  if (thrown instanceof XnetError) {
    const { code, message, problems, hint = null } = thrown;
    return { schemaVersion, error: { code, message, problems, hint, exitCode } };
  }
  const usage = thrown instanceof CommanderError;
  const message = thrown instanceof Error ? thrown.message.replace(/^error: /, '') : String(thrown);
  const code = usage ? 'InvalidArgument' : 'Internal';
  return { schemaVersion, error: { code, message, problems: [], hint: null, exitCode } };
}
