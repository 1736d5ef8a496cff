// From the wire to what xctl prints: enum names in lower case, times as ISO text. Pure.

/** stateOf writes an enum's name as programs get it: "NODE_STATE_READY" is "ready"; "unknown" for a newer server's. */
export function stateOf(wire: string, prefix: string): string {
  const name = String(wire);
  return name.startsWith(prefix) && !name.endsWith('_UNSPECIFIED')
    ? name.slice(prefix.length).toLowerCase()
    : 'unknown';
}

/** orNull makes an absent text, which the wire has as an empty one, null. */
export function orNull(text: string): string | null {
  return text === '' ? null : text;
}
