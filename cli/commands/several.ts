// Commands that take several names: executed for one after the other, printed together.
import { XnetError } from '../../proto/errors.js';
import type { Run } from '../client/context.js';

/**
 * eachName turns a command for one name into one for several. It tries all names before it reports failures, with the
 * exit code of the first one.
 */
export function eachName<Options>(run: Run<Options, [string]>): Run<Options, [readonly string[]]> {
  return async (context, options, names) => {
    const [only, second] = names;
    if (only !== undefined && second === undefined) return run(context, options, only);
    const failures: { readonly name: string; readonly error: XnetError }[] = [];
    await context.output.together(async () => {
      for (const name of new Set(names)) {
        try {
          await run(context, options, name);
        } catch (error) {
          if (!(error instanceof XnetError)) throw error;
          failures.push({ name, error });
        }
      }
    });
    throwTogether(failures, names.length);
  };
}

function throwTogether(
  failures: readonly { readonly name: string; readonly error: XnetError }[],
  howMany: number,
): void {
  const [first, second] = failures;
  if (first === undefined) return;
  if (second === undefined) throw first.error;
  const { code, hint } = first.error;
  throw new XnetError(code, `${failures.length} of ${howMany} failed`, {
    problems: failures.map(({ name, error }) => `${name}: ${error.message}`),
    ...(hint === undefined ? {} : { hint }),
  });
}
