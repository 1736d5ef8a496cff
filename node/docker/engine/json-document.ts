// A JSON object in a file as dockerd reads it, and edits that change one of its properties and no other byte.
// Invariant: a file that is read here without a problem has the same meaning to Go's encoding/json, in every encoding.
// Adding a property and removing it again restores the original bytes. Pure.
import { isUtf8 } from 'node:buffer';
import { applyEdits, type Edit, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';

/** JsonProperty is one top-level property. */
export type JsonProperty = {
  readonly name: string;
  /** Undefined if it is neither a string nor null. */
  readonly value: string | null | undefined;
  /** Offsets into the text: of the key, of the value's first character, and of the character after its last. */
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
};

/** JsonDocument is one object of a file; an empty file counts as an empty object. */
export type JsonDocument = {
  readonly text: string;
  readonly encoding: TextEncoding;
  /** Offset of the object's opening brace; undefined if the file is empty. */
  readonly brace: number | undefined;
  readonly properties: readonly JsonProperty[];
};

/** TextProblem is a problem at one place of a file. Line and column count characters from 1. */
export type TextProblem = {
  readonly kind: 'Invalid' | 'TooLarge';
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What to change in the file. */
  readonly fix: string;
};

/** TextEncoding is the character encoding of a file. All but plain UTF-8 begin with a byte order mark. */
export type TextEncoding = 'utf8' | 'utf8-bom' | 'utf16le' | 'utf16be';

/** largestFile is the size in bytes above which a file is not read; a real daemon.json has a few hundred. */
export const largestFile = 1024 * 1024;

// Go's encoding/json refuses 10,000 levels (maxNestingDepth); the deepest documented setting of dockerd has 5.
const deepestLevel = 200;

const marks = { utf8: [], 'utf8-bom': [0xef, 0xbb, 0xbf], utf16le: [0xff, 0xfe], utf16be: [0xfe, 0xff] } as const;

/** readDocument parses a file's bytes; undefined means that there is no file. */
export function readDocument(bytes: Buffer | undefined): JsonDocument | TextProblem {
  if (bytes === undefined) return { text: '', encoding: 'utf8', brace: undefined, properties: [] };
  if (bytes.length > largestFile) {
    const message = `the file has ${bytes.length} bytes; more than ${largestFile} are not read`;
    return problemAt('', 0, { kind: 'TooLarge', message, fix: 'make it smaller' });
  }
  const encoding = encodingOf(bytes);
  const text = decode(bytes, encoding);
  const damaged = undecodable(bytes, encoding);
  if (damaged !== undefined) return problemAt(text, damaged.offset, { kind: 'Invalid', ...damaged.problem });
  if (/^[\t\n\r ]*$/.test(text)) return { text, encoding, brace: undefined, properties: [] };
  const tooDeep = firstDeeperThan(text, deepestLevel);
  if (tooDeep !== undefined) {
    const message = `more than ${deepestLevel} levels of { and [`;
    return problemAt(text, tooDeep, { kind: 'TooLarge', message, fix: `nest at most ${deepestLevel} levels` });
  }
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  const [error] = errors;
  if (error !== undefined) return problemAt(text, error.offset, { kind: 'Invalid', ...describe(text, error) });
  if (root?.type !== 'object') {
    const problem = { message: 'the file is not one object', fix: 'put the settings between { and }' };
    return problemAt(text, root?.offset ?? 0, { kind: 'Invalid', ...problem });
  }
  return { text, encoding, brace: root.offset, properties: (root.children ?? []).map(propertyOf) };
}

/** problemAt returns a problem at an offset into a text. */
export function problemAt(
  text: string,
  offset: number,
  problem: Pick<TextProblem, 'kind' | 'message' | 'fix'>,
): TextProblem {
  // \r\n, \n and \r each end a line, as editors count.
  const lines = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { ...problem, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

/** readValue returns the value of a property, whatever its type. */
export function readValue({ text }: JsonDocument, { valueStart, end }: JsonProperty): unknown {
  return JSON.parse(text.slice(valueStart, end));
}

/** withValue returns the file's bytes with another value of an existing property. */
export function withValue(document: JsonDocument, property: JsonProperty, value: unknown): Buffer {
  return apply(document, {
    offset: property.valueStart,
    length: property.end - property.valueStart,
    content: JSON.stringify(value),
  });
}

/** withProperty returns the file's bytes with one more property at the end, formatted like the one before it. */
export function withProperty(document: JsonDocument, name: string, value: unknown): Buffer {
  const { text, brace, properties } = document;
  const pair = `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
  if (brace === undefined) {
    // White space of an empty file stays after the object.
    return apply(document, { offset: 0, length: 0, content: `{\n  ${pair}\n}${text === '' ? '\n' : ''}` });
  }
  const last = properties.at(-1);
  if (last === undefined) {
    const inner = /^[\t\n\r ]*/.exec(text.slice(brace + 1))?.[0] ?? '';
    const newline = /\r\n|\n|\r/.exec(inner)?.[0];
    const before = newline === undefined ? inner : `${newline}  `;
    return apply(document, { offset: brace + 1, length: 0, content: `${before}${pair}` });
  }
  const gap = /[\t\n\r ]*$/.exec(text.slice(0, last.start))?.[0] ?? '';
  // The file's own style is kept, such as `"mtu":1400` without a blank after the colon.
  const colon = /[\t\n\r ]*:[\t ]*$/.exec(text.slice(last.start, last.valueStart))?.[0] ?? ': ';
  const content = `,${gap}${JSON.stringify(name)}${/[\n\r]/.test(colon) ? ': ' : colon}${JSON.stringify(value)}`;
  return apply(document, { offset: last.end, length: 0, content });
}

/** withoutProperty returns the file's bytes without an existing property, its comma and the white space before it. */
export function withoutProperty(document: JsonDocument, property: JsonProperty): Buffer {
  const index = document.properties.indexOf(property);
  const previous = document.properties[index - 1];
  const next = document.properties[index + 1];
  const cut = (from: number, to: number) => apply(document, { offset: from, length: to - from, content: '' });
  if (previous !== undefined) {
    const comma = document.text.indexOf(',', previous.end);
    return cut(comma, property.end);
  }
  if (next !== undefined) return cut(property.start, next.start);
  return cut((document.brace ?? 0) + 1, property.end);
}

function apply(document: JsonDocument, edit: Edit): Buffer {
  const text = applyEdits(document.text, [edit]);
  const mark = Buffer.from(marks[document.encoding]);
  if (document.encoding === 'utf8' || document.encoding === 'utf8-bom') return Buffer.concat([mark, Buffer.from(text)]);
  const body = Buffer.from(text, 'utf16le');
  return Buffer.concat([mark, document.encoding === 'utf16be' ? body.swap16() : body]);
}

function propertyOf(node: Node): JsonProperty {
  const [key, value] = node.children ?? [];
  return {
    name: String(key?.value),
    value: value?.type === 'string' || value?.type === 'null' ? value.value : undefined,
    start: node.offset,
    valueStart: value?.offset ?? node.offset,
    end: node.offset + node.length,
  };
}

// The byte order marks that dockerd recognises since 23.0 (golang.org/x/text/encoding/unicode, BOMOverride).
function encodingOf(bytes: Buffer): TextEncoding {
  for (const encoding of ['utf8-bom', 'utf16le', 'utf16be'] as const) {
    if (marks[encoding].every((byte, index) => bytes[index] === byte)) return encoding;
  }
  return 'utf8';
}

function decode(bytes: Buffer, encoding: TextEncoding): string {
  const body = bytes.subarray(marks[encoding].length);
  if (encoding === 'utf16le') return body.toString('utf16le');
  if (encoding !== 'utf16be') return body.toString('utf8');
  // swap16 works in place, and only on whole pairs.
  const even = Buffer.from(body.subarray(0, body.length - (body.length % 2)));
  return even.swap16().toString('utf16le');
}

type Complaint = Pick<TextProblem, 'message' | 'fix'>;

function undecodable(
  bytes: Buffer,
  encoding: TextEncoding,
): { readonly offset: number; readonly problem: Complaint } | undefined {
  const fix = 'save the file as UTF-8';
  const body = bytes.subarray(marks[encoding].length);
  if (encoding === 'utf16le' || encoding === 'utf16be') {
    if (body.length % 2 === 0) return undefined;
    return { offset: body.length >> 1, problem: { message: 'the file is UTF-16 and ends within a character', fix } };
  }
  if (!isUtf8(body)) {
    const decoded = body.toString('utf8');
    const again = Buffer.from(decoded);
    const byte = again.findIndex((value, index) => value !== body[index]);
    const offset = again.subarray(0, byte).toString('utf8').length;
    return { offset, problem: { message: 'the file is not UTF-8 here', fix } };
  }
  const nul = body.indexOf(0);
  if (nul < 0) return undefined;
  const hint = nul < 4 ? ' (UTF-16 without a byte order mark?)' : '';
  return { offset: body.subarray(0, nul).toString('utf8').length, problem: { message: `a NUL byte${hint}`, fix } };
}

function firstDeeperThan(text: string, levels: number): number | undefined {
  let depth = 0;
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|[{[]|[}\]]/g)) {
    if (match[0] === '{' || match[0] === '[') depth += 1;
    else if (match[0] === '}' || match[0] === ']') depth -= 1;
    if (depth > levels) return match.index;
  }
  return undefined;
}

function describe(text: string, error: ParseError): Complaint {
  const here = text.slice(error.offset, error.offset + 2);
  if (here === '//' || here === '/*' || here[0] === '#') {
    return { message: 'a comment, which dockerd refuses', fix: 'remove the comment' };
  }
  const before = text.slice(0, error.offset).trimEnd();
  if ((here[0] === '}' || here[0] === ']') && before.endsWith(',')) {
    return { message: `a comma before ${here[0]}`, fix: 'remove the comma' };
  }
  if (here[0] === "'")
    return { message: 'a string in single quotes, which JSON does not allow', fix: 'write the string in "…"' };
  return { message: `not JSON (${printParseErrorCode(error.error)})`, fix: 'correct the file' };
}
