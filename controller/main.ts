#!/usr/bin/env node
// xnet-controller: reads its settings, runs until it is stopped, alone or as several workers, and reports why if it can't.
import { makeLog } from '../proto/process/log.js';
import { runProgram, untilSignal } from '../proto/process/program.js';
import { version } from '../proto/process/version.js';
import { runController } from './controller.js';
import { boundYoungGeneration } from './heap.js';
import { makeControllerProgram } from './settings.js';
import { runWorkers } from './workers.js';

boundYoungGeneration();
await runProgram(
  makeControllerProgram(version, async (settings) => {
    const log = makeLog('xnet-controller', settings.logLevel);
    if (settings.workers > 1) await runWorkers(settings, log, untilSignal());
    else await runController(settings, version, log, untilSignal());
  }),
  { writesLog: () => true },
);
