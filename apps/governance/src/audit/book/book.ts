/**
 * The book of the audit: the records of all journals, under signed checkpoints.
 *
 * 1. A checkpoint, its heads and their records are written together or not at all. Unwritten ones are read
 *    again from the journals, which are kept until then.
 * 2. A checkpoint is signed between `prepare` and `commit`, by the holder of the key. One is in progress at a
 *    time.
 * 3. Records are removed after their time, by a signed retention. Their hashes stay, and so does everything
 *    that depends on them.
 * 4. A book whose heads are not those of its last checkpoint is not opened: nothing could be signed after it.
 *    Missing records and checkpoints are detected, and the audit reports them.
 */
import type {
  AuditFault,
  Checkpoint,
  ConsistencyProof,
  InclusionProof,
  JournalHead,
  SigningKey,
} from "@tutti/contracts/governance/v1";
import { assert } from "@tutti/kernel";
import { headLeaf, MerkleTree, recordAt, sameHash } from "@tutti/policy/audit";
import { auditErrors } from "../errors.ts";
import type { DraftPage } from "../shared/shared-book.ts";
import { type Block, blocksOf, recordsIn } from "./blocks.ts";
import { type AddedPart, BookStore, type Retention, type StoredHead } from "./book-store.ts";
import { columnsFault, missingCheckpoint, missingUnder, retainedBefore, trustedOf } from "./completeness.ts";
import { type ExportPart, type ExportRequest, exported } from "./exporting.ts";
import { type BookRecord, type JournalPart, parsePart, treeOf } from "./intake.ts";
import { decodePage, encodePage, objectOf } from "./page.ts";
import { type PageRecords, partsOf } from "./page-intake.ts";
import { areAnchors, auditRecordOf, decodedRecord, type JournalName, nameOf } from "./record.ts";
import { openBook } from "./schema.ts";
import { type FoundRecords, type RecordSearch, searchRecords } from "./searching.ts";
import { type VerifyProgress, verified } from "./verifying.ts";

/** The input of a checkpoint: its heads, and the tree before them. */
export interface Prepared {
  readonly number: number;
  readonly heads: JournalHead[];
  readonly size: number;
  readonly parts: readonly Uint8Array[];
  /** True if only anchors of earlier checkpoints are new: they wait for the next other record. */
  readonly isAnchorsAlone: boolean;
}

export interface FoundRecord {
  readonly journal: JournalName;
  readonly record: BookRecord;
  /** Index among the records of its head. */
  readonly place: number;
  readonly stored: StoredHead;
}

/** The part of a pending checkpoint for one journal. */
interface DraftPart extends Omit<AddedPart, "blocks"> {
  readonly blocks: readonly Block[];
}

/** The state of the book. */
export interface BookStatus {
  /** Without heads. Undefined before the first. */
  readonly last: Checkpoint | undefined;
  /** The first missing record. */
  readonly faults: readonly AuditFault[];
  readonly moreFaults: number;
  readonly hasRetention: boolean;
  /** Time of the last checkpoint with removed records. 0 for none. */
  readonly lastRemovedMs: number;
}

export class AuditBook {
  readonly #store: BookStore;
  readonly #tree = new MerkleTree();
  /** The last head of each journal. */
  readonly #ends = new Map<string, JournalHead>();
  /** By name, with a shared object for each: there may be very many heads. */
  readonly #names = new Map<string, JournalName>();
  /** The journal of each head. */
  readonly #journals: JournalName[] = [];
  #records = 0;
  #last: Checkpoint | undefined;
  #drafted: readonly DraftPart[] = [];
  #faults: AuditFault[] = [];
  #moreFaults = 0;

  static async open(file: string, key: SigningKey): Promise<AuditBook> {
    const store = new BookStore(await openBook(file));
    try {
      const known = store.keys().at(-1);
      if (known === undefined) store.together(() => store.addKey(key));
      else if (!sameHash(known.publicKey, key.publicKey))
        throw auditErrors.keyChanged({ known: known.signingKeyId, found: key.signingKeyId });
      return new AuditBook(store);
    } catch (error) {
      store.close();
      throw error;
    }
  }

