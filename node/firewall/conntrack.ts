// Flows that began before our table was installed keep the translation that Docker gave them for as long as they last.
// Invariant: only flows from our subnets to a pool whose source is translated are deleted, so that each begins anew.
// Flows that keep their source are not touched.
// The filter of conntrack(8) for translated sources, --src-nat, also matches the identity translation of our own table
// (1.4.7). The address that replies go to distinguishes them.
import { formatPrefix, type Ipv4, type Prefix, parseIpv4, prefixContains } from '../../proto/domain/address.js';
import type { Exec } from '../../proto/process/exec.js';
import { programFailure, runFirewallProgram } from './programs.js';

/** translatedSources returns the addresses that sources in `own` are translated to, from the lines of `conntrack -L`. */
export function translatedSources(own: Prefix, listing: string): readonly string[] {
  const sources = new Set<string>();
  for (const line of listing.split('\n')) {
    // Each line has two tuples: the original direction, then the reply, whose destination is the translated source.
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
 * forgetTranslated deletes the conntrack entries of flows from `own` to `pools` whose source is translated. It returns
 * their number.
 * @throws XnetError ProgramMissing when conntrack(8) is not installed, FailedPrecondition when it fails
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
      // Exit code 1: no entry was left.
      if (deleted.code > 1) throw programFailure('conntrack -D failed', deleted);
      forgotten += deleted.stdout.split('\n').filter((line) => line !== '').length;
    }
  }
  return forgotten;
}
