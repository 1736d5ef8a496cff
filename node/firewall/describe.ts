// Describes the changes of a firewall plan, for logs. Pure.
import { formatIpv4 } from '../../proto/domain/address.js';
import type { FirewallPlan } from './plan.js';
import { tableName } from './ruleset.js';

/** describePlan names every change: "xnet: peers + 10.76.1.0/24", "nft: -A DOCKER-USER …". */
export function describePlan({ table, rules }: Pick<FirewallPlan, 'table' | 'rules'>): readonly string[] {
  const what: string[] = [];
  if (table.kind === 'replace') what.push(`${tableName}: written anew`);
  if (table.kind === 'elements') {
    for (const { name, missing, superfluous } of table.sets) {
      what.push(...superfluous.map((element) => `${tableName}: ${name} - ${formatIpv4(element)}`));
      what.push(...missing.map((element) => `${tableName}: ${name} + ${formatIpv4(element)}`));
    }
  }
  for (const [backend, { text, changes }] of rules) {
    if (changes === 0) continue;
    // The lines of the iptables-restore input that change a rule.
    const lines = text.split('\n').filter((line) => /^-[ADIR] /.test(line));
    what.push(...lines.map((line) => `${backend}: ${line}`));
  }
  return what;
}