  private constructor(store: BookStore) {
    this.#store = store;
    const retained = this.#retained();
    for (const placed of store.placedHeads()) {
      const { size } = this.#tree;
      if (placed.leaf !== size) throw auditErrors.bookDamaged({ found: `head ${size} is missing` });
      this.#append(placed.head);
      for (const fault of missingUnder(placed, retained)) this.#addFault(fault);
    }
    this.#last = this.#lastOf();
  }

  /** Returns the last checkpoint, if all are present and it covers these heads. */
  #lastOf(): Checkpoint | undefined {
    let last: Checkpoint | undefined;
    for (const { columns, checkpoint } of this.#store.listedCheckpoints()) {
      for (let number = (last?.number ?? 0) + 1; number < columns.number; number++)
        this.#addFault(missingCheckpoint(number));
      const wrong = columnsFault(checkpoint, columns);
      if (wrong !== undefined) this.#addFault(wrong);
      last = checkpoint;
    }
    const { size } = this.#tree;
    const isOver =
      last === undefined
        ? size === 0
        : last.treeSize === size && sameHash(last.rootHash, this.#tree.rootAt());
    const found = `its ${size} heads are not those of checkpoint ${last?.number ?? 0}`;
    if (!isOver) throw auditErrors.bookDamaged({ found });
    return last;
  }

  /** Returns the first leaf that must still have its records. */
  #retained(): number {
    const { leaf, faults } = retainedBefore(this.#store, trustedOf(this.#store.keys()));
    for (const fault of faults) this.#addFault(fault);
    return leaf;
  }

  #addFault(fault: AuditFault): void {
    if (this.#faults.length < faultsMax) this.#faults.push(fault);
    else this.#moreFaults++;
  }

