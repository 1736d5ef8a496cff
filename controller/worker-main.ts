// One worker: a controller whose supervisor listens for it and receives its state. Only the supervisor starts it.
// Invariant: it ends when its supervisor is gone, however that ended.
import { exitCodes } from '../proto/errors.js';
import { makeLog } from '../proto/process/log.js';
import { exitCodeFor, untilSignal } from '../proto/process/program.js';
import { noSteps } from '../proto/process/steps.js';
import { version } from '../proto/process/version.js';
import { runController } from './controller.js';
import { boundYoungGeneration } from './heap.js';
import { SupervisorChannel } from './supervisor-channel.js';
import { wireFromError } from './worker-messages.js';

// A controller ends its calls within 2 s (controller.ts), with or without a store: a worker that hangs is ended after this.
const orphanMs = 10_000;

boundYoungGeneration();
const channel = new SupervisorChannel(process);
const { settings, worker, ...rest } = await channel.work();
const log = makeLog('xnet-controller', settings.logLevel).child({ worker });
const orphaned = () => setTimeout(() => process.exit(exitCodes.failure), orphanMs).unref();
channel.stopped.addEventListener('abort', () => {
  if (!process.connected) orphaned();
});
try {
  const signal = AbortSignal.any([untilSignal(), channel.stopped]);
  await runController(settings, version, log, signal, noSteps, channel.surroundings({ worker, ...rest }));
} catch (error) {
  process.exitCode = exitCodeFor(error);
  await channel.failed(wireFromError(error));
} finally {
  channel.close();
}
