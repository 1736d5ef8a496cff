// Checks of what a fleet promises that hold soon, and not at once.
import type { ExecutionContext } from 'ava';
import type { Proof } from '../../deploy/lab/proofs.js';
import { until } from './until.js';

/** provenSoon proves again until every claim holds, and names those that do not. */
export async function provenSoon(
  t: ExecutionContext,
  when: string,
  prove: () => Promise<readonly Proof[]>,
): Promise<void> {
  let proofs: readonly Proof[] = [];
  await until(when, async () => {
    proofs = await prove();
    return proofs.every(({ holds }) => holds);
  }).catch(() => undefined);
  t.true(proofs.length > 0, when);
  for (const { holds, claim, details } of proofs) t.true(holds, `${when}: ${claim}: ${details.join('; ')}`);
}
