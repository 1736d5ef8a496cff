// Finds settings of dockerd, in daemon.json or as flags, that conflict with a bip.
// Invariant: a setting that dockerd accepts is a misfit only if dockerd would then not do what the bip is for. Pure.
import { formatPrefix, parseIpv4, prefixContains, prefixCovers, prefixOf } from '../../../proto/domain/address.js';
import { quoted } from '../../../proto/domain/input.js';
import { type Bip, parseBip } from '../engine/bip-value.js';

/** Misfit says why a setting conflicts with a bip; `alternatives` are remedies other than removing the setting. */
export type Misfit = {
  readonly refused: 'BridgeSet' | 'DoesNotFit';
  readonly message: string;
  readonly alternatives: readonly string[];
};

/** OtherSettings are the dockerd settings that a bip must agree with, as texts; empty if not set. */
export type OtherSettings = {
  readonly bridge?: string;
  readonly 'fixed-cidr'?: string;
  readonly 'default-gateway'?: string;
};

/**
 * doesNotFit says why dockerd would not apply these settings together with this bip; undefined if it would. dockerd
 * refuses to start with most of them; it accepts a fixed-cidr outside the subnet and ignores it (measured on 20.10 to
 * 28.5).
 */
export function doesNotFit(wanted: Bip, settings: OtherSettings): Misfit | undefined {
  const subnet = prefixOf(wanted.address, wanted.length);
  const { bridge = '', 'fixed-cidr': fixedCidr = '', 'default-gateway': defaultGateway = '' } = settings;
  if (bridge !== '') {
    const message = `bridge is ${quoted(bridge)}, and dockerd takes a bridge or a bip, not both`;
    return { refused: 'BridgeSet', message, alternatives: ['use bridge mode (xctl nodes add --mode bridge)'] };
  }
  if (fixedCidr !== '') {
    // Host bits are accepted: Go's net.ParseCIDR masks them.
    const range = parseBip(fixedCidr);
    if (range === undefined || !prefixCovers(subnet, prefixOf(range.address, range.length))) {
      const message = `fixed-cidr is ${quoted(fixedCidr)}, which is no part of ${formatPrefix(subnet)}`;
      return { refused: 'DoesNotFit', message, alternatives: [] };
    }
  }
  if (defaultGateway !== '') {
    const gateway = parseIpv4(defaultGateway);
    if (gateway === undefined || !prefixContains(subnet, gateway) || gateway === wanted.address) {
      const message =
        `default-gateway is ${quoted(defaultGateway)}, which is no address of ${formatPrefix(subnet)} for another ` +
        'machine';
      return { refused: 'DoesNotFit', message, alternatives: [] };
    }
  }
  return undefined;
}
