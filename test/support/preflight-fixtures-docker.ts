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
const ofLan: PreflightProof = {
  fixture: 'support/preflight-lan',
  test: 'net/preflight',
  title: 'the interface for mode lan: each finding is triggered, and its fix clears it',
};

const onDockerd: PreflightProof = {
  fixture: 'e2e/preflight.test',
  test: 'e2e/preflight',
  title: 'preflight on a real dockerd: each finding about Docker is triggered, and its fix clears it',
};

/** dockerProofs names the fixture of each reason. */
export const dockerProofs: Readonly<Record<DockerReason, PreflightProof>> = {
  AddressPoolsAreFlag: onDockerd,
  BipIsFlag: {
    fixture: 'e2e/docker-bip-files.test',
    test: 'e2e/docker-bip-files',
    title: 'N13 a daemon.json or a flag that rules it out is refused before anything is touched',
  },
  ContainersRestart: ofEngine,
  ContainersRunning: ofEngine,
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
  DockerDropsToLan: ofLan,
  DockerFailed: ofEngine,
  DockerFound: ofEngine,
  DockerRulesMissing: onDockerd,
  EngineTooOld: ofEngine,
  EngineUntested: ofEngine,
  FixedCidrIsFlag: onDockerd,
  FlagBridgeSet: onDockerd,
  FlagDoesNotFit: onDockerd,
  LanNeedsIptables: ofLan,
  LiveRestore: ofEngine,
  NoPermission: onDockerd,
  NotAnswering: ofEngine,
  NotDocker: onDockerd,
  NotInstalled: ofEngine,
  NotRunning: ofEngine,
  Rootless: ofEngine,
  UnsupportedFirewallBackend: onDockerd,
  WaitingForContainers: ofEngine,
};
