// Adds the gateway address to a bridge that lost it. Docker would do so only at its next start.
// Invariant: Docker has a network with this gateway on the bridge; nothing else on the bridge is changed.
import type { Finding } from '../../reconcile/effect.js';
import { type Bip, formatBip } from './bip-value.js';
import { blocked, type DockerHost } from './settings.js';

/** putGatewayBack adds an address to a bridge; it succeeds if the address is already there. */
export async function putGatewayBack(
  host: DockerHost,
  bridgeName: string,
  gateway: Bip,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const address = formatBip(gateway);
  const argv = ['ip', 'address', 'add', address, 'broadcast', '+', 'dev', bridgeName] as const;
  const { code, stderr } = await host.exec(argv, { signal });
  if (code === 0 || /File exists/.test(stderr)) {
    host.log?.warn({ interface: bridgeName, address }, 'address put back');
    return undefined;
  }
  const message = `${bridgeName} has lost ${address}, which can't be put back: ${stderr.trim()}`;
  return blocked('BridgeWithoutAddress', message, argv.join(' '));
}
