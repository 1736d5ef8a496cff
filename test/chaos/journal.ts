// The history of a run: every operation and every fault with its begin, end and result.
import type { Fault, Operation } from './plan.js';

/** OperationEntry is one operation. Times are in milliseconds since 1970. */
export type OperationEntry = {
  readonly operation: Operation;
  readonly beginMs: number;
  endMs: number | undefined;
  /** "ok", or why it failed. */
  result: string;
};

/** Mutation is one call that changes the store; it is repeated with its id until its outcome is known. */
export type Mutation = {
  readonly operationId: string;
  readonly call: string;
  /** The name of the node. */
  readonly node: string;
  readonly beginMs: number;
  endMs: number | undefined;
  attempts: number;
  /** Whether nothing was to be changed. */
  unchanged: boolean;
  /** "OK", or the code of the error that it ended with; undefined: its outcome is not known. */
  outcome: string | undefined;
};

/** FaultEntry is one fault: it ends when what it broke is whole again, which may be later than planned. */
export type FaultEntry = {
  readonly fault: Fault;
  readonly beginMs: number;
  endMs: number | undefined;
};

/** Journal collects them, and prints each as it begins and ends. */
export class Journal {
  readonly startMs = Date.now();
  readonly operations: OperationEntry[] = [];
  readonly mutations: Mutation[] = [];
  readonly faults: FaultEntry[] = [];
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** say prints a line with the time since the beginning. */
  say(line: string): void {
    this.#print(`${((Date.now() - this.startMs) / 1000).toFixed(1).padStart(7)} s  ${line}`);
  }

  /** operation records an operation while it runs. Its failure is recorded, not thrown. */
  async operation(operation: Operation, run: () => Promise<void>): Promise<void> {
    const entry: OperationEntry = { operation, beginMs: Date.now(), endMs: undefined, result: '' };
    this.operations.push(entry);
    const { do: what, ...on } = operation;
    const name = `${what} ${Object.entries(on).flat().join(' ')}`;
    this.say(name);
    try {
      await run();
      entry.result = 'ok';
    } catch (error) {
      entry.result = error instanceof Error ? error.message : String(error);
    }
    entry.endMs = Date.now();
    this.say(`${name}: ${entry.result} after ${((entry.endMs - entry.beginMs) / 1000).toFixed(1)} s`);
  }

  /** fault records the beginning of a fault. */
  fault(fault: Fault): FaultEntry {
    const entry: FaultEntry = { fault, beginMs: Date.now(), endMs: undefined };
    this.faults.push(entry);
    this.say(`-- ${faultText(fault)}`);
    return entry;
  }

  /** mended records the end of a fault. */
  mended(entry: FaultEntry): void {
    entry.endMs = Date.now();
    this.say(`-- ${faultText(entry.fault)}: mended`);
  }
}

/** faultText names a fault for people: "member killed 2". */
export function faultText(fault: Fault): string {
  const { break: what, ...on } = fault;
  return [what, ...Object.entries(on).flat()].join(' ');
}