  status(): BookStatus {
    const store = this.#store;
    const hasRetention = store.retention() !== undefined;
    const state = { last: this.#last, faults: this.#faults, moreFaults: this.#moreFaults, hasRetention };
    return { ...state, lastRemovedMs: store.lastRemovedMs() };
  }

  /** Applies a signed retention. It never goes back. */
  retain(retention: Retention): void {
    if (retention.keptFromMs <= (this.#store.retention()?.keptFromMs ?? 0)) return;
    this.#store.together(() => this.#store.setRetention(retention));
    if (this.#faults.length === 0) return;
    this.#faults = [];
    this.#moreFaults = 0;
    const retained = this.#retained();
    for (const placed of this.#store.placedHeads())
      for (const fault of missingUnder(placed, retained)) this.#addFault(fault);
    this.#lastOf();
  }

  /** Number of records under checkpoints. */
  get records(): number {
    return this.#records;
  }

  keysNewestFirst(): SigningKey[] {
    return this.#store.keys().reverse();
  }

  /** Returns the last batch of each journal in the book. */
  ends(): (JournalName & { readonly batch: number })[] {
    return [...this.#ends.values()].map(({ service, partition, batch }) => ({ service, partition, batch }));
  }

  /** Returns the last batch of one journal in the book. 0 for none. */
  endOf(journal: JournalName): number {
    return this.#ends.get(nameOf(journal))?.batch ?? 0;
  }

  /** Prepares the next checkpoint. Nothing of it counts before `commit`. */
  prepare(parts: readonly JournalPart[]): Prepared {
    const { size } = this.#tree;
    const parsed = parts
      .filter(({ batches }) => batches.length > 0)
      .map((part) => parsePart(part, this.#ends.get(nameOf(part))));
    this.#drafted = parsed.map(({ head, leaves, records }) => ({ head, leaves, blocks: blocksOf(records) }));
    const heads = this.#drafted.map(({ head }) => head);
    const isAnchorsAlone = areAnchors(parsed.flatMap(({ records }) => records));
    return { number: this.lastNumber() + 1, heads, size, parts: this.#tree.parts(size), isAnchorsAlone };
  }

  /** Adds the signed checkpoint that was prepared. */
  commit(checkpoint: Checkpoint): void {
    this.#add(checkpoint, this.#drafted);
  }

  /** Returns the prepared checkpoint as a page for the other processes that share the book. */
  draft(checkpoint: Checkpoint): DraftPage {
    const { size } = this.#tree;
    const drafted = this.#drafted.flatMap(({ blocks }, head) =>
      blocks.map((block) => ({ head, block, bytes: block.bytes, object: objectOf(size + head, block) })),
    );
    const leaves = this.#drafted.map(({ leaves }) => leaves);
    return pageOf(checkpoint, leaves, drafted);
  }

  /** Returns a page of a checkpoint in the book, for other processes. Its blocks omit removed records. */
  page(number: number): DraftPage {
    const checkpoint = this.checkpointWithHeads(number);
    const from = checkpoint.treeSize - checkpoint.heads.length;
    const drafted = checkpoint.heads.flatMap((_, head) =>
      this.#store.blocksUnder(from + head).map((block) => {
        const bytes = this.#store.bytesOf(block);
        return { head, block, bytes, object: objectOf(block.leaf, { first: block.first, bytes }) };
      }),
    );
    const leaves = checkpoint.heads.map((_, head) => this.#store.leavesUnder(from + head));
    return pageOf(checkpoint, leaves, drafted);
  }

  /** Adds the next page, which another process has made. Returns its heads. Drops what was prepared here. */
  addPage(bytes: Uint8Array, records: PageRecords, keptFromMs: number): readonly JournalHead[] {
    const { size } = this.#tree;
    const number = this.lastNumber() + 1;
    const tree = MerkleTree.after(size, this.#tree.parts(size));
    const before = { number, tree, ends: this.#ends, keys: this.#store.keys(), keptFromMs };
    const page = decodePage(number, bytes);
    this.#add(page.checkpoint, partsOf(page, records, before));
    return page.checkpoint.heads;
  }

  /** Returns whether the last page is this one. */
  endsWith(bytes: Uint8Array | undefined): boolean {
    if (this.#last === undefined) return true;
    if (bytes === undefined) return false;
    const { checkpoint } = decodePage(this.#last.number, bytes);
    return sameHash(checkpoint.rootHash, this.#last.rootHash);
  }

  /** Number of the last checkpoint. 0 before the first. */
  lastNumber(): number {
    return this.#last?.number ?? 0;
  }

  #add(checkpoint: Checkpoint, parts: readonly AddedPart[]): void {
    const { size } = this.#tree;
    assert(checkpoint.treeSize === size + parts.length, "what is signed is what was prepared", {
      size,
      parts: parts.length,
      signed: checkpoint.treeSize,
    });
    this.#store.together(() => {
      for (const [index, part] of parts.entries()) {
        this.#store.addHead(size + index, part);
        for (const block of part.blocks) this.#store.addBlock(size + index, block);
      }
      this.#store.addCheckpoint(checkpoint);
    });
    this.#drafted = [];
    for (const { head } of parts) this.#append(head);
    this.#last = { ...checkpoint, heads: [] };
  }

  search(search: RecordSearch): FoundRecords {
    return searchRecords(this.#store, search, (leaf) => this.#journalOf(leaf));
  }

  /** Returns a record and the first checkpoint that covers it. Throws if it does not exist or was removed. */
  find(namespace: string, recordId: string): { found: FoundRecord; checkpoint: number } {
    const unknown = (found: string) => auditErrors.recordUnknown({ recordId, found });
    const at = recordAt(recordId);
    if (at === undefined) throw unknown("this is not the id of a record");
    const stored = this.#store.headOver(at, at.batch);
    if (stored === undefined) throw unknown("no record has this id");
    for (const block of this.#store.blocksUnder(stored.leaf))
      for (const [index, record] of recordsIn(this.#store.bytesOf(block)).entries())
        if (record.batch === at.batch && record.index === at.index) {
          // A record of another namespace counts as missing.
          if (decodedRecord(record).namespace !== namespace) throw unknown("no record has this id");
          const found = { journal: at, record, place: block.first + index, stored };
          return { found, checkpoint: this.#store.checkpointOf(stored.leaf) };
        }
    throw unknown("no record has this id any more");
  }

  get(namespace: string, recordId: string) {
    const { found, checkpoint } = this.find(namespace, recordId);
    const { journal, record } = found;
    return { record: auditRecordOf(journal, record, decodedRecord(record)), checkpoint };
  }

  /** Returns a checkpoint. Number 0 means the latest. */
  checkpoint(number: number): Checkpoint {
    const found = this.#store.checkpoint(number);
    if (found === undefined) throw auditErrors.checkpointUnknown({ number, last: this.lastNumber() });
    return found;
  }

  /** Returns a checkpoint without heads, if it exists. */
  checkpointIfThere(number: number): Checkpoint | undefined {
    return number === 0 ? undefined : this.#store.checkpoint(number);
  }

  /** Returns a checkpoint with its own heads. */
  checkpointWithHeads(number: number): Checkpoint {
    const checkpoint = this.checkpoint(number);
    const from = checkpoint.number === 1 ? 0 : this.checkpoint(checkpoint.number - 1).treeSize;
    const heads = [...this.#store.heads(from, checkpoint.treeSize)].map(({ head }) => head);
    return { ...checkpoint, heads };
  }

  /** Returns checkpoints, the latest first, below a number. */
  checkpoints(range: { fromMs: number; toMs: number }, below: number, limit: number): Checkpoint[] {
    return this.#store.checkpoints(range, below, limit);
  }

  /** Returns checkpoints, the oldest first, after a number, without heads. */
  checkpointsAfter(number: number, limit: number): Checkpoint[] {
    return this.#store.checkpointsAfter(number, limit);
  }

  proveInclusion(namespace: string, recordId: string, number: number): InclusionProof {
    const { found, checkpoint: first } = this.find(namespace, recordId);
    const checkpoint = this.checkpoint(number);
    const { place, record, stored } = found;
    if (checkpoint.number < first)
      throw auditErrors.recordNewer({ recordId, checkpoint: checkpoint.number, first });
    return {
      recordId,
      record: record.encoded,
      timeMs: record.timeMs,
      recordLeaf: place,
      checkpoint,
      recordPath: treeOf(this.#store.leavesUnder(stored.leaf)).inclusion(place),
      head: stored.head,
      headLeaf: stored.leaf,
      headPath: this.#tree.inclusion(stored.leaf, checkpoint.treeSize),
    };
  }

  proveConsistency(first: number, second: number): ConsistencyProof {
    const [before, after] = [this.checkpoint(first), this.checkpoint(second)];
    if (before.treeSize > after.treeSize)
      throw auditErrors.checkpointUnknown({ number: first, last: after.number });
    return { first: before, second: after, path: this.#tree.consistency(before.treeSize, after.treeSize) };
  }

  export(request: ExportRequest): Generator<ExportPart, void> {
    return exported(this.#store, this.#tree, request);
  }

  verify(fromCheckpoint: number): Generator<VerifyProgress, void> {
    return verified(this.#store, fromCheckpoint);
  }

  /** Returns whether there are records to remove. */
  hasBefore(timeMs: number): boolean {
    return this.#store.hasBefore(timeMs);
  }

  /**
   * Removes some of the records that are older than a time, in whole blocks. Returns these blocks. Empty when
   * all are removed.
   */
  dropBefore(timeMs: number): readonly { readonly leaf: number; readonly first: number }[] {
    return this.#store.dropBefore(timeMs, blocksDropped);
  }

  close(): void {
    this.#store.close();
  }

  #journalOf(leaf: number): JournalName {
    const journal = this.#journals[leaf];
    assert(journal !== undefined, "a block is under a head", { leaf });
    return journal;
  }

  #append(head: JournalHead): void {
    const { service, partition } = head;
    const name = nameOf(head);
    const journal = this.#names.get(name) ?? { service, partition };
    this.#names.set(name, journal);
    this.#journals.push(journal);
    this.#tree.append(headLeaf(head));
    this.#ends.set(name, head);
    this.#records += head.recordCount;
  }
}

interface DraftBlock {
  /** Index of its head in the checkpoint. */
  readonly head: number;
  readonly block: Pick<Block, "first" | "records" | "firstMs" | "lastMs">;
  readonly bytes: Uint8Array;
  readonly object: string;
}

function pageOf(
  checkpoint: Checkpoint,
  leaves: readonly Uint8Array[],
  drafted: readonly DraftBlock[],
): DraftPage {
  const blocks = drafted.map(({ head, object, block: { first, records, firstMs, lastMs } }) => ({
    head,
    object,
    first,
    records,
    firstMs,
    lastMs,
  }));
  const page = encodePage({ checkpoint, leaves, blocks });
  const records = drafted.map(({ object, bytes }) => ({ object, bytes }));
  return { number: checkpoint.number, page, records };
}

const blocksDropped = 64;
const faultsMax = 100;
