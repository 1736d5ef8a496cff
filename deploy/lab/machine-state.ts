// What another process needs to run a program on a machine of the lab: machine.json in the machine's folder.
// Invariant: it is used only while the machine's holder lives; afterwards another process may have the holder's pid.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { messageOf, XnetError } from '../../proto/errors.js';
import { isRunning } from './process-table.js';

const machineState = v.object({
  /** The process that keeps the machine alive. */
  holder: v.object({ pid: v.number(), startTime: v.string() }),
  /** Command prefix that runs a command on the machine: ["nsenter", "--target=4711", …, "--"]. */
  enter: v.array(v.string()),
  /** Environment of programs that run on the machine. */
  env: v.record(v.string(), v.string()),
});

/** MachineState is the content of machine.json. */
export type MachineState = v.InferOutput<typeof machineState>;

/** writeMachineState writes a machine's state into its folder. */
export function writeMachineState(folder: string, state: MachineState): void {
  writeFileSync(join(folder, 'machine.json'), `${JSON.stringify(state, null, 2)}\n`);
}

/**
 * readMachineState reads a machine's state.
 * @throws XnetError NotFound if there is no such machine, FailedPrecondition if it is no longer up
 */
export function readMachineState(folder: string): MachineState {
  const path = join(folder, 'machine.json');
  let state: MachineState;
  try {
    state = v.parse(machineState, JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new XnetError('NotFound', `there is no such machine: ${path}: ${messageOf(error)}`);
  }
  if (isRunning(state.holder)) return state;
  throw new XnetError('FailedPrecondition', `the machine of ${path} is not up any more`, {
    hint: 'remove its lab, see: npm run lab -- list',
  });
}
