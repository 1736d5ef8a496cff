// The pure parts of a host's identity: what is one, what joining comes to, when it is renewed, and whom it trusts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { explainConnectionError } from '../../node/controller/connection-errors.js';
import { readIdentity, splitPems, writeIdentity } from '../../node/identity/folder.js';
import { credentialsOf, hasExpired, identityProblem, type NodeIdentity, trusts } from '../../node/identity/identity.js';
import { requireMember, requireSameNode, withControllers } from '../../node/identity/membership.js';
import { CertificateRenewal } from '../../node/identity/renewal.js';
import {
  identityFindings,
  isOfReplaced,
  renewalOf,
  sameAuthority,
  trustProblem,
} from '../../node/identity/renewal-plan.js';
import { identityLine, identityStatus } from '../../node/identity/status.js';
import { eachOf, identityFrom, provenFrom, type TcpEndpoint } from '../../node/join/call.js';
import { type JoinSituation, planHostJoin } from '../../node/join/decide.js';
import { XnetError } from '../../proto/errors.js';
import {
  crossSign,
  issue,
  keyOfRequest,
  lifetimeFrom,
  makeAuthority,
  makeRequest,
  type Signer,
} from '../../proto/pki/certificate.js';
import { backdateMs, digestOf } from '../../proto/pki/chain.js';
import type { Role } from '../../proto/pki/identity.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import { silent } from '../support/controller.js';
import { until } from '../support/until.js';

const clusterId = 'c-1';
const nowMs = Date.parse('2026-11-21T10:00:00Z');
const dayMs = 24 * 3_600_000;
const old = await makeAuthority(clusterId, nowMs);
const next = await makeAuthority(clusterId, nowMs);
const foreign = await makeAuthority(clusterId, nowMs);

async function certify(role: Role, id: string, signer: Signer = old, ttlMs = 30 * dayMs) {
  const { key, csr } = await makeRequest();
  const identity = { clusterId, role, id };
  const publicKey = await keyOfRequest(csr);
  const { certificate } = await issue(signer, { identity, publicKey, ...lifetimeFrom(nowMs, ttlMs) });
  return { key, certificate };
}

const where = { controllers: ['192.168.83.2:7400'], pools: ['10.76.0.0/16'] };
const membership = { clusterId, nodeId: 'n-1', nodeName: 'web-1', ...where };
const whole: NodeIdentity = { ...membership, ...(await certify('node', 'n-1')), authority: [old.certificate] };
const endpoint: TcpEndpoint = { kind: 'tcp', host: '192.168.83.2', port: 7401 };

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof XnetError ? error.code : String(error);
  }
}

test('an identity is one when all of it belongs together', async (t) => {
  t.is(identityProblem(whole), undefined);
  t.is(identityProblem({ ...whole, authority: [next.certificate, old.certificate] }), undefined);
  const stranger = await certify('node', 'n-1', foreign);
  const wrong: readonly (readonly [Partial<NodeIdentity>, RegExp])[] = [
    [{ key: stranger.key }, /key is not that/],
    [{ key: 'nothing' }, /key is not that/],
    [stranger, /another authority/],
    [{ authority: [] }, /0 authorities/],
    [{ authority: [old.certificate, next.certificate, foreign.certificate] }, /3 authorities/],
    [{ authority: ['nothing'] }, /not a certificate/],
    [{ authority: [whole.certificate] }, /not signed by itself/],
    [{ certificate: 'nothing' }, /not a certificate/],
    [{ nodeId: 'n-2' }, /not that of node n-2/],
    [{ clusterId: 'c-2' }, /of cluster c-2/],
    [await certify('admin', 'n-1'), /not that of node/],
    [await certify('controller', 'n-1'), /not that of node/],
  ];
  for (const [part, problem] of wrong) t.regex(identityProblem({ ...whole, ...part }) ?? '', problem);
  t.true(trusts(whole, digestOf(old.certificate)));
  t.false(trusts(whole, digestOf(next.certificate)));
  t.is(credentialsOf(whole).own?.key, whole.key);
  t.false(hasExpired(whole, nowMs));
  t.true(hasExpired(whole, nowMs + 30 * dayMs));
});

