#!/usr/bin/env node
// xctl: the command line of operators. Each command is loaded when it runs.
import { exitCodes } from '../proto/errors.js';
import { runProgram } from '../proto/process/program.js';
import { makeProgram } from './program/program.js';

// The reader of our output may stop early: `xctl nodes list | head -1`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.ok);
    throw error;
  });
}

// The format applies even if the rest of the command line is invalid.
function isForPrograms(format: string): boolean {
  return format === 'json' || format === 'jsonl';
}

async function main(): Promise<void> {
  // Called by the completion scripts; not a command, so that its words are not parsed as options.
  const [, , first, ...words] = process.argv;
  if (first === '__complete') {
    const { complete } = await import('./completion/complete.js');
    await complete(makeProgram(), words);
  } else {
    const program = makeProgram();
    await runProgram(program, { jsonErrors: () => isForPrograms(program.opts<{ output: string }>().output) });
  }
}

// Only closing connections are left, which need not be awaited.
function end(): void {
  if (process.stdout.writableLength > 0) process.stdout.once('drain', () => process.exit());
  else process.exit();
}

// No top-level await: the bundle is a script.
void main().then(end);
