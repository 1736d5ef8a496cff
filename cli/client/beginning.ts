// Resolves a unique prefix of an id or a serial number. Pure.
import { quoted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';

const mostShown = 5;

/**
 * byBeginning returns the item whose id is `text`, or the only one whose id begins with it.
 * @param what "certificate"
 * @throws XnetError NotFound; InvalidArgument for an ambiguous prefix
 */
export function byBeginning<T>(
  what: string,
  items: readonly T[],
  idOf: (item: T) => string,
  text: string,
  seeAlso: string,
): T {
  const exact = items.find((item) => idOf(item) === text);
  if (exact !== undefined) return exact;
  const matches = text === '' ? [] : items.filter((item) => idOf(item).startsWith(text));
  const [only, second] = matches;
  if (only !== undefined && second === undefined) return only;
  if (second === undefined) {
    throw new XnetError('NotFound', `there is no ${what} ${quoted(text.slice(0, 80))}`, { hint: `see: ${seeAlso}` });
  }
  throw new XnetError('InvalidArgument', `${quoted(text)} is ambiguous: it matches ${matches.length} ${what}s`, {
    problems: matches.slice(0, mostShown).map(idOf),
    hint: 'type more characters',
  });
}
