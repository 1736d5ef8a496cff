// Where each reason of preflight about Docker is triggered, and cleared by its fix.
import type { DockerReason } from '../../node/preflight/reasons.js';
import type { PreflightProof } from './preflight-proof.js';

/** dockerProofs names the fixture of each reason. */
export const dockerProofs: Readonly<Record<DockerReason, PreflightProof | 'pending'>> = {
  AddressPoolsAreFlag: 'pending',
  BipIsFlag: 'pending',
  ContainersRestart: 'pending',
  ContainersRunning: 'pending',
  DaemonJsonAddressPoolsByHand: 'pending',
  DaemonJsonBipByHand: 'pending',
  DaemonJsonBridgeSet: 'pending',
  DaemonJsonDoesNotFit: 'pending',
  DaemonJsonDuplicateKey: 'pending',
  DaemonJsonFixedCidrByHand: 'pending',
  DaemonJsonInvalid: 'pending',
  DaemonJsonTooLarge: 'pending',
  DaemonJsonUnreadable: 'pending',
  DockerDropsPeers: 'pending',
  DockerFailed: 'pending',
  DockerFound: 'pending',
  DockerRulesMissing: 'pending',
  EngineTooOld: 'pending',
  EngineUntested: 'pending',
  FixedCidrIsFlag: 'pending',
  FlagBridgeSet: 'pending',
  FlagDoesNotFit: 'pending',
  LiveRestore: 'pending',
  NoPermission: 'pending',
  NotAnswering: 'pending',
  NotDocker: 'pending',
  NotInstalled: 'pending',
  NotRunning: 'pending',
  Rootless: 'pending',
  UnsupportedFirewallBackend: 'pending',
  WaitingForContainers: 'pending',
};
