// OPERATIONS.md as a script: its commands and the expected output of each.
// Invariant: the output has to match the page, except for parts that differ in every run (ids, times, revisions).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../deploy/lab/paths.js';

/** PageCommand is one command of a block. */
export type PageCommand = {
  /** The text before the prompt: "etcd-2"; empty for the operator's own machine. */
  readonly machine: string;
  readonly command: string;
  /** The lines below the command; "..." matches any lines. */
  readonly shown: readonly string[];
  /** The code in "[exit 8]"; 0 if absent. */
  readonly exit: number;
};

/** PageSection is a section: its title, and those of its blocks that have commands. */
export type PageSection = { readonly title: string; readonly blocks: readonly (readonly PageCommand[])[] };

/** readOperations reads OPERATIONS.md. The text before its first section has the title "". */
export function readOperations(): readonly PageSection[] {
  const text = readFileSync(join(repositoryRoot(), 'OPERATIONS.md'), 'utf8');
  return text.split(/^## /m).map((section, index) => ({
    title: index === 0 ? '' : (section.split('\n')[0] ?? ''),
    blocks: [...section.matchAll(/^```\n(.*?)^```$/gms)].map(([, block = '']) => commandsOf(block)),
  }));
}

/**
 * commandsOf parses a block.
 * @throws Error if a line precedes the first command
 */
export function commandsOf(block: string): readonly PageCommand[] {
  const commands: PageCommand[] = [];
  for (const line of block.trimEnd().split('\n')) {
    const [, machine = '', command] = /^([\w-]*)\$ (.*)$/.exec(line) ?? [];
    const last = commands.pop();
    if (command !== undefined) {
      commands.push(...(last === undefined ? [] : [last]), { machine, command, shown: [], exit: 0 });
      continue;
    }
    if (last === undefined) throw new Error(`OPERATIONS.md: no command before: ${line}`);
    const [, exit] = /^\[exit (\d+)\]$/.exec(line) ?? [];
    if (exit !== undefined) commands.push({ ...last, exit: Number(exit) });
    else if (last.command.endsWith('\\')) commands.push({ ...last, command: `${last.command.slice(0, -1)}${line}` });
    else commands.push({ ...last, shown: [...last.shown, line] });
  }
  return commands;
}

// What differs from run to run, with the pattern that matches it. Identifiers are captured.
const variables: readonly (readonly [RegExp, string])[] = [
  [/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/, '([0-9a-f-]{36})'],
  [/^\d{4}-\d\d-\d\dT[\d:.]+Z/, '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z'],
  [/^c\d-[0-9a-f]{4}(?:-[0-9a-f]{4})?\b/, '(c\\d-[0-9a-f]{4}(?:-[0-9a-f]{4})?)'],
  [/^\b[0-9a-f]{14,20}\b/, '([0-9a-f]{12,20})'],
  [/^\brevision \d+/, 'revision \\d+'],
  [/^\bepoch \d{13}\b/, 'epoch \\d{13}'],
  [/^\b\d+ [kM]B\b/, '[\\d.]+ [kM]B'],
  [/^\b\d+[smhd]\b/, '\\d+[smhd]'],
  // Fields of `etcdctl endpoint status`: leader, learner, term, index, applied index.
  [/^(?:true|false), (?:true|false), \d+, \d+, \d+/, '(?:true|false), (?:true|false), \\d+, \\d+, \\d+'],
  [/^ +/, ' +'],
];

/** Known maps identifiers of the page to those of this run. */
export type Known = Map<string, string>;

/** matches reports whether a program's output is as shown, and adds the identifiers in it to the known ones. */
export function matches(shown: readonly string[], printed: string, known: Known): boolean {
  const met: string[] = [];
  const pattern = shown
    .map((line) => (line === '...' ? '(?:.*\\n)*?' : `${patternOf(line, known, met)} *\\n`))
    .join('');
  const found = new RegExp(`^${pattern}$`).exec(`${printed.trimEnd()}\n`.replace(/^\n$/, ''));
  if (found === null) return false;
  for (const [index, text] of met.entries()) known.set(text, found[index + 1] ?? '');
  return true;
}

function patternOf(line: string, known: Known, met: string[]): string {
  let pattern = '';
  let rest = line;
  while (rest !== '') {
    const before = line.slice(0, line.length - rest.length);
    const [text, variable] = variableAt(rest, /\w$/.test(before));
    const real = known.get(text);
    if (variable === undefined || real !== undefined) pattern += escaped(real ?? text);
    else {
      pattern += variable;
      if (variable.startsWith('(') && !variable.startsWith('(?')) met.push(text);
    }
    rest = rest.slice(text.length);
  }
  return pattern;
}

function variableAt(rest: string, withinWord: boolean): readonly [text: string, pattern: string | undefined] {
  for (const [shape, pattern] of variables) {
    const [text] = (withinWord && !rest.startsWith(' ') ? undefined : shape.exec(rest)) ?? [];
    if (text !== undefined) return [text, pattern];
  }
  return [rest.slice(0, 1), undefined];
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** inThisRun returns a command with the identifiers of the page replaced by those of this run. */
export function inThisRun(command: string, known: Known): string {
  let text = command;
  for (const [shown, real] of known) text = text.replaceAll(shown, real);
  return text;
}
