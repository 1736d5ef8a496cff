// What every xnet command prints as JSON has in common. Pure.
// Invariant: within one version fields are only ever added; a field that goes, or means something else, is a new version.
import { CommanderError } from 'commander';
import { escaped } from '../domain/text.js';
import { XnetError } from '../errors.js';

/** schemaVersion is in every document that -o json, yaml and jsonl print, as its first field. */
export const schemaVersion = 1;

/** withVersion is a document as it is printed. */
export function withVersion<T extends object>(document: T): { readonly schemaVersion: number } & T {
  return { schemaVersion, ...document };
}

/**
 * safeJson writes JSON that holds no character that a terminal acts upon. JSON.stringify leaves DEL, C1 and the marks of
 * direction as they are; as escapes they mean the same. A newline here is one between lines.
 */
export function safeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).split('\n').map(escaped).join('\n');
}

/** ErrorDocument is an error as programs get it: one line of JSON, the last on standard error. */
export type ErrorDocument = {
  readonly schemaVersion: number;
  readonly error: {
    /** Stable: see ErrorCode. */
    readonly code: string;
    readonly message: string;
    /** Each thing that is wrong, where there are several. */
    readonly problems: readonly string[];
    /** What to do about it. */
    readonly hint: string | null;
    /** Of the process. */
    readonly exitCode: number;
  };
};

/** errorDocument is an error as programs get it. */
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
