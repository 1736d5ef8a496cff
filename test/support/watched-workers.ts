// xnet-controller with workers as it is installed, except that a worker that hangs is killed soon.
import { makeControllerProgram } from '../../controller/settings.js';
import { workerLimits } from '../../controller/worker-life.js';
import { runWorkers } from '../../controller/workers.js';
import { makeLog } from '../../proto/process/log.js';
import { runProgram, untilSignal } from '../../proto/process/program.js';
import { version } from '../../proto/process/version.js';

const limits = { ...workerLimits, silentMs: 12_000, lookMs: 2_000 };

await runProgram(
  makeControllerProgram(version, (settings) =>
    runWorkers(settings, makeLog('xnet-controller', settings.logLevel), untilSignal(), limits),
  ),
);
