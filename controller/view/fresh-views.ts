// Provides views that contain everything committed before the call, for decisions that must not be based on a view that
// lags behind.
// Invariant: a view that is returned is at a revision that the store itself has reported since the call, or later.
import { XnetError } from '../../proto/errors.js';
import type { Listing, Store, StorePosition } from '../store/store.js';
import { type ReadonlyView, View } from './view.js';

/** FreshViewParts are the dependencies of FreshViews. */
export type FreshViewParts = {
  readonly store: Pick<Store, 'list' | 'position'>;
  /** The feed's own view. */
  readonly view: View;
  /** isKnown reports whether the feed acts on the store that has answered. */
  readonly isKnown: (position: Pick<StorePosition, 'storeId'>) => boolean;
  /** isFollowing reports whether the view gets every change of the store that was verified. */
  readonly isFollowing: () => boolean;
  /** See ViewFeed.reached. */
  readonly reached: (revision: number, timeoutMs: number) => Promise<void>;
  /** follow takes over a listing at the revision of the feed's view. */
  readonly follow: (listing: Listing) => void;
};

// The watch takes some milliseconds. It never delivers the writes of other users of the same etcd, which raise the store's
// revision as well: after this time, the store is listed.
const catchUpMs = 200;

/** FreshViews provides fresh views of one store. */
export class FreshViews {
  readonly #parts: FreshViewParts;
  #reading: Promise<ReadonlyView> | undefined;
  #nextReading: Promise<ReadonlyView> | undefined;

  constructor(parts: FreshViewParts) {
    this.#parts = parts;
  }

  /** read returns a view read from the store after this call, independent of the watch. Concurrent calls share one read. */
  read(): Promise<ReadonlyView> {
    // The read in progress may have begun before this call; the next one has not.
    this.#nextReading ??= (this.#reading ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        this.#reading = this.#nextReading;
        this.#nextReading = undefined;
        return this.#read();
      });
    return this.#nextReading;
  }

  async #read(): Promise<ReadonlyView> {
    const { store, view, follow } = this.#parts;
    // The watch may be ahead of the answer when it arrives, because the view continues to change.
    const { revision } = view;
    const listing = await store.list();
    this.#requireKnown(listing, revision);
    const fresh = new View(view);
    fresh.replace(listing);
    if (view.revision === listing.revision) follow(listing);
    return fresh;
  }

  /**
   * caughtUp returns the feed's own view once the watch has delivered all that the store had at the call. That costs one short
   * request, however large the store is. If the watch does not deliver it soon, caughtUp does the same as read.
   */
  async caughtUp(): Promise<ReadonlyView> {
    const { store, view, isFollowing, reached } = this.#parts;
    if (!isFollowing()) return this.read();
    const before = view.revision;
    const position = await store.position();
    this.#requireKnown(position, before);
    const isThere = await reached(position.revision, catchUpMs).then(
      () => isFollowing(),
      () => false,
    );
    return isThere ? view : this.read();
  }

  #requireKnown(position: StorePosition, before: number): void {
    if (this.#parts.isKnown(position) && position.revision >= before) return;
    throw new XnetError(
      'Unavailable',
      'the store that answers is another one, or older than what the controller has seen',
      {
        hint: 'see: xctl status',
      },
    );
  }
}
