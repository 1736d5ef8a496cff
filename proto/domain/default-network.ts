// Which leases are those of Docker's default network, which containers without another one are on. Pure.
import { type Lease, usesDocker0 } from './network.js';

/**
 * usesDefaultNetwork reports whether Docker's default network has a lease: docker0 in modes bip and block, or in mode lan the
 * bridge of the LAN. Docker has one such network, and is restarted to change it.
 */
export function usesDefaultNetwork({ mode, lan }: Pick<Lease, 'mode' | 'lan'>): boolean {
  return usesDocker0(mode) || (mode === 'lan' && lan?.defaultNetwork === true);
}
