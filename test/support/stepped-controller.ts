// xnet-controller as it is installed, except that it sends itself a signal at the step that step.json in its data directory
// names, once. Production has no such program: its entry point passes no steps.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runController } from '../../controller/controller.js';
import { makeControllerProgram } from '../../controller/settings.js';
import { makeLog } from '../../proto/process/log.js';
import { runProgram, untilSignal } from '../../proto/process/program.js';
import type { Steps } from '../../proto/process/steps.js';
import { version } from '../../proto/process/version.js';

type Told = { readonly step: string; readonly signal: 'SIGKILL' | 'SIGSTOP' };

function toldIn(path: string): Told | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Told;
  } catch {
    return undefined;
  }
}

function stepsIn(dataDir: string): Steps {
  const path = join(dataDir, 'step.json');
  return {
    reached: (step) => {
      const told = toldIn(path);
      if (told?.step !== step) return;
      rmSync(path);
      process.kill(process.pid, told.signal);
    },
  };
}

await runProgram(
  makeControllerProgram(version, async (settings) => {
    const log = makeLog('xnet-controller', settings.logLevel);
    await runController(settings, version, log, untilSignal(), stepsIn(settings.dataDir));
  }),
);
