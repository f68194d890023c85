/**
 * The book of an installation of several processes, in NATS:
 *
 *     TUTTI_AUDIT   pages.N           the page of checkpoint N, made once and never again
 *                   records.L.F.HASH  records under leaf L of the tree, from its record F on
 *
 * 1. A page exists only after its records. If several processes make the same page, one succeeds. The others
 *    take that one, and continue.
 * 2. Each process answers from its own copy. A difference between a copy and the pages is reported, never
 *    repaired: one of them was changed.
 */

import { type ObjectStore, type ObjectStoreOptions, openObjectStore } from "@tutti/journal/objects";
import { decodePage, objectsAt, pageName } from "../book/page.ts";

/** The content of a page before it is added. */
export interface DraftPage {
  readonly number: number;
  readonly page: Uint8Array;
  readonly records: readonly { readonly object: string; readonly bytes: Uint8Array }[];
}

const stream = "TUTTI_AUDIT";
const root = "tutti.audit";

export class SharedBook {
  readonly #store: ObjectStore;

  static async open(
    options: Pick<ObjectStoreOptions, "connection" | "replicas">,
    signal: AbortSignal,
  ): Promise<SharedBook> {
    const description = "The book of the audit: checkpoints, and the records under them.";
    return new SharedBook(await openObjectStore({ ...options, stream, root, description }, signal));
  }

  private constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Returns a page, or undefined if it does not exist. */
  async page(number: number): Promise<Uint8Array | undefined> {
    return (await this.#store.latest(pageName(number)))?.data;
  }

  /** Returns the records of each block of a page. Undefined for removed ones. */
  records(number: number, page: Uint8Array): Promise<readonly (Uint8Array | undefined)[]> {
    const { blocks } = decodePage(number, page);
    return Promise.all(blocks.map(({ object }) => this.#store.get(object)));
  }

  /** Adds a page. Returns false if another process was faster. */
  async add({ number, page, records }: DraftPage, signal: AbortSignal): Promise<boolean> {
    for (const { object, bytes } of records) await this.#store.put(object, bytes, signal);
    return (await this.#store.replace(pageName(number), page, 0)) !== undefined;
  }

  /** Removes records. Pages stay. */
  drop(blocks: readonly { readonly leaf: number; readonly first: number }[]): Promise<void> {
    return this.#store.remove(blocks.map(({ leaf, first }) => `${objectsAt(leaf, first)}.*`));
  }
}
