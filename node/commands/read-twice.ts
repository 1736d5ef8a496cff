// Reads the kernel's routes a second time, by a reader that shares no code with the daemon's own.
// Invariant: nothing is changed.
import { differences, type FirstReading } from '../kernel/compare-readings.js';
import type { SecondReading } from '../kernel/second-reader.js';

// Routes that change while they are read differ as well, so only differences of every reading are reported.
const readings = 3;

/** Readers are the two readers of the kernel. */
export type Readers = {
  readonly mirror: FirstReading & { refresh(): Promise<unknown> };
  readonly readAgain: () => Promise<SecondReading>;
};

/**
 * secondReader loads the reader that uses node-netlink.
 * @throws Error if its native part can't be loaded
 */
export async function secondReader(): Promise<Readers['readAgain']> {
  return (await import('../kernel/second-reader.js')).readAgain;
}

/** readTwice returns how the readings of the kernel by two libraries differ, if they do; at most one text. */
export async function readTwice({ mirror, readAgain }: Readers, protocol: number): Promise<readonly string[]> {
  let found: readonly string[] = [];
  for (let attempt = 0; attempt < readings; attempt += 1) {
    await mirror.refresh();
    found = differences(mirror, await readAgain(), protocol);
    if (found.length === 0) return [];
  }
  const [first, ...others] = found;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return [`two readings of the kernel differ (${first}${more}): please report this with the output of ip -d route`];
}
