// Words of a command line that is still being typed, as a POSIX shell splits it. Pure.

/** Typed is a line up to the cursor: the words before the last one, and the last one as far as it is typed. */
export type Typed = { readonly before: readonly string[]; readonly current: string };

/**
 * splitLine splits a line into words. Quotes and backslashes are taken as the shell takes them; a quote that is still
 * open goes to the end. Expansions are not made: what they would become is not known here.
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

// bash takes these as ends of words (COMP_WORDBREAKS), and replaces only what stands after them.
const breaks = /^.*[=:]/;

/** forBash is what bash puts in the place of the current word, of which it sees only what follows a ":" or "=". */
export function forBash(value: string, current: string): string {
  const [seen = ''] = breaks.exec(current) ?? [];
  return value.slice(seen.length);
}
