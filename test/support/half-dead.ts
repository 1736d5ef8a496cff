// Makes an endpoint in Docker whose container is gone.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from '../../deploy/lab/host.js';
import { runIdle } from './docker-lab.js';

/**
 * leaveEndpoint leaves an endpoint of a container `name` on a network, without the container. dockerd clears what a container left
 * when it starts, unless a running container that it knows has the sandbox: another one is given it, while dockerd is killed.
 * The host's dockerd has to run with --live-restore.
 */
export async function leaveEndpoint(host: LabHost, network: string, name: string): Promise<void> {
  const holder = `${name}-sandbox`;
  await runIdle(host, name, `--network=${network}`);
  await runIdle(host, holder);
  const inspect = async (container: string, what: string) =>
    (await host.docker('inspect', `--format={{${what}}}`, container)).trim();
  const folderOf = async (container: string) => join(host.store, 'docker/containers', await inspect(container, '.Id'));
  const sandbox = await inspect(name, '.NetworkSettings.SandboxID');
  const [folder, config] = [await folderOf(name), join(await folderOf(holder), 'config.v2.json')];
  await host.killDockerd();
  rmSync(folder, { recursive: true });
  const settings: { NetworkSettings: { SandboxID: string } } = JSON.parse(readFileSync(config, 'utf8'));
  settings.NetworkSettings.SandboxID = sandbox;
  writeFileSync(config, JSON.stringify(settings));
  await host.startDockerd({ flags: ['--live-restore'] });
  const left = await host.docker('network', 'inspect', '--format={{json .Containers}}', network);
  if (!left.includes(`"${name}"`)) throw new Error(`no endpoint was left: ${left}`);
}
