// Formats problems and their remedies for people, one line each. Pure.
import { escaped } from '../domain/text.js';

/** Problem is a problem and its remedy: a command where there is one, null where it depends. */
export type Problem = { readonly text: string; readonly fix: string | null };

/** problemText returns a problem on one line. */
export function problemText({ text, fix }: Problem): string {
  return fix === null ? text : `${text}: ${fix}`;
}

// Text to the right of the mark is indented, so that problems are distinguishable.
const indent = '  ';

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && longer.length > width) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line];
}

/**
 * problemLines returns the lines of a problem, followed by its remedy.
 * @param paint colours the mark before it
 * @param width wraps longer problems; remedies are never wrapped, because people copy them
 */
export function problemLines(
  { text, fix }: Problem,
  paint: (text: string) => string,
  width?: number,
): readonly string[] {
  const [first = '', ...rest] = wrapped(
    escaped(text),
    Math.max(20, (width ?? Number.POSITIVE_INFINITY) - indent.length),
  );
  return [
    `${paint('!')} ${first}`,
    ...rest,
    ...(fix === null ? [] : [`    ${fix.startsWith('see: ') ? '' : 'fix: '}${escaped(fix)}`]),
  ];
}
