// Named steps of what a program does: the places where tests kill it, hold it, or change the host under it.
// Invariant: nothing in a program decides what happens at a step. The caller that composes the program passes the steps
// in; the entry points of the programs pass none, so no setting and no variable of the environment can switch one on.

/** Steps is told of each step when it is reached, and awaited: a test ends the process there, or waits. */
export type Steps = { reached(step: string): Promise<void> | void };

/** noSteps does nothing at any step. */
export const noSteps: Steps = { reached: () => undefined };
