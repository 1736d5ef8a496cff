// The calls that save and restore the store and end the adoption after it, bound to their service.

import { randomUUID } from 'node:crypto';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { XnetError } from '../../proto/errors.js';
import type { BackupPart } from '../../proto/gen/xnet/v1/BackupPart.js';
import type { BackupServiceHandlers } from '../../proto/gen/xnet/v1/BackupService.js';
import type { BeginRestoreRequest__Output } from '../../proto/gen/xnet/v1/BeginRestoreRequest.js';
import type { FinishAdoptionRequest__Output } from '../../proto/gen/xnet/v1/FinishAdoptionRequest.js';
import type { FinishRestoreRequest__Output } from '../../proto/gen/xnet/v1/FinishRestoreRequest.js';
import type { GetAdoptionResponse } from '../../proto/gen/xnet/v1/GetAdoptionResponse.js';
import type { ReadClusterKeyResponse } from '../../proto/gen/xnet/v1/ReadClusterKeyResponse.js';
import type { SaveBackupRequest__Output } from '../../proto/gen/xnet/v1/SaveBackupRequest.js';
import type { WriteRestoreRequest__Output } from '../../proto/gen/xnet/v1/WriteRestoreRequest.js';
import { services } from '../../proto/rpc/definitions.js';
import { type ServiceBinding, serverStream, unary } from '../../proto/rpc/server.js';
import { readKeyFile } from '../authority/cluster-key.js';
import type { Restoration } from '../backup/restoration.js';
import { partsOf, recordProblems, sealedByOf } from '../backup/saved-records.js';
import { type AdoptionSources, adoptionOf, decideFinish } from '../registry/adoption.js';
import { type Context, type MutationResult, mutate } from '../registry/mutation.js';
import { checkOperationId } from '../registry/operation.js';
import type { Store } from '../store/store.js';
import type { ViewFeed } from '../view/view-feed.js';
import { mutationId } from './admin-deps.js';
import { drained } from './drained.js';

/** BackupServiceDeps are the dependencies of the calls. */
export type BackupServiceDeps = {
  readonly feed: Pick<ViewFeed, 'view' | 'version'>;
  readonly store: Pick<Store, 'list' | 'scan'>;
  readonly context: Context;
  readonly restoration: Restoration;
  /** Returns the last report of a node that is connected here. */
  readonly statusOf: AdoptionSources['statusOf'];
  /** "/var/lib/xnet-controller/cluster.key" */
  readonly keyPath: string;
  readonly controller: { readonly id: string; readonly version: string };
};

class BackupCalls {
  readonly #deps: BackupServiceDeps;

  constructor(deps: BackupServiceDeps) {
    this.#deps = deps;
  }

  async save(call: ServerWritableStream<SaveBackupRequest__Output, BackupPart>, gone: AbortSignal): Promise<void> {
    const { feed, store, controller } = this.#deps;
    // Throws while the controller does not act on its store.
    const { clusterId, epoch } = feed.version;
    const listing = await store.list(gone);
    const { revision, storeId } = listing;
    const header = {
      id: randomUUID(),
      clusterId,
      epoch,
      revision,
      storeId,
      madeMs: Date.now(),
      controller: controller.id,
      version: controller.version,
      clusterKey: sealedByOf(listing),
      problems: [...recordProblems(listing)],
    };
    await sent(call, { header }, gone);
    let count = 0;
    for (const records of partsOf(listing)) {
      const part = records.map(({ key, value }) => ({ key, value: Buffer.from(value) }));
      await sent(call, { records: { records: part } }, gone);
      count += part.length;
    }
    await sent(call, { end: { records: count } }, gone);
  }

  async readKey(): Promise<ReadClusterKeyResponse> {
    const { content, name } = await readKeyFile(this.#deps.keyPath);
    return { clusterKey: content, name };
  }

  async begin(request: BeginRestoreRequest__Output) {
    const { restoreId, dryRun, backup, clusterKey, force } = request;
    requireId(restoreId);
    if (backup === null || backup.id === '' || backup.clusterId === '') {
      throw new XnetError('InvalidArgument', 'the header of the backup is missing or incomplete');
    }
    return this.#deps.restoration.begin({ restore: restoreId, dryRun, backup, clusterKey, force }, { request });
  }

  async write({ restoreId, records }: WriteRestoreRequest__Output) {
    requireId(restoreId);
    const texts = records.map(({ key, value }) => ({ key, value: value.toString('utf8') }));
    await this.#deps.restoration.write(restoreId, texts);
    return {};
  }

  async finish(request: FinishRestoreRequest__Output) {
    const { restoreId, records, digest } = request;
    requireId(restoreId);
    return this.#deps.restoration.finish(restoreId, { records, digest }, { request });
  }

  async adoption(): Promise<GetAdoptionResponse> {
    const { feed, store, statusOf } = this.#deps;
    if (feed.view.adoption === undefined) return { adopting: false };
    const adoption = adoptionOf(feed.view, { events: await store.scan('events/'), statusOf });
    if (adoption === undefined) return { adopting: false };
    const { awaited, adopted, contradictions, ...times } = adoption;
    return {
      ...times,
      adopting: true,
      awaited: [...awaited],
      adopted: [...adopted],
      contradictions: [...contradictions],
    };
  }

  async finishAdoption(request: FinishAdoptionRequest__Output): Promise<Pick<MutationResult, 'unchanged'>> {
    const { store, context, statusOf } = this.#deps;
    const events = await store.scan('events/');
    return mutate(context, {
      ...mutationId(request),
      call: 'FinishAdoption',
      decide: (view) => decideFinish(view, { events, statusOf }, request.force),
    });
  }
}

function requireId(restoreId: string): void {
  checkOperationId(restoreId);
  if (restoreId === '') throw new XnetError('InvalidArgument', 'the restore has no id');
}

// Returns when the client has room for the next message, or is gone.
async function sent(
  call: ServerWritableStream<unknown, BackupPart>,
  message: BackupPart,
  gone: AbortSignal,
): Promise<void> {
  gone.throwIfAborted();
  if (!call.write(message)) await drained(call, gone);
}

/** backupService binds the calls. */
export function backupService(deps: BackupServiceDeps): ServiceBinding {
  const calls = new BackupCalls(deps);
  const implementation = {
    SaveBackup: serverStream<SaveBackupRequest__Output, BackupPart>((_request, call, gone) => calls.save(call, gone)),
    ReadClusterKey: unary(() => calls.readKey()),
    BeginRestore: unary((request) => calls.begin(request)),
    WriteRestore: unary((request) => calls.write(request)),
    FinishRestore: unary((request) => calls.finish(request)),
    GetAdoption: unary(() => calls.adoption()),
    FinishAdoption: unary((request) => calls.finishAdoption(request)),
  } satisfies Partial<BackupServiceHandlers>;
  return { definition: services.backup.service, implementation };
}
