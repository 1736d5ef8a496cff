// Converts wire values to output values: enum names to lower case, empty texts to null. Pure.

/** stateOf returns an enum's name for programs: "NODE_STATE_READY" is "ready"; "unknown" for a newer server's. */
export function stateOf(wire: string, prefix: string): string {
  const name = String(wire);
  return name.startsWith(prefix) && !name.endsWith('_UNSPECIFIED')
    ? name.slice(prefix.length).toLowerCase()
    : 'unknown';
}

/** orNull returns null for an empty text, which means absent on the wire. */
export function orNull(text: string): string | null {
  return text === '' ? null : text;
}

/** leaseStateOf returns the state of a lease: "wanted", "in force" or "ending". */
export function leaseStateOf(wire: string): string {
  return stateOf(wire, 'LEASE_STATE_').replace('_', ' ');
}
