#!/usr/bin/env node
// xnet-controller: reads its settings, runs until it is stopped, and reports why if it can't.
import { makeLog } from '../proto/process/log.js';
import { runProgram, untilSignal } from '../proto/process/program.js';
import { version } from '../proto/process/version.js';
import { runController } from './controller.js';
import { makeControllerProgram } from './settings.js';

await runProgram(
  makeControllerProgram(version, async (settings) => {
    const log = makeLog('xnet-controller', settings.logLevel);
    await runController(settings, version, log, untilSignal());
  }),
);
