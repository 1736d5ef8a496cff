// Collects the failures of one turn as findings, so that one failure does not prevent the other steps.
import { quoted } from '../../proto/domain/input.js';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import type { Finding } from '../reconcile/effect.js';
import { ProgramMissing } from './programs.js';

/** Area is the part that failed: one of the programs, or a sysctl. */
export type Area = 'Nft' | 'Iptables' | 'Conntrack' | 'Forwarding';

// Debian's package names, which most distributions share; elsewhere conntrack is in conntrack-tools.
const packages = {
  Nft: 'nftables',
  Iptables: 'iptables',
  Conntrack: 'conntrack',
  Forwarding: '',
} as const satisfies Record<Area, string>;

const without = {
  Nft: 'without it, addresses of containers are translated and packets from peers are dropped',
  Iptables: "without it, Docker's rules can't be read",
  Conntrack: 'without it, connections opened before the join keep their translated addresses until they end',
  Forwarding: '',
} as const satisfies Record<Area, string>;

// What shows the cause. xnet tries again by itself.
const inspection = {
  Nft: 'nft list ruleset',
  Iptables: 'iptables -S',
  Conntrack: 'conntrack -L',
  Forwarding: 'sysctl -a --pattern forward',
} as const satisfies Record<Area, string>;

/** FailureReason is the reason of a failure in an area. */
export type FailureReason<A extends Area> = `${A}Failed` | `${A}Missing`;

/** FailureCollector collects the failures of one turn. */
export class FailureCollector<A extends Area = Area> {
  readonly list: Finding<FailureReason<A>>[];

  constructor(first: readonly Finding<FailureReason<A>>[] = []) {
    this.list = [...first];
  }

  /**
   * collect runs `work`. A failure becomes a finding, and the result undefined.
   * @throws XnetError Cancelled
   */
  async collect<T>(area: A, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const known = error instanceof XnetError ? error.code !== 'Cancelled' : errnoOf(error) !== undefined;
      if (!known) throw error;
      const finding = findingOf(area, error);
      const isListed = this.list.some(
        ({ reason, message }) => reason === finding.reason && message === finding.message,
      );
      if (!isListed) this.list.push(finding);
      return undefined;
    }
  }
}

function findingOf<A extends Area>(area: A, error: unknown): Finding<FailureReason<A>> {
  const type = area === 'Forwarding' ? 'Forwarding' : 'Firewall';
  const message = messageOf(error);
  return error instanceof ProgramMissing
    ? { ...missingFinding(area, error), type }
    : {
        type,
        transient: true,
        reason: `${area}Failed`,
        message,
        fix: `correct what this reports: ${inspection[area]}`,
      };
}

/** missingFinding reports a program that is not installed. */
export function missingFinding<A extends Area>(area: A, { message }: ProgramMissing): Finding<`${A}Missing`> {
  const fix = `install the package ${packages[area]}`;
  return { type: 'Firewall', transient: false, reason: `${area}Missing`, message: `${message}: ${without[area]}`, fix };
}

/** unusableName returns the finding of an interface name that can't be used in a rule. */
export function unusableName(name: string): Finding<'UnusableInterfaceName'> & { readonly fix: string } {
  const message = `the interface name ${quoted(name)} can't be used in a firewall rule`;
  const fix = 'rename the interface with 1 to 15 of letters, digits, "_", "." and "-"';
  return { type: 'Firewall', transient: false, reason: 'UnusableInterfaceName', message, fix };
}

/** contested is the finding of rules that another program keeps changing. */
export const contested: Finding = {
  type: 'Firewall',
  transient: true,
  reason: 'Contested',
  message: "another program changes xnet's firewall rules as fast as they are made",
  fix: 'find that program with nft monitor, and stop it',
};
