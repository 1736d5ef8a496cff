// Where each reason of preflight about the rest of a host is triggered, and cleared by its fix.
import type { HostReason } from '../../node/preflight/reasons.js';
import type { PreflightProof } from './preflight-proof.js';

function proof(fixture: string, group: string): PreflightProof {
  return { fixture, test: 'net/preflight', title: `${group}: each finding is triggered, and its fix clears it` };
}

const underlay = proof('support/preflight-underlay', 'the underlay of a host');
const machine = proof('support/preflight-machine', 'the machine');
const network = proof('net/preflight.test', 'the network of a host');
const addresses = proof('net/preflight.test', 'the addresses of a host');
const programs = proof('support/preflight-programs', 'R3 the programs of a host');
const lan = proof('support/preflight-lan', 'the interface for mode lan');

/** hostProofs names the fixture of each reason. */
export const hostProofs: Readonly<Record<HostReason, PreflightProof>> = {
  AddressElsewhere: underlay,
  AddressMismatch: underlay,
  AddressMissing: underlay,
  ClockWrong: machine,
  ConntrackMissing: programs,
  ControllerUnreachable: machine,
  DefaultPoolsOverlap: addresses,
  FirewalldDrops: programs,
  ForeignRoute: addresses,
  ForeignTable: network,
  ForwardingOff: network,
  InVrf: underlay,
  InterfaceDown: underlay,
  InterfaceForwardingOff: network,
  InterfaceMissing: underlay,
  IptablesFailed: machine,
  IptablesMissing: programs,
  LanDhcpClient: lan,
  LanInet6: lan,
  LanNoAddress: lan,
  LanNotEthernet: lan,
  LanOpensHost: lan,
  LanPacketsDropped: lan,
  LanPortAuthenticated: lan,
  LanPortDown: lan,
  LanPortManaged: lan,
  LanPortShared: lan,
  LanPortTaken: lan,
  LanRuleNamesPort: lan,
  LanRulesNamePort: lan,
  LanWireless: lan,
  LeaseUnknown: addresses,
  MtuBelowDocker: network,
  MtuDiffers: network,
  NeighbourTableSmall: machine,
  NetworkManagerTakesBridges: programs,
  NetworkdRemovesRoutes: programs,
  NftFailed: machine,
  NftMissing: programs,
  NoAddress: underlay,
  NoDefaultRoute: underlay,
  NoNextHops: machine,
  NotLookedAt: machine,
  NotOnLink: underlay,
  OwnSubnetRouted: addresses,
  PacketsDropped: network,
  PeerSilent: network,
  PolicyRules: network,
  PoolOverlapsDocker0: addresses,
  PoolOverlapsHost: addresses,
  ReversePathStrict: network,
  SelinuxEnforces: programs,
  SeveralDefaultRoutes: underlay,
  StateFull: machine,
  StateUnwritable: machine,
  SubnetTaken: addresses,
  UfwActive: programs,
  UfwDrops: programs,
  UnusableInterfaceName: machine,
};
