// Reads the kernel's routes a second time, by a reader that shares no code with the daemon's own.
// Invariant: nothing is changed.
import type { Host } from '../host/host.js';
import { differences } from '../kernel/compare-readings.js';

// Routes that change while they are read differ as well, so only differences of every reading are reported.
const readings = 3;

/** readTwice returns how the readings of the kernel by two libraries differ, if they do; at most one text. */
export async function readTwice(host: Host, protocol: number): Promise<readonly string[]> {
  const { readAgain } = await import('../kernel/second-reader.js');
  let found: readonly string[] = [];
  for (let attempt = 0; attempt < readings; attempt += 1) {
    await host.mirror.refresh();
    found = differences(host.mirror, await readAgain(), protocol);
    if (found.length === 0) return [];
  }
  const [first, ...others] = found;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return [`two readings of the kernel differ (${first}${more}): please report this with the output of ip -d route`];
}
