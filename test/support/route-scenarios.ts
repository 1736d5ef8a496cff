// What the routes effect does on a host, as stories that hold in memory and on the real kernel alike.
import type { Scenario } from './route-scenario.js';
import { hostScenarios } from './route-scenarios-host.js';
import { othersScenarios } from './route-scenarios-others.js';
import { peerScenarios } from './route-scenarios-peers.js';

/** scenarios are all stories. */
export const scenarios: readonly Scenario[] = [...peerScenarios, ...othersScenarios, ...hostScenarios];
