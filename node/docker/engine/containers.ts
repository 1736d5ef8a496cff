// Stops running containers, starts them again, and waits for dockerd.
// Invariant: a container is in the journal before it is stopped, and stays there until it runs again or is gone.
import { messageOf, XnetError } from '../../../proto/errors.js';
import { pause } from '../../../proto/process/backoff.js';
import type { Finding } from '../../reconcile/effect.js';
import type { EngineContainer, EngineInfo, EngineNetwork } from './engine.js';
import type { HostInterface } from './interfaces.js';
import { type Journal, writeJournal } from './journal.js';
import { blocked, type DockerHost } from './settings.js';

/** DockerNow is the state of Docker and docker0 at one moment. */
export type DockerNow = Pick<EngineInfo, 'addressPools'> & {
  readonly networks: readonly EngineNetwork[];
  readonly interfaces: readonly HostInterface[];
  readonly running: readonly EngineContainer[];
};

/** dockerNow reads the present state; undefined while Docker does not answer. */
export async function dockerNow(host: DockerHost, signal: AbortSignal): Promise<DockerNow | undefined> {
  try {
    const { engine } = host;
    const [networks, containers, { addressPools }] = await Promise.all([
      engine.networks(signal),
      engine.containers(signal),
      engine.info(signal),
    ]);
    const interfaces = await host.interfaces(signal);
    return { networks, interfaces, addressPools, running: containers.filter((container) => container.running) };
  } catch (error) {
    if (error instanceof XnetError && error.code === 'Unavailable') return undefined;
    throw error;
  }
}

// No event announces that a socket answers; dockerd takes 0.6 to 3.5 s to start.
const pollMs = 50;

/** untilDockerAnswers waits for dockerd for at most `waitMs` milliseconds, and asks at least once. */
export async function untilDockerAnswers(
  host: DockerHost,
  waitMs: number,
  signal: AbortSignal,
): Promise<DockerNow | undefined> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const now = await dockerNow(host, signal);
    if (now !== undefined || performance.now() >= deadline) return now;
    await pause(pollMs, signal);
    signal.throwIfAborted();
  }
}

/** stopContainers stops containers concurrently, and returns one problem for each that still runs. */
export async function stopContainers(
  host: DockerHost,
  containers: readonly EngineContainer[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const results = await Promise.allSettled(containers.map(({ id }) => host.engine.stopContainer(id, signal)));
  signal.throwIfAborted();
  return results.flatMap((result, index) =>
    result.status === 'rejected' ? [`${containers[index]?.name}: ${messageOf(result.reason)}`] : [],
  );
}

/**
 * startAgain starts the containers of the journal that do not run and removes them from the journal. Those that can't
 * be started stay in it for the next turn.
 */
export async function startAgain(
  host: DockerHost,
  journal: Journal,
  signal: AbortSignal,
): Promise<{ readonly journal: Journal; readonly findings: readonly Finding[]; readonly started: number }> {
  if (journal.toStart.length === 0) return { journal, findings: [], started: 0 };
  const present = await host.engine.containers(signal);
  // The engine lists the newest first; a container may need one that was created earlier.
  const waiting = present.filter(({ id, running }) => journal.toStart.includes(id) && !running).reverse();
  const gone = journal.toStart.filter((id) => !present.some((container) => container.id === id));
  if (gone.length > 0) host.log?.warn({ containers: gone }, 'containers that ran before the restart are gone (--rm)');
  let left = waiting.filter(({ swarmTask }) => !swarmTask);
  const problems = new Map<string, string>();
  // Two rounds: a container that shares another's network namespace can start only once that one runs.
  for (let round = 0; round < 2; round += 1) {
    const failed: EngineContainer[] = [];
    for (const container of left) {
      try {
        await host.engine.startContainer(container.id, signal);
        host.log?.info({ container: container.name }, 'container started again');
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof XnetError && error.code === 'NotFound' && /no such container/i.test(error.message))
          continue;
        problems.set(container.name, messageOf(error));
        failed.push(container);
      }
    }
    left = failed;
  }
  const next = { ...journal, toStart: left.map(({ id }) => id) };
  await writeJournal(host.settings.stateFolder, next);
  await host.steps.reached('containers-started');
  const findings = left.map(({ name }) => {
    const message = `the container ${name} ran before the restart of Docker and can't be started: ${problems.get(name)}`;
    return blocked('ContainerNotStarted', message, `docker start ${name}, or remove it: docker rm ${name}`);
  });
  return { journal: next, findings, started: waiting.length - left.length };
}
