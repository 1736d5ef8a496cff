// Where each reason of preflight about Docker is triggered, and cleared by its fix.
import type { DockerReason } from '../../node/preflight/reasons.js';
import type { PreflightProof } from './preflight-proof.js';

const ofEngine: PreflightProof = {
  fixture: 'support/preflight-docker',
  test: 'net/preflight',
  title: 'an engine: each finding is triggered, and its fix clears it',
};
const ofFile: PreflightProof = {
  fixture: 'support/preflight-daemon-json',
  test: 'net/preflight',
  title: 'daemon.json: each finding is triggered, and its fix clears it',
};

/** dockerProofs names the fixture of each reason. */
export const dockerProofs: Readonly<Record<DockerReason, PreflightProof | 'pending'>> = {
  AddressPoolsAreFlag: 'pending',
  BipIsFlag: 'pending',
  ContainersRestart: 'pending',
  ContainersRunning: 'pending',
  DaemonJsonAddressPoolsByHand: ofFile,
  DaemonJsonBipByHand: ofFile,
  DaemonJsonBridgeSet: ofFile,
  DaemonJsonDoesNotFit: ofFile,
  DaemonJsonDuplicateKey: ofFile,
  DaemonJsonFixedCidrByHand: ofFile,
  DaemonJsonInvalid: ofFile,
  DaemonJsonTooLarge: ofFile,
  DaemonJsonUnreadable: ofFile,
  DockerDropsPeers: ofEngine,
  DockerFailed: ofEngine,
  DockerFound: ofEngine,
  DockerRulesMissing: 'pending',
  EngineTooOld: ofEngine,
  EngineUntested: ofEngine,
  FixedCidrIsFlag: 'pending',
  FlagBridgeSet: 'pending',
  FlagDoesNotFit: 'pending',
  LiveRestore: 'pending',
  NoPermission: 'pending',
  NotAnswering: ofEngine,
  NotDocker: 'pending',
  NotInstalled: ofEngine,
  NotRunning: ofEngine,
  Rootless: ofEngine,
  UnsupportedFirewallBackend: 'pending',
  WaitingForContainers: 'pending',
};
