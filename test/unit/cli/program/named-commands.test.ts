// The commands that messages, comments and pages name can be typed: they exist, with the options that are named.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { Command } from 'commander';
import { makeProgram } from '../../../../cli/program/program.js';
import { sourcesIn } from '../../../support/import-graph.js';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));
const pages = ['README.md', 'ARCHITECTURE.md', 'OPERATIONS.md', 'SECURITY.md', 'CONTRIBUTING.md'];
const texts = [
  ...['proto', 'controller', 'node', 'cli', 'deploy'].flatMap((part) => sourcesIn(root, part)),
  ...pages.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
];

// A command line in prose: "xctl nodes remove NAME --force", up to whatever ends it.
const commandLine = /\bxctl ((?:(?!, |\bxctl )[^;`'"|()\n])+)/g;

function commandOf(parent: Command, word: string | undefined): Command | undefined {
  return parent.commands.find((each) => each.name() === word || each.aliases().includes(word ?? ''));
}

test('commands of xctl that are named exist, with their options', (t) => {
  const program = makeProgram();
  let checked = 0;
  for (const { path, text } of texts) {
    for (const [line, rest = ''] of text.matchAll(commandLine)) {
      const words = rest.trim().split(/\s+/);
      const group = commandOf(program, words[0]);
      // "xctl refuses it" is a sentence.
      if (group === undefined) continue;
      const isGroup = group.commands.length > 0;
      const command = isGroup && /^[a-z]+$/.test(words[1] ?? '') ? commandOf(group, words[1]) : group;
      t.truthy(command, `${path}: there is no command: ${line}`);
      if (command === undefined) continue;
      const known = [...command.options, ...program.options].flatMap(({ long, short }) => [long, short]);
      for (const flag of words.filter((word) => /^--?[a-z][a-z-]*$/.test(word) && word !== '--help')) {
        t.true(known.includes(flag), `${path}: ${words[0]} ${words[1]} has no ${flag}: ${line}`);
        checked += 1;
      }
    }
  }
  t.true(checked > 100, `${checked} options were checked`);
});
