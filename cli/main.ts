#!/usr/bin/env node
// xctl: the command line of operators. Each command is loaded when it runs.
import { runProgram } from '../proto/process/program.js';
import { makeProgram } from './program/program.js';

// The format applies even if the rest of the command line is invalid.
function isForPrograms(format: string): boolean {
  return format === 'json' || format === 'jsonl';
}

async function main(): Promise<void> {
  // Called by the completion scripts; not a command, so that its words are not parsed as options.
  const [, , first, ...words] = process.argv;
  if (first === '__complete') {
    process.stdout.on('error', () => process.exit());
    const { complete } = await import('./completion/complete.js');
    await complete(makeProgram(), words);
  } else {
    const program = makeProgram();
    await runProgram(program, { jsonErrors: () => isForPrograms(program.opts<{ output: string }>().output) });
  }
}

// Only closing connections are left, which need not be awaited.
function end(): void {
  // runProgram ends a program whose output could not be written.
  if (process.stdout.errored != null) return;
  if (process.stdout.writableLength > 0) process.stdout.once('drain', () => process.exit());
  else process.exit();
}

// No top-level await: the bundle is a script.
void main().then(end);
