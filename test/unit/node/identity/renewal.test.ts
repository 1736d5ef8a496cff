// The pure parts of a host's identity after the join: when it is renewed, whom it trusts, and what is wrong with it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { readIdentity, writeIdentity } from '../../../../node/identity/folder.js';
import { withControllers } from '../../../../node/identity/membership.js';
import { CertificateRenewal } from '../../../../node/identity/renewal.js';
import {
  identityFindings,
  isOfReplaced,
  renewalOf,
  sameAuthority,
  trustProblem,
} from '../../../../node/identity/renewal-plan.js';
import { identityLine, identityStatus } from '../../../../node/identity/status.js';
import { explainConnectionError } from '../../../../node/uplink/connection-errors.js';
import { XnetError } from '../../../../proto/errors.js';
import { issue, keyOfRequest, lifetimeFrom, makeRequest } from '../../../../proto/pki/certificate.js';
import { backdateMs } from '../../../../proto/pki/chain.js';
import { silent } from '../../../support/controller.js';
import { certify, clusterId, dayMs, foreign, next, nowMs, old, whole } from '../../../support/identity-values.js';
import { until } from '../../../support/until.js';

test('a certificate is renewed once, at a random time between half and four fifths of its life', async (t) => {
  const times = new Set<number>();
  for (let n = 0; n < 8; n++) {
    const identity = { ...whole, ...(await certify('node', 'n-1')) };
    const atMs = renewalOf(identity);
    t.is(renewalOf({ ...identity }), atMs);
    times.add(atMs);
    const share = (atMs - nowMs) / (30 * dayMs);
    t.true(share >= 0.5 && share <= 0.8, `${share}`);
  }
  t.true(times.size > 4);
  const brief = { ...whole, ...(await certify('node', 'n-1', old, 10_000)) };
  t.true(renewalOf(brief) >= nowMs + 5_000 && renewalOf(brief) <= nowMs + 8_000);
  t.true(backdateMs > 10_000);
});

test('a new authority is trusted only together with a trusted one', (t) => {
  const trusted = (told: readonly string[], identity = whole) => trustProblem(identity, told) === undefined;
  t.true(trusted([old.certificate]));
  t.true(trusted([next.certificate, old.certificate]));
  const between = { ...whole, authority: [next.certificate, old.certificate] };
  t.true(trusted([next.certificate], between));
  for (const told of [
    [],
    [next.certificate],
    [foreign.certificate],
    [next.certificate, foreign.certificate],
    [old.certificate, next.certificate, foreign.certificate],
    [whole.certificate, old.certificate],
    ['nothing', old.certificate],
  ]) {
    t.false(trusted(told), told.join('\n'));
  }
  t.false(isOfReplaced(whole, [old.certificate]));
  t.true(isOfReplaced(whole, [next.certificate, old.certificate]));
  t.true(sameAuthority([old.certificate], [`${old.certificate}\n`]));
  t.false(sameAuthority([old.certificate, next.certificate], [next.certificate, old.certificate]));
});

test('a host reaches new and former controllers, also after a restart', async (t) => {
  const [a, b, c] = ['192.168.83.2:7400', '192.168.83.3:7400', '192.168.83.4:7400'] as const;
  t.deepEqual(withControllers([a], []), [a]);
  t.deepEqual(withControllers([a, b], [b]), [a, b], 'one that is away may come back');
  t.deepEqual(withControllers([a], [c, 'unix:/run/c.sock', 'what?']), [c, a]);
  const many = Array.from({ length: 40 }, (_, n) => `192.168.84.${n}:7400`);
  t.deepEqual(withControllers([a], many), many.slice(0, 16));

  const stateDir = mkdtempSync(join(tmpdir(), 'xnet-told-'));
  t.teardown(() => rmSync(stateDir, { recursive: true }));
  // Valid now, whenever this runs.
  const at = Date.now();
  const { key, csr } = await makeRequest();
  const lifetime = lifetimeFrom(at, 30 * dayMs);
  const request = { identity: { clusterId, role: 'node', id: 'n-1' }, publicKey: await keyOfRequest(csr) } as const;
  const { certificate } = await issue(old, { ...request, ...lifetime });
  const identity = { ...whole, key, certificate };
  await writeIdentity(stateDir, identity);
  const renewal = new CertificateRenewal({
    stateDir,
    identity,
    log: silent,
  });
  const uplink = {
    renew: async () => {
      throw new XnetError('Unavailable', 'nobody renews here');
    },
    showNewest: async () => undefined,
    wake: () => undefined,
  };
  const stop = new AbortController();
  const running = renewal.run(uplink, stop.signal);
  renewal.trust({ authority: [foreign.certificate], spreadMs: 0, controllers: [c] });
  renewal.trust({ authority: [old.certificate], spreadMs: 0, controllers: [b] });
  await until('it is known', async () => renewal.controllers.includes(b));
  stop.abort();
  await running;
  t.deepEqual(renewal.controllers, [b, a], 'who has no authority that is trusted tells nothing');
  t.deepEqual((await readIdentity(stateDir))?.controllers, [b, a]);
});

test('P16 connection errors have a remedy', (t) => {
  const about = (text: string, code: 'Unavailable' | 'NotFound' = 'Unavailable') =>
    explainConnectionError(
      new XnetError(
        code,
        `No connection established. Last error: ${text} (2026-11-21T09:00:13.869Z). Resolution note: `,
      ),
    );
  t.is(about('connect ECONNREFUSED 192.168.83.2:7400').message, 'connect ECONNREFUSED 192.168.83.2:7400');
  for (const [text, hint] of [
    ['self-signed certificate in certificate chain', /join again/],
    ['unable to verify the first certificate', /join again/],
    ['certificate is not yet valid', /clock/],
    ["Hostname/IP does not match certificate's altnames: Host: x.", /--controller/],
    [
      '0A000415:SSL routines:ssl3_read_bytes:sslv3 alert certificate expired:../deps/x.c:1: SSL alert number 45\n',
      /clock/,
    ],
  ] as const) {
    const error = about(text);
    t.regex(error.hint ?? '', hint, text);
    t.deepEqual(error.problems, [text.trim().replace(/\.$/, '')]);
    t.is(error.code, 'Unavailable');
  }
  t.is(about('certificate has expired', 'NotFound').hint, undefined);
});

test('only the worst problem of an identity is a finding', (t) => {
  const reasons = (trouble: Parameters<typeof identityFindings>[1], atMs: number) =>
    identityFindings(whole, trouble, atMs).map(({ reason, transient }) => [reason, transient]);
  t.deepEqual(reasons({}, nowMs), []);
  t.deepEqual(reasons({ renewal: 'no' }, nowMs + 20 * dayMs), [['RenewalFailed', true]]);
  t.deepEqual(reasons({ renewal: 'no' }, nowMs + 28 * dayMs), [['ExpiresSoon', false]]);
  t.deepEqual(reasons({ renewal: 'no', refusal: 'revoked' }, nowMs + 28 * dayMs), [['Refused', false]]);
  t.deepEqual(reasons({ renewal: 'no', refusal: 'expired' }, nowMs + 31 * dayMs), [['Expired', false]]);
  t.deepEqual(reasons({ trust: 'none' }, nowMs), [['TrustRefused', false]]);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40 }), (days) => {
      const line = identityLine(identityStatus(whole), nowMs + days * dayMs);
      t.is(/^expired/.test(line), days >= 30);
      t.false(line.includes('KEY'));
    }),
  );
});
