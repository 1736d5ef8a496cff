// What is wrong, and what to do about it, as people see it: a line for each. Pure.
import { escaped } from '../domain/text.js';

/** Problem is one thing that is wrong, and what to do about it: a command where there is one, null where it depends. */
export type Problem = { readonly text: string; readonly fix: string | null };

/** problemText is a problem on one line. */
export function problemText({ text, fix }: Problem): string {
  return fix === null ? text : `${text}: ${fix}`;
}

/** problemLines are a problem and, below it, what to do. @param paint colours the mark before it */
export function problemLines({ text, fix }: Problem, paint: (text: string) => string): readonly string[] {
  return [`${paint('!')} ${escaped(text)}`, ...(fix === null ? [] : [`    fix: ${escaped(fix)}`])];
}
