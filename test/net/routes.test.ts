import test from 'ava';
import { isRoot, LinuxRouteHost } from '../support/linux-route-host.js';
import { runScenario, scenarios } from '../support/route-scenarios.js';

if (isRoot('routes on the real kernel')) {
  for (const scenario of scenarios) {
    test.serial(`on the kernel: ${scenario.title}`, (t) => runScenario(t, new LinuxRouteHost(), scenario));
  }
}
