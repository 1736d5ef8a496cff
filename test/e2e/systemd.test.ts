// xnet as on real hosts: packed, installed, under a real systemd beside a real dockerd on a machine of the lab, with
// its controller under systemd on another. The tests are one story: each continues where the previous one ended.
import test from 'ava';
import {
  changesVersion,
  installsWithoutSystemd,
  leavesForGood,
  packsReproducibly,
  refusesToInstall,
} from '../support/service-install.js';
import {
  bootsBeforeDocker,
  controllerOutlivesItsStore,
  keepsRoutesOverRestarts,
  restartsBesideDocker,
  resumesAfterShutdown,
} from '../support/service-restarts.js';
import { makeServiceStage } from '../support/service-stage.js';
import { controllerIsConfined, daemonIsConfined, startsAsServices } from '../support/service-units.js';

const stage = await makeServiceStage();
test.after.always(async () => {
  if (!('why' in stage)) await stage.close();
});

if ('why' in stage) {
  console.log(`SKIP xnet under systemd: ${stage.why}`);
  test.skip('xnet under systemd', () => undefined);
} else {
  test.serial('a package is reproducible and complete', (t) => packsReproducibly(t, stage));
  test.serial('install.sh reports all obstacles at once and changes nothing', (t) => refusesToInstall(t, stage));
  test.serial('without systemd: installed by two at once, killed at any moment, uninstalled without a trace', (t) =>
    installsWithoutSystemd(t, stage),
  );
  test.serial('a controller runs as the user xnet, without privileges', (t) => controllerIsConfined(t, stage));
  test.serial('a controller and a node are installed, enabled and started', (t) => startsAsServices(t, stage));
  test.serial('xnetd has the privileges that it needs, and writes nowhere else', (t) => daemonIsConfined(t, stage));
  test.serial('N25 stopped, started again, killed, hanging: no route changes', (t) =>
    keepsRoutesOverRestarts(t, stage),
  );
  test.serial('a controller survives the loss of its store; if it hangs, systemd restarts it and its etcd', (t) =>
    controllerOutlivesItsStore(t, stage),
  );
  test.serial('xnetd is stopped, restarted or killed while it restarts Docker: neither waits for the other', (t) =>
    restartsBesideDocker(t, stage),
  );
  test.serial('a host that is shut down while Docker is restarted resumes at the next boot', (t) =>
    resumesAfterShutdown(t, stage),
  );
  test.serial('at boot Docker starts after the routes are installed, also if xnetd fails or hangs', (t) =>
    bootsBeforeDocker(t, stage),
  );
  test.serial('N26 another version is installed under a running daemon, and back', (t) => changesVersion(t, stage));
  test.serial('a host that has left stays stopped, joins again on request, and is uninstalled without a trace', (t) =>
    leavesForGood(t, stage),
  );
}
