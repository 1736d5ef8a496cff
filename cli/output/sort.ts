// Sorts lists by one of their fields, for --sort-by. Pure.
import { quoted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';

function fieldOf(item: unknown, path: readonly string[]): unknown {
  let value = item;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

// Numeric: "web-10" after "web-9", 10.76.10.0 after 10.76.9.0.
const collator = new Intl.Collator('en', { numeric: true });

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return collator.compare(String(a), String(b));
}

const isKnown = (value: unknown) => value !== undefined && value !== null;

/**
 * sortedBy returns items sorted by a field of their JSON, "createdAt" or "usage.free". Items without it come last.
 * @throws XnetError InvalidArgument when none has it
 */
export function sortedBy<T extends object>(items: readonly T[], field: string): readonly T[] {
  const path = field.split('.');
  const [first] = items;
  if (first !== undefined && items.every((item) => fieldOf(item, path) === undefined)) {
    throw new XnetError('InvalidArgument', `--sort-by: there is no field ${quoted(field)}`, {
      hint: `there are ${Object.keys(first).join(', ')}; parts of one are named so: usage.free`,
    });
  }
  return items
    .map((item) => ({ item, value: fieldOf(item, path) }))
    .sort((a, b) => {
      if (!isKnown(a.value) || !isKnown(b.value)) return Number(isKnown(b.value)) - Number(isKnown(a.value));
      return compare(a.value, b.value);
    })
    .map(({ item }) => item);
}
