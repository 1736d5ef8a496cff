// The part of a report about the daemon itself and its host's software.
import { features } from '../../proto/domain/feature.js';
import { version as daemonVersion } from '../../proto/process/version.js';
import { kernelVersion } from '../kernel/release.js';

/** aboutDaemon returns the versions of a report, and the features that this daemon knows. */
export function aboutDaemon({ version: dockerVersion }: { readonly version: string }) {
  return { daemonVersion, kernelVersion: kernelVersion(), dockerVersion, features: [...features] };
}
