// What is wrong, and what to do about it, as people see it: a line for each. Pure.
import { escaped } from '../domain/text.js';

/** Problem is one thing that is wrong, and what to do about it: a command where there is one, null where it depends. */
export type Problem = { readonly text: string; readonly fix: string | null };

/** problemText is a problem on one line. */
export function problemText({ text, fix }: Problem): string {
  return fix === null ? text : `${text}: ${fix}`;
}

// What is right of the mark begins under the text, so that problems are told apart.
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
 * problemLines are a problem and, below it, what to do.
 * @param paint colours the mark before it
 * @param width a problem that is longer is wrapped; what to do never is, since people copy it
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
