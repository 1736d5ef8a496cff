// Lists under --watch: redrawn in place on a terminal, a stream of changes for programs.
import { isDeepStrictEqual } from 'node:util';
import { XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import type { Kind } from '../output/columns.js';
import { Screen } from '../output/screen.js';
import type { CommandContext } from './context.js';

/** ChangeOutput is one line of `--watch -o jsonl`: an item as in lists, and its change. */
export type ChangeOutput<T> = T & { readonly event: 'added' | 'changed' | 'removed' };

/**
 * changesBetween returns the differences between two versions of a list: removed items, then new and changed ones in
 * the list's order.
 */
export function changesBetween<T extends object>(
  kind: Kind<T>,
  before: readonly T[],
  after: readonly T[],
): readonly ChangeOutput<T>[] {
  const old = new Map(before.map((item) => [kind.nameOf(item), item]));
  const names = new Set(after.map(kind.nameOf));
  const gone = before.filter((item) => !names.has(kind.nameOf(item)));
  return [
    ...gone.map((item) => ({ ...item, event: 'removed' as const })),
    ...after.flatMap((item): ChangeOutput<T>[] => {
      const former = old.get(kind.nameOf(item));
      if (former === undefined) return [{ ...item, event: 'added' }];
      return isDeepStrictEqual(former, item) ? [] : [{ ...item, event: 'changed' }];
    }),
  ];
}

const listEveryMs = 2_000;

/** relisted yields a list, and again whenever it may have changed. Throws the errors of the first listing. */
export async function* relisted<T>(load: () => Promise<readonly T[]>): AsyncGenerator<readonly T[]> {
  let listed = false;
  for (;;) {
    try {
      yield await load();
      listed = true;
    } catch (error) {
      // The next listing may reach a controller again.
      if (!listed || !(error instanceof XnetError) || error.code !== 'Unavailable') throw error;
    }
    await pause(listEveryMs);
  }
}

/** watchLists shows each version of a list that differs from the previous one, until the stream of versions ends. */
export async function watchLists<T extends object>(
  { output }: CommandContext,
  kind: Kind<T>,
  lists: AsyncIterable<readonly T[]>,
): Promise<void> {
  const { format } = output.options;
  const screen = new Screen(process.stdout, format === 'yaml' ? '---' : '');
  let last: readonly T[] | undefined;
  for await (const items of lists) {
    const changes = changesBetween(kind, last ?? [], items);
    if (last !== undefined && changes.length === 0) continue;
    last = items;
    if (format === 'jsonl') for (const change of changes) output.jsonLine(change);
    else screen.draw(await output.listText(kind, items));
  }
}
