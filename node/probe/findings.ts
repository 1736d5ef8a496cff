// Turns the probe's verdict into findings for this host. Pure.
import { formatIpv4 } from '../../proto/domain/address.js';
import { echoIgnoredReason, mostSilentReported, type SilentPeer } from '../../proto/domain/network.js';
import type { Finding } from '../reconcile/effect.js';
import type { ProbedPeer, ProbeVerdict, Silent } from './rounds.js';

const mostNamed = 3;

function named(list: readonly string[]): string {
  const more = list.length > mostNamed ? [`and ${list.length - mostNamed} more`] : [];
  return [...list.slice(0, mostNamed), ...more].join(', ');
}

// Orders the peers for a message that can't name all: first those whose host answers, then those that fell silent last.
// Hosts that have long been off, or were never set up, must not hide one that was cut off.
function inOrder({ silent }: ProbeVerdict): readonly Silent[] {
  return [...silent].sort((a, b) => Number(b.hostAnswers) - Number(a.hostAnswers) || b.sinceMs - a.sinceMs);
}

function describe({ peer, hostAnswers }: Silent): string {
  const host = `its host ${formatIpv4(peer.address)} ${hostAnswers ? 'answers' : 'does not answer either'}`;
  return `${peer.nodeName} (${formatIpv4(peer.gateway)}; ${host})`;
}

function largeLost(peers: readonly ProbedPeer[], underlay: string, mtu: number): Finding {
  const list = named(peers.map(({ nodeName, gateway }) => `${nodeName} (${formatIpv4(gateway)})`));
  return {
    type: 'DataPath',
    transient: false,
    reason: 'LargePacketsLost',
    message: `packets of ${mtu} bytes get no answer from ${list}, small ones do: the MTU differs between hosts`,
    fix: `give the underlay of all hosts the same MTU (here: ip link set ${underlay} mtu ${mtu})`,
  };
}

/**
 * probeFindings reports problems of the data path. Silent peers are notes: only the controllers, which receive the
 * list, can distinguish a peer that is down from one that is cut off.
 * @param underlay the interface, "eth0", and its MTU in bytes
 */
export function probeFindings(
  verdict: ProbeVerdict,
  underlay: { readonly name: string; readonly mtu: number },
): readonly Finding[] {
  const silent = inOrder(verdict);
  const { largeLost: lost } = verdict;
  const findings: Finding[] = [];
  if (lost.length > 0) findings.push(largeLost(lost, underlay.name, underlay.mtu));
  if (silent.length > 0) {
    const message = `no answer to probes from ${named(silent.map(describe))}`;
    findings.push({ type: 'DataPath', transient: false, isNote: true, reason: 'NoAnswer', message });
  }
  return findings;
}

/**
 * echoFindings reports a host that does not answer echo requests: peers that probe it can't distinguish it from one
 * that is cut off.
 * @param ignored net.ipv4.icmp_echo_ignore_all: "1"; undefined if it can't be read
 */
export function echoFindings(ignored: string | undefined): readonly Finding[] {
  if (ignored === undefined || ignored === '0') return [];
  const message =
    'this host answers no ICMP echo (net.ipv4.icmp_echo_ignore_all is 1), so peers can not find out whether packets ' +
    'reach it';
  const fix = 'sysctl -w net.ipv4.icmp_echo_ignore_all=0 (and in /etc/sysctl.d)';
  return [{ type: 'DataPath', transient: false, reason: echoIgnoredReason, message, fix }];
}

/** silentPeersOf returns the silent peers in the form of the report. */
export function silentPeersOf(verdict: ProbeVerdict): readonly SilentPeer[] {
  return inOrder(verdict)
    .slice(0, mostSilentReported)
    .map(({ peer, hostAnswers, sinceMs }) => ({
      nodeName: peer.nodeName,
      gateway: peer.gateway,
      hostAnswers,
      sinceMs,
    }));
}
