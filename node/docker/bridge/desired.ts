// The desired Docker network of one lease of mode bridge or lan. Values only.
import type { Ipv4, Prefix } from '../../../proto/domain/address.js';

/** DesiredBridge is the desired network of one lease of mode bridge or lan. */
export type DesiredBridge = {
  readonly nodeId: string;
  readonly subnet: Prefix;
  readonly gateway: Ipv4;
  /** The part that Docker hands out addresses from; undefined: all of it. */
  readonly range: Prefix | undefined;
  /** Of mode lan, where `subnet` is the LAN and `gateway` its router. */
  readonly lan?: LanPart;
  /** "xnet" */
  readonly networkName: string;
  /** "xnet0" */
  readonly bridgeName: string;
  /** The lease ends: the network is removed once nothing is attached to it. */
  readonly ending: boolean;
  /** For an ending lease: containers are detached first, at an operator's request. */
  readonly detach?: true;
};

/** LanPart holds the values that a desired network has only in mode lan. */
export type LanPart = {
  /** The lease: the part of the LAN that Docker hands out addresses from. */
  readonly lease: Prefix;
  /** The host's own address, which the bridge has. */
  readonly host: Ipv4;
  /** Docker has to accept all that is forwarded to the bridge, see suitedTo. */
  readonly isUnprotected?: boolean;
};