test('certificates in one file come apart as they were put together', (t) => {
  const pems = [old.certificate, next.certificate].map((pem) => `${pem.trimEnd()}\n`);
  t.deepEqual(splitPems(pems.join('')), pems);
  t.deepEqual(splitPems(''), []);
  t.deepEqual(splitPems(whole.key), []);
});

test('joining does what is asked for, and never makes another of a host by accident', (t) => {
  const fresh: JoinSituation = {
    identity: undefined,
    standing: 'unknown',
    trusted: true,
    clusterId,
    nodeName: undefined,
    running: false,
    force: false,
    nowMs,
  };
  const joined: JoinSituation = { ...fresh, identity: whole, standing: 'member' };
  t.is(planHostJoin(fresh), 'join');
  t.is(planHostJoin(joined), 'already');
  t.is(planHostJoin({ ...joined, nodeName: 'web-1' }), 'already');
  t.is(planHostJoin({ ...joined, running: true }), 'already');
  // Whom no controller could be asked about is taken at its word.
  t.is(planHostJoin({ ...joined, standing: 'unknown' }), 'already');
  t.is(planHostJoin({ ...joined, standing: 'refused' }), 'join');
  t.is(planHostJoin({ ...joined, standing: 'removed' }), 'join');
  // The authority was replaced while it was off.
  t.is(planHostJoin({ ...joined, standing: 'unknown', trusted: false }), 'join');
  t.is(planHostJoin({ ...joined, standing: 'member', trusted: false }), 'already');
  t.is(planHostJoin({ ...joined, standing: 'refused', running: true, nodeName: 'web-2' }), 'join');
  t.is(planHostJoin({ ...joined, standing: 'unknown', nowMs: nowMs + 31 * dayMs }), 'join');
  t.is(planHostJoin({ ...joined, force: true }), 'join');
  for (const part of [
    { nodeName: 'web-2' },
    { clusterId: 'c-2' },
    { clusterId: 'c-2', standing: 'refused' as const },
    { clusterId: 'c-2', running: true },
    { clusterId: 'c-2', running: true, force: true },
    { running: true, force: true },
  ]) {
    t.is(
      codeOf(() => planHostJoin({ ...joined, ...part })),
      'FailedPrecondition',
      JSON.stringify(part),
    );
  }
  t.is(planHostJoin({ ...joined, clusterId: 'c-2', force: true }), 'join');
});

test('a server is a controller of the token or nothing', async (t) => {
  const { certificate } = await certify('controller', 'ctl-1');
  const digest = digestOf(old.certificate);
  t.like(provenFrom([certificate, old.certificate], digest, endpoint), { clusterId, authority: old.certificate });
  const cross = await crossSign(old, next.certificate);
  const later = (await certify('controller', 'ctl-1', next)).certificate;
  t.is(provenFrom([later, cross, old.certificate], digest, endpoint).authority, old.certificate);
  const node = (await certify('node', 'n-1')).certificate;
  const evil = (await certify('controller', 'ctl-1', foreign)).certificate;
  for (const chain of [
    [],
    [certificate],
    [evil, foreign.certificate],
    [evil, old.certificate],
    // A node has a certificate of the right authority, and is no controller.
    [node, old.certificate],
    [old.certificate],
  ]) {
    t.is(
      codeOf(() => provenFrom(chain, digest, endpoint)),
      'Unauthenticated',
    );
  }
});

test('an answer that is no identity is not taken', (t) => {
  const proven = { endpoint, clusterId, authority: old.certificate };
  const answer = {
    certificate: whole.certificate,
    authority: [old.certificate],
    clusterId,
    nodeId: 'n-1',
    nodeName: 'web-1',
    controllers: ['192.168.83.2:7400', 'not an address'],
    subnet: '10.76.0.0/24',
    pools: ['10.76.0.0/16'],
  };
  t.deepEqual(identityFrom(answer, proven, whole.key), whole);
  for (const part of [{ clusterId: 'c-2' }, { nodeId: 'n-2' }, { authority: [] }, { certificate: '' }]) {
    t.is(
      codeOf(() => identityFrom({ ...answer, ...part }, proven, whole.key)),
      'Corrupt',
    );
  }
});

