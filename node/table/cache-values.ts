// The form of values in the files of the cache: short, because there are thousands of them. Pure.
import * as v from 'valibot';
import { parseIpv4, parsePrefix } from '../../proto/domain/address.js';
import type { Route } from '../../proto/domain/network.js';

function parsed<T>(parse: (text: string) => T | undefined, what: string) {
  return v.pipe(
    v.string(),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: `not ${what}` });
      return NEVER;
    }),
  );
}

/** address is an IPv4 address: "192.168.83.12". */
export const address = parsed(parseIpv4, 'an address');

/** prefix is a CIDR: "10.76.3.0/24". */
export const prefix = parsed(parsePrefix, 'a CIDR');

/** isStatic is the additional field of a static route. Older versions ignore it. */
export const isStatic = v.optional(v.literal('static'));

/** routeFrom returns a route of its kind. */
export function routeFrom(route: Route, kind: 'static' | undefined): Route {
  return kind === undefined ? route : { ...route, isStatic: true };
}

/** kindOf returns the kind of a route, for the end of its text. */
export function kindOf({ isStatic: is }: Route): readonly string[] {
  return is ? ['static'] : [];
}
