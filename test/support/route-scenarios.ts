// All scenarios of the routes effect, which run in memory and on the real kernel alike.
import type { Scenario } from './route-scenario.js';
import { hostScenarios } from './route-scenarios-host.js';
import { othersScenarios } from './route-scenarios-others.js';
import { peerScenarios } from './route-scenarios-peers.js';

/** scenarios lists all scenarios. */
export const scenarios: readonly Scenario[] = [...peerScenarios, ...othersScenarios, ...hostScenarios];
