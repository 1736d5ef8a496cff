// `xctl status`: the whole on one screen; with --wait until all is well.
import { XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import type { Context } from '../context.js';
import { formatStatus, isSettled, type StatusOutput, statusExitCode, statusFromWire } from '../output/status.js';
import { formatDuration } from '../output/time.js';

/** StatusOptions are those of `status`. */
export type StatusOptions = { readonly wait: boolean };

const waitMs = 60_000;
const askEveryMs = 200;

// There is no event for a controller that starts, or a store that comes back: it is asked again and again.
async function settled({ client, settings }: Context): Promise<StatusOutput> {
  const timeoutMs = settings.timeoutMs ?? waitMs;
  const deadline = performance.now() + timeoutMs;
  let last: StatusOutput | XnetError;
  do {
    try {
      last = statusFromWire(await client.read((admin) => admin.getStatus.bind(admin), {}));
      if (isSettled(last)) return last;
    } catch (error) {
      if (!(error instanceof XnetError)) throw error;
      last = error;
    }
    await pause(askEveryMs);
  } while (performance.now() < deadline);
  const within = formatDuration(timeoutMs);
  if (last instanceof XnetError) {
    throw new XnetError('DeadlineExceeded', `not well within ${within}: ${last.message}`, {
      problems: last.problems,
      ...(last.hint === undefined ? {} : { hint: last.hint }),
    });
  }
  const progressing = last.nodes?.progressing ?? 0;
  const problems = [...last.problems, ...(progressing > 0 ? [`${progressing} nodes are progressing`] : [])];
  throw new XnetError('DeadlineExceeded', `not all is well within ${within}`, { problems });
}

/** showStatus shows the whole; exit code 8 when something is wrong, 6 when the store can't be used. */
export async function showStatus(context: Context, { wait }: StatusOptions): Promise<void> {
  const { client, output } = context;
  const status = wait
    ? await settled(context)
    : statusFromWire(await client.read((admin) => admin.getStatus.bind(admin), {}));
  await output.show({
    value: status,
    name: status.clusterId ?? '-',
    text: (look) => formatStatus(status, look),
  });
  process.exitCode = statusExitCode(status);
}
