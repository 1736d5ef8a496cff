// Flows that began before our table was there keep the translation that Docker gave them, for as long as they last.
// Invariant: only flows from our subnet to a pool whose source is translated are forgotten, each to begin anew; those
// that keep their source are not touched.
//
// conntrack(8) has a filter for translated sources, --src-nat, that the identity translation of our own table passes
// too (1.4.7). The address that answers go to tells them apart.
import { formatPrefix, type Ipv4, type Prefix, parseIpv4, prefixContains } from '../../proto/domain/address.js';
import type { Exec } from '../../proto/process/exec.js';
import { programFailure, runFirewallProgram } from './programs.js';

/** translatedSources are the addresses that sources in `own` are translated to, from lines of `conntrack -L`. */
export function translatedSources(own: Prefix, listing: string): readonly string[] {
  const sources = new Set<string>();
  for (const line of listing.split('\n')) {
    // Two tuples a line: that of the first packet, then that of its answer, which goes to where the first came from.
    const [source, answersTo] = [/ src=(\S+)/.exec(line)?.[1], [...line.matchAll(/ dst=(\S+)/g)][1]?.[1]];
    const [from, to] = [parseIpv4(source ?? ''), parseIpv4(answersTo ?? '')];
    if (isIn(own, from) && to !== undefined && from !== to && answersTo !== undefined) sources.add(answersTo);
  }
  return [...sources];
}

function isIn(prefix: Prefix, address: Ipv4 | undefined): boolean {
  return address !== undefined && prefixContains(prefix, address);
}

/**
 * forgetTranslated forgets the flows from `own` to any of `pools` whose source is translated. Returns how many.
 * @throws XnetError ProgramMissing when there is no conntrack(8), FailedPrecondition when it fails
 */
export async function forgetTranslated(
  exec: Exec,
  own: Prefix,
  pools: readonly Prefix[],
  signal: AbortSignal,
): Promise<number> {
  let forgotten = 0;
  for (const pool of pools) {
    const flows = ['-f', 'ipv4', '-s', formatPrefix(own), '-d', formatPrefix(pool)];
    const listed = await runFirewallProgram(exec, ['conntrack', '-L', ...flows], { signal });
    if (listed.code !== 0) throw programFailure('conntrack -L failed', listed);
    for (const source of translatedSources(own, listed.stdout)) {
      const deleted = await runFirewallProgram(exec, ['conntrack', '-D', ...flows, '--reply-dst', source], { signal });
      // 1: none was left.
      if (deleted.code > 1) throw programFailure('conntrack -D failed', deleted);
      forgotten += deleted.stdout.split('\n').filter((line) => line !== '').length;
    }
  }
  return forgotten;
}
