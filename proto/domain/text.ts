// Makes text from outside safe to show in messages, on terminals and in logs.
// Invariant: the results contain no character that moves a cursor, ends a line or reorders text.

/** Checked is a value, or the problem with the text that it was parsed from. */
export type Checked<T> = { readonly value: T } | { readonly problem: string };

// C0, DEL and C1 (ECMA-48), line and paragraph separators, and the marks that change the direction of text (Unicode UAX
// #9), with which one name can look like another.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

// Nearly all texts match this.
const printable = /^[ -~]*$/;

function codeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** escaped returns a text with its control characters as \u001b: on one line, and harmless to a terminal. */
export function escaped(text: string): string {
  return printable.test(text) ? text : text.replace(unsafe, codeOf);
}

/** quoted returns a text from outside for a message: in quotes, control characters escaped, cut at 80 characters. */
export function quoted(text: string): string {
  return escaped(JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text));
}

/** counted returns a count with its noun: "1 node is", "2 nodes are". */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
