// Values that tests of contexts and certificates share.
import { contextOf, type SavedContext } from '../../cli/contexts/saved.js';
import type { CertificateOutput } from '../../cli/output/certificate.js';
import type { Colors } from '../../cli/output/columns.js';
import { makeTestAuthority } from './test-authority.js';

export const same = (text: string) => text;

export const plain: Colors = { good: same, waiting: same, bad: same, faint: same, strong: same };

export const nowMs = Date.UTC(2026, 10, 21, 10);

export const look = { colors: plain, nowMs };

export const dayMs = 86_400_000;

export async function savedFor(id: string, ttlMs?: number): Promise<SavedContext> {
  const authority = await makeTestAuthority();
  const { clusterId, authority: trusted, own } = await authority.credentialsFor('admin', id, ttlMs);
  if (own === undefined) throw new Error('credentials without a certificate');
  const checked = contextOf({ controllers: ['192.168.83.2'], cluster: clusterId, authority: trusted, ...own });
  if ('problem' in checked) throw new Error(checked.problem);
  return checked.value;
}

export const iso = (ms: number) => new Date(ms).toISOString();

export const certificate = (more: Partial<CertificateOutput>): CertificateOutput => ({
  serial: '4f',
  role: 'node',
  id: 'n-1',
  name: 'web-1',
  revokedAt: null,
  oldAuthority: false,
  validFrom: iso(nowMs - 10 * dayMs),
  expiresAt: iso(nowMs + 20 * dayMs),
  ...more,
});
