// One turn of LAN mode in a process of its own, which kills itself (SIGKILL) at a given step. Started by tests in the
// host's namespace: node lan-turn.js '{"stateFolder":…,"turn":"converge","dieAt":"moved"}'. Prints the outcome if it survives.

import { makeDetour } from '../../node/lan/detour.js';
import { copySettings, loosen } from '../../node/lan/host-files.js';
import { LanEffect } from '../../node/lan/lan.js';
import { LanKernel } from '../../node/lan/lan-kernel.js';
import { exec } from '../../proto/process/exec.js';
import { ip } from './route-fixtures.js';

/** LanTurn is the argument of the process. */
export type LanTurn = { readonly stateFolder: string; readonly turn: 'converge' | 'remove'; readonly dieAt: string };

const { stateFolder, turn, dieAt }: LanTurn = JSON.parse(process.argv[2] ?? '');
const kernel = new LanKernel();
const effect = new LanEffect({
  kernel,
  stateFolder,
  witnesses: () => [],
  waitMs: 60_000,
  boot: 'first',
  factsOf: async () => ({ isWireless: false, managedBy: undefined, rules: [] }),
  copySettings,
  loosen,
  detour: makeDetour(exec),
  steps: {
    reached: (step) => {
      if (step === dieAt) process.kill(process.pid, 'SIGKILL');
    },
  },
});
const { signal } = new AbortController();
const desired = turn === 'converge' ? { bridgeName: 'xnet-lan', address: ip('192.168.61.11') } : undefined;
process.stdout.write(JSON.stringify(await effect.converge(desired, signal)));
kernel.close();
