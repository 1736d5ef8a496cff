// Shrinks a plan that fails to one that still fails, with fewer steps: delta debugging (Zeller and Hildebrandt, 2002).
import type { Plan } from './plan.js';

/**
 * shrink removes ever smaller parts of a plan while `fails` holds for what is left.
 * @param fails runs a plan; a failure that depends on chance may be missed, so the result is small, not the smallest
 */
export async function shrink(plan: Plan, fails: (smaller: Plan) => Promise<boolean>): Promise<Plan> {
  let steps = plan.steps;
  let parts = 2;
  while (steps.length > 1) {
    const size = Math.ceil(steps.length / parts);
    let smaller: Plan['steps'] | undefined;
    for (let from = 0; from < steps.length && smaller === undefined; from += size) {
      const rest = [...steps.slice(0, from), ...steps.slice(from + size)];
      if (rest.length > 0 && (await fails({ ...plan, steps: rest }))) smaller = rest;
    }
    if (smaller !== undefined) {
      steps = smaller;
      parts = Math.max(parts - 1, 2);
    } else if (size === 1) break;
    else parts = Math.min(parts * 2, steps.length);
  }
  return { ...plan, steps };
}
