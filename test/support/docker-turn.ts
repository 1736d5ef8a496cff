// One turn of the Docker effect in a process of its own, which kills itself (SIGKILL) at a given step. Started by
// tests: node docker-turn.js '{"settings":…,"enter":[…],"turn":"converge","dieAt":"renamed","desired":…}'. Prints the
// outcome as JSON if it survives.
import { writeFileSync } from 'node:fs';
import { makeDockerEffect } from '../../node/docker/effect.js';
import type { DesiredDocker, DockerSettings } from '../../node/docker/engine/settings.js';
import { execThrough } from '../../proto/process/exec.js';
import { hostInterfaces } from './host-interfaces.js';

/** DockerTurn is the argument of the process. */
export type DockerTurn = {
  readonly settings: DockerSettings;
  /** Command prefix that enters the host: ["nsenter", …, "--"]. */
  readonly enter: readonly [string, ...string[]];
  readonly turn: 'converge' | 'leave' | 'leave-force';
  readonly desired: DesiredDocker;
  readonly dieAt: string;
  /** An edit by another program: writes this content to daemon.json at that step. */
  readonly spoil?: { readonly step: string; readonly content: string };
};

const { settings, enter, turn, desired, dieAt, spoil }: DockerTurn = JSON.parse(process.argv[2] ?? '');
const effect = makeDockerEffect({
  settings,
  exec: execThrough(enter),
  interfaces: (signal) => hostInterfaces(execThrough(enter), signal),
  steps: {
    reached: (step) => {
      if (step === spoil?.step) writeFileSync(settings.daemonJson ?? '', spoil.content);
      if (step === dieAt) process.kill(process.pid, 'SIGKILL');
    },
  },
});
const { signal } = new AbortController();
const outcome = await (turn === 'converge'
  ? effect.converge(desired, signal)
  : effect.leave(turn === 'leave-force', [], signal));
process.stdout.write(JSON.stringify(outcome));
