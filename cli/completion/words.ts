// Splits an incomplete command line into words as a POSIX shell does. Pure.

/** Typed is a line up to the cursor: the complete words, and the incomplete last one. */
export type Typed = { readonly before: readonly string[]; readonly current: string };

/**
 * splitLine splits a line into words. Quotes and backslashes are interpreted as in a shell; an open quote extends to
 * the end. Nothing is expanded, because the results are unknown here.
 */
export function splitLine(line: string): Typed {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === quote) quote = '';
    else if (character === '\\' && quote !== "'") {
      at += 1;
      word = (word ?? '') + line.charAt(at);
    } else word = (word ?? '') + character;
  }
  return { before: words, current: word ?? '' };
}

// bash ends words at these characters (COMP_WORDBREAKS), and replaces only the text after them.
const breaks = /^.*[=:]/;

/** forBash returns the replacement of bash's current word, which begins after the last ":" or "=". */
export function forBash(value: string, current: string): string {
  const [seen = ''] = breaks.exec(current) ?? [];
  return value.slice(seen.length);
}
