// `xctl status`: the whole cluster on one screen; with --wait until there are no problems.
import { counted } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import { problemText } from '../../proto/process/problem.js';
import type { CommandContext } from '../client/context.js';
import { authorityFromWire, certificateFromWire, rotationFromWire } from '../output/certificate.js';
import type { Shown } from '../output/output.js';
import { Screen } from '../output/screen.js';
import {
  clusterExitCode,
  formatStatus,
  isSettled,
  noTrust,
  type StatusOutput,
  statusFromWire,
  type TrustOutput,
} from '../output/status.js';
import { formatDuration } from '../output/time.js';

/** StatusOptions are the options of `status`. */
export type StatusOptions = { readonly wait: boolean; readonly watch: boolean };

const waitMs = 60_000;
const askEveryMs = 200;

// A missing authority, or one that the controller can't open, is part of the status, not an error.
async function trustOf({ client }: CommandContext, withCertificates: boolean): Promise<TrustOutput> {
  try {
    const { authority, rotation } = await client.read((admin) => admin.getAuthority.bind(admin), {});
    const { certificates } = withCertificates
      ? await client.read((admin) => admin.listCertificates.bind(admin), {})
      : { certificates: [] };
    return {
      authority: authority === null ? null : authorityFromWire(authority),
      rotation: rotation === null ? null : rotationFromWire(rotation),
      certificates: certificates.map(certificateFromWire),
      problem: null,
    };
  } catch (error) {
    if (!(error instanceof XnetError) || error.code !== 'FailedPrecondition') throw error;
    return { ...noTrust, problem: { text: error.message, fix: error.hint ?? null } };
  }
}

/** statusOf requests all parts of a status. A controller that has not read its store yet knows no authority either. */
async function statusOf(
  context: CommandContext,
  { certificates }: { readonly certificates: boolean },
): Promise<StatusOutput> {
  const wire = await context.client.read((admin) => admin.getStatus.bind(admin), {});
  const known = wire.clusterId !== '' && wire.store?.refusal === '';
  const trust = known ? await trustOf(context, certificates) : noTrust;
  return statusFromWire(wire, trust, Date.now());
}

// Polls: there is no event for a controller that starts, or a store that recovers.
async function settled(context: CommandContext): Promise<StatusOutput> {
  const timeoutMs = context.settings.timeoutMs ?? waitMs;
  const deadline = performance.now() + timeoutMs;
  let last: StatusOutput | XnetError;
  do {
    try {
      last = await statusOf(context, { certificates: false });
      if (isSettled(last)) return await statusOf(context, { certificates: true });
    } catch (error) {
      if (!(error instanceof XnetError)) throw error;
      last = error;
    }
    await pause(askEveryMs);
  } while (performance.now() < deadline);
  const within = formatDuration(timeoutMs);
  if (last instanceof XnetError) {
    throw new XnetError('DeadlineExceeded', `no healthy status within ${within}: ${last.message}`, {
      problems: last.problems,
      ...(last.hint === undefined ? {} : { hint: last.hint }),
    });
  }
  const progressing = last.nodes?.progressing ?? 0;
  const problems = [
    ...last.problems.map(problemText),
    ...(progressing > 0 ? [`${counted(progressing, 'node is', 'nodes are')} progressing`] : []),
  ];
  throw new XnetError('DeadlineExceeded', `there are still problems after ${within}`, { problems });
}

/** showStatus shows the status; exit code 8 when there are problems, 6 when the store can't be used. */
export async function showStatus(context: CommandContext, { wait, watch }: StatusOptions): Promise<void> {
  if (wait && watch) throw new XnetError('InvalidArgument', '--wait and --watch exclude each other');
  if (watch) return watchStatus(context);
  const status = wait ? await settled(context) : await statusOf(context, { certificates: true });
  await context.output.show(shownStatus(status));
  process.exitCode = clusterExitCode(status);
}

function shownStatus(status: StatusOutput): Shown {
  return { value: status, name: status.clusterId ?? '-', text: (look) => formatStatus(status, look) };
}

const watchEveryMs = 2_000;

// Polls: there is no stream. The ages on a terminal change, so it is redrawn continually.
async function watchStatus(context: CommandContext): Promise<void> {
  const { output } = context;
  const screen = new Screen(process.stdout, output.options.format === 'yaml' ? '---' : '');
  let last = '';
  for (;;) {
    try {
      const text = await output.shownText(shownStatus(await statusOf(context, { certificates: true })));
      if (text !== last) screen.draw(text);
      last = text;
    } catch (error) {
      if (last === '' || !(error instanceof XnetError) || error.code !== 'Unavailable') throw error;
      last = error.message;
      screen.draw(`no answer: ${error.message}`);
    }
    await pause(watchEveryMs);
  }
}
