// The pure parts of joining: what is an identity, what a join comes to, and which server is a controller.
import test from 'ava';
import { splitPems } from '../../../../node/identity/folder.js';
import {
  credentialsOf,
  hasExpired,
  identityProblem,
  type NodeIdentity,
  trusts,
} from '../../../../node/identity/identity.js';
import { requireMember, requireSameNode } from '../../../../node/identity/membership.js';
import { eachOf, identityFrom, provenFrom, type TcpEndpoint } from '../../../../node/join/call.js';
import { type JoinSituation, planHostJoin } from '../../../../node/join/decide.js';
import { XnetError } from '../../../../proto/errors.js';
import { crossSign } from '../../../../proto/pki/authority.js';
import { digestOf } from '../../../../proto/pki/chain.js';
import type { Endpoint } from '../../../../proto/rpc/endpoint.js';
import { certify, clusterId, dayMs, foreign, next, nowMs, old, whole } from '../../../support/identity-values.js';

const endpoint: TcpEndpoint = { kind: 'tcp', host: '192.168.83.2', port: 7401 };

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof XnetError ? error.code : String(error);
  }
}

test('an identity is valid only if its parts belong together', async (t) => {
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

test('a file of several certificates is split into them', (t) => {
  const pems = [old.certificate, next.certificate].map((pem) => `${pem.trimEnd()}\n`);
  t.deepEqual(splitPems(pems.join('')), pems);
  t.deepEqual(splitPems(''), []);
  t.deepEqual(splitPems(whole.key), []);
});

test('a join never turns a host into another node by accident', (t) => {
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

test('a server is accepted only as a controller of the authority in the token', async (t) => {
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

test('a join answer without a valid identity is refused', (t) => {
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

test('a join tries controllers in turn and stops at a final answer', async (t) => {
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

test('membership comes from the identity; a unix socket needs a node name instead', (t) => {
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
  // A node that was renamed keeps its id.
  t.notThrows(() => requireSameNode(whole, { ...whole, nodeName: 'web-2' }));
  t.is(
    codeOf(() => requireSameNode(whole, { ...whole, nodeId: 'n-2', nodeName: 'web-2' })),
    'FailedPrecondition',
  );
});
