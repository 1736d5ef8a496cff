// Which fields of an encoded request this version does not know, and that people's requests with such fields are refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import test from 'ava';
import fc from 'fast-check';
import { services } from '../../../../proto/rpc/definitions.js';
import { FieldCheck, unknownFieldsOf } from '../../../../proto/rpc/known-fields.js';
import { writeFields } from '../../../../proto/rpc/protobuf-fields.js';
import { startServer, unary } from '../../../../proto/rpc/server.js';

// CreateNetworkRequest.selector
const selector = 5;
const { CreateNetwork } = services.network.service;
const { Report } = services.node.service;

test('messages of this version have no unknown field', (t) => {
  const request = CreateNetwork.requestSerialize({
    ...{ operationId: 'o-1', dryRun: true, name: 'blue', pool: 'edge', bridgeName: 'blue0' },
    selector: { labels: { role: 'web' }, nodes: ['web-1'] },
    except: { nodes: ['web-2'] },
  });
  t.deepEqual(unknownFieldsOf('CreateNetworkRequest', request), []);
  t.deepEqual(unknownFieldsOf('CreateNetworkRequest', Buffer.alloc(0)), []);
  const report = Report.requestSerialize({ nodeId: 'n', applied: { epoch: 1, revision: 2 }, features: ['nics'] });
  t.deepEqual(unknownFieldsOf('ReportRequest', report), []);
});

test('unknown fields are found at every depth, whatever their kind', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 900, max: 2_000 }), fc.boolean(), fc.boolean(), (id, isText, deep) => {
      const newer = writeFields([{ id, value: isText ? Buffer.from('text') : 7 }]);
      const bytes = Buffer.concat([
        CreateNetwork.requestSerialize({ name: 'blue', selector: { all: true } }),
        deep ? writeFields([{ id: selector, value: newer }]) : newer,
      ]);
      t.deepEqual(unknownFieldsOf('CreateNetworkRequest', bytes), [
        `field ${id} of ${deep ? 'NodeSelector' : 'CreateNetworkRequest'}`,
      ]);
    }),
  );
  // Numbers of 32 and of 64 bits.
  for (const [kind, length] of [
    [5, 4],
    [1, 8],
  ] as const) {
    const fixed = Buffer.concat([Buffer.from([(15 << 3) | kind]), Buffer.alloc(length)]);
    t.deepEqual(unknownFieldsOf('PoolRange', fixed), ['field 15 of PoolRange']);
  }
});

test('a request of a newer program is refused before its service sees it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-fields-'));
  const path = join(folder, 'api.sock');
  const seen: string[] = [];
  const AddNode = unary(async ({ name }: { readonly name: string }) => {
    seen.push(name);
    return {};
  });
  const bindings = [{ definition: services.admin.service, implementation: { AddNode } }];
  const server = await startServer({ endpoints: [{ kind: 'unix', path }], bindings });
  const client = new grpc.Client(`unix:${path}`, grpc.credentials.createInsecure());
  t.teardown(async () => {
    client.close();
    await server.close(100);
    rmSync(folder, { recursive: true });
  });
  const ask = (bytes: Buffer) =>
    new Promise<grpc.ServiceError | null>((resolve) => {
      const same = (buffer: Buffer) => buffer;
      const deadline = { deadline: Date.now() + 30_000 };
      client.makeUnaryRequest(
        '/xnet.v1.AdminService/AddNode',
        same,
        same,
        bytes,
        new grpc.Metadata(),
        deadline,
        resolve,
      );
    });
  const known = services.admin.service.AddNode.requestSerialize({ name: 'web-1', address: '192.168.83.7' });
  t.is(await ask(known), null);
  const refused = await ask(Buffer.concat([known, writeFields([{ id: 1_000, value: 1 }])]));
  t.is(refused?.code, grpc.status.FAILED_PRECONDITION);
  t.regex(refused?.details ?? '', /is older than the program that calls it, .* field 1000 of AddNodeRequest/);
  t.deepEqual(seen, ['web-1']);
  t.is(await ask(known), null, 'the connection goes on');
  t.deepEqual(seen, ['web-1', 'web-1']);
});

test('requests of daemons and of joining hosts are taken as they are', (t) => {
  const check = new FieldCheck();
  for (const { service } of [services.admin, services.network]) {
    for (const [name, method] of Object.entries(check.noting(service))) t.not(method, service[name as never]);
  }
  for (const { service } of [services.node, services.join, services.look]) t.deepEqual(check.noting(service), service);
});
