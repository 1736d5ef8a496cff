// Reports when the kernel's connection-tracking table is nearly full. The kernel then drops the first packets of new
// connections, also those of containers, and xnet's rules can't change that.
// Invariant: the limit is the administrator's; it is never changed.
import type { Finding } from '../reconcile/effect.js';
import type { ProcFiles } from './proc.js';

const file = (name: string) => `sys/net/netfilter/nf_conntrack_${name}`;

/** conntrackFindings reports a table of which 95 % are used; nothing where the kernel tracks no connections. */
export async function conntrackFindings(proc: Pick<ProcFiles, 'read'>): Promise<readonly Finding[]> {
  const [count, limit] = (await Promise.all([proc.read(file('count')), proc.read(file('max'))])).map(Number);
  // Undefined becomes NaN, which is greater than nothing.
  if (count === undefined || limit === undefined || !(limit > 0 && count >= limit * 0.95)) return [];
  const message = `the kernel tracks ${count} connections and has room for ${limit}: without room, it drops new ones, also between containers and peers`;
  const fix = `sysctl -w net.netfilter.nf_conntrack_max=${limit * 2} (and in /etc/sysctl.d)`;
  return [{ type: 'Forwarding', transient: true, reason: 'ConntrackFull', message, fix }];
}
