// Lists with at least one element.
// Invariant: the type holds only what isNonEmpty has checked or a literal shows.

/** NonEmpty is a list with at least one element. */
export type NonEmpty<T> = readonly [T, ...T[]];

/** isNonEmpty returns whether a list has an element. */
export function isNonEmpty<T>(list: readonly T[]): list is NonEmpty<T> {
  return list.length > 0;
}