test('controllers are tried in turn, and what is final ends it', async (t) => {
  const tried: string[] = [];
  const attempt = (answers: Readonly<Record<string, () => string>>) => (candidate: string) => {
    tried.push(candidate);
    return Promise.resolve().then(() => answers[candidate]?.() ?? '');
  };
  const away = () => {
    throw new XnetError('Unavailable', 'away');
  };
  const no = () => {
    throw new XnetError('Unauthenticated', 'no');
  };
  t.is(await eachOf(['a', 'b', 'c'], attempt({ a: away, b: () => 'done' })), 'done');
  t.deepEqual(tried.splice(0), ['a', 'b']);
  await t.throwsAsync(eachOf(['a', 'b'], attempt({ a: no })), { message: 'no' });
  t.deepEqual(tried.splice(0), ['a']);
  const error = await t.throwsAsync<XnetError>(eachOf(['a', 'b'], attempt({ a: away, b: away })));
  t.is(error?.code, 'Unavailable');
  t.deepEqual(error?.problems, ['away', 'away']);
});

test('who a host is comes from joining; a unix socket needs a name instead', (t) => {
  const unix: Endpoint = { kind: 'unix', path: '/run/c.sock' };
  const api: Endpoint = { kind: 'tcp', host: '192.168.83.2', port: 7400 };
  const other: Endpoint = { kind: 'tcp', host: '192.168.83.3', port: 7400 };
  const member = requireMember({ node: undefined, controller: undefined }, whole);
  t.deepEqual(member, { node: 'web-1', controllers: [api], identity: whole });
  t.deepEqual(requireMember({ node: 'web-1', controller: [other] }, whole).controllers, [other]);
  t.deepEqual(requireMember({ node: 'web-1', controller: [unix] }, undefined), { node: 'web-1', controllers: [unix] });
  const cases = [
    [{ node: undefined, controller: undefined }, undefined, 'FailedPrecondition'],
    [{ node: 'web-1', controller: [api] }, undefined, 'FailedPrecondition'],
    [{ node: 'web-1', controller: [unix, api] }, undefined, 'FailedPrecondition'],
    [{ node: undefined, controller: [unix] }, undefined, 'InvalidArgument'],
    [{ node: 'web-2', controller: undefined }, whole, 'InvalidArgument'],
    [{ node: undefined, controller: undefined }, { ...whole, controllers: [] }, 'InvalidArgument'],
  ] as const;
  for (const [settings, identity, code] of cases) {
    t.is(
      codeOf(() =>
        requireMember({ ...settings, controller: settings.controller && [...settings.controller] }, identity),
      ),
      code,
    );
  }
  t.notThrows(() => requireSameNode(whole, { ...whole, nodeId: 'n-2' }));
  t.is(
    codeOf(() => requireSameNode(whole, { ...whole, nodeName: 'web-2' })),
    'FailedPrecondition',
  );
});

test('a certificate is renewed once, at a time of its own between half and four fifths of its life', async (t) => {
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

test('a new authority is trusted beside one that is trusted, and only so', (t) => {
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

test('controllers that have come since are reached, also those that were known; the host finds them after a restart', async (t) => {
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
    renew: async () => {
      throw new XnetError('Unavailable', 'nobody renews here');
    },
    onFindings: () => undefined,
    onRenewed: () => undefined,
    onReplaced: () => undefined,
  });
  const stop = new AbortController();
  const running = renewal.run(stop.signal);
  renewal.trust({ authority: [foreign.certificate], spreadMs: 0, controllers: [c] });
  renewal.trust({ authority: [old.certificate], spreadMs: 0, controllers: [b] });
  await until('it is known', async () => renewal.controllers.includes(b));
  stop.abort();
  await running;
  t.deepEqual(renewal.controllers, [b, a], 'who has no authority that is trusted tells nothing');
  t.deepEqual((await readIdentity(stateDir))?.controllers, [b, a]);
});

test('what a connection fails with is said so that people know what to do', (t) => {
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

test('what is wrong with an identity is one finding, the worst', (t) => {
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
