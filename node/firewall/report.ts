// Compares the desired firewall with the installed one, for `xnetd status`. Pure.
import type { Finding } from '../reconcile/effect.js';
import type { DesiredFirewall } from './desired.js';
import type { ForwardingPlan, ForwardingReason, ForwardingState } from './forwarding.js';
import type { Backend } from './iptables-save.js';
import type { LookReason } from './look.js';
import { countChanges, type FirewallPlan, type ObservedFirewall, type PlannedReason } from './plan.js';
import { setName } from './ruleset.js';

/** ReportReason is the reason of a finding of a report. */
export type ReportReason = LookReason | PlannedReason | ForwardingReason | 'LanPacketsDropped';

/** FirewallReport says how much of the desired firewall is installed. `Reason`: see Finding. */
export type FirewallReport<Reason extends string = string> = {
  /** Our nftables table. "unknown": it could not be listed. */
  readonly table: 'installed' | 'differs' | 'missing' | 'foreign' | 'unknown';
  /** Number of peers' subnets that are admitted. */
  readonly peers: { readonly desired: number; readonly installed: number };
  /** Our rules in each iptables backend. "unused": Docker has no chains there. */
  readonly rules: readonly { readonly backend: Backend; readonly state: 'installed' | 'differs' | 'unused' }[];
  /** Whether net.ipv4.ip_forward is 1. */
  readonly forwarding: boolean;
  /** Number of changes that the next turn will make. */
  readonly changes: number;
  readonly findings: readonly Finding<Reason>[];
  /** Informational: one line each. */
  readonly notes: readonly string[];
};

/** ReportInput holds the inputs of reportOf. */
export type ReportInput = {
  readonly desired: DesiredFirewall;
  readonly observed: ObservedFirewall;
  readonly plan: FirewallPlan;
  readonly state: ForwardingState;
  readonly forwarding: ForwardingPlan;
  /** Failures while observing. */
  readonly findings: readonly Finding<LookReason | 'LanPacketsDropped'>[];
};

/** reportOf builds the report. */
export function reportOf({
  desired,
  observed,
  plan,
  state,
  forwarding,
  findings,
}: ReportInput): FirewallReport<ReportReason> {
  return {
    table: tableState(observed, plan),
    peers: { desired: desired.peers.length, installed: installedPeers(desired, observed) },
    rules: [...plan.rules].map(([backend, { changes, used }]) => ({
      backend,
      state: changes > 0 ? 'differs' : used ? 'installed' : 'unused',
    })),
    forwarding: state.host === '1',
    changes: countChanges(plan) + (forwarding.turnOn ? 1 : 0),
    findings: [...findings, ...plan.findings, ...forwarding.findings],
    notes: [...plan.notes, ...forwarding.notes],
  };
}

function tableState({ table }: ObservedFirewall, plan: FirewallPlan): FirewallReport['table'] {
  if (table === undefined) return 'unknown';
  if (table === 'none') return 'missing';
  if (!table.ours) return 'foreign';
  return plan.table.kind === 'none' ? 'installed' : 'differs';
}

function installedPeers({ peers }: DesiredFirewall, { table }: ObservedFirewall): number {
  if (table === undefined || table === 'none' || !table.ours) return 0;
  const sets = table.table?.sets;
  return peers.filter(({ network, length }) => sets?.get(setName(length))?.has(network) === true).length;
}
