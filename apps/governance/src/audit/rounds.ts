/**
 * Rounds over the journals: each takes in the new records, and makes a checkpoint of them.
 *
 * 1. The audit thread reads the records of its own process directly from the log. Other processes are asked
 *    for theirs.
 * 2. One round at a time. A reader of the current durable state waits for a round that starts later.
 * 3. Journals may be cut only up to records in the audit: an action that the audit does not have is not
 *    forgotten. If the audit falls behind for long, the disk fills up until no action is accepted any more.
 * 4. An unreachable journal is left for the next round. A journal that differs from the audited one stops the
 *    audit, with an error.
 * 5. The last checkpoint is anchored in the journal, and outside if that is configured. A book that differs
 *    from an anchor is not continued. Without a book, a new one starts only if there is no anchor.
 * 6. Each process that shares the book may make the next checkpoint, and one succeeds. The others take its
 *    checkpoint, and continue after it. Without a request, only the owner of the first partition runs rounds,
 *    and the others take its results.
 * 7. A journal may be cut under a reader as soon as some process has signed it. A reader that finds it cut
 *    takes the signed pages of others, and continues there.
 * 8. The book changes in one turn at a time: to take a page while another checkpoint is prepared would remove
 *    the prepared one. Before it answers about checkpoints, a process first takes those of other processes.
 *    Otherwise a checkpoint that was seen at one process would be missing at the next.
 */
import { isDeepStrictEqual } from "node:util";
import type { AuditFault, Checkpoint, SigningKey } from "@tutti/contracts/governance/v1";
import { runtimeService } from "@tutti/contracts/runtime/v1";
import type { HostContext, InstallationKeys } from "@tutti/host";
import {
  type Component,
  degraded,
  errorFromUnknown,
  fromTimestamp,
  type Health,
  healthy,
  isTuttiError,
  type Timer,
  toTimestamp,
  unhealthy,
  Waiters,
} from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { checkpointOf, MerkleTree } from "@tutti/policy/audit";
import type { AuditEvents } from "../events/audit-events.ts";
import type { AnchorableBook } from "./anchoring/anchor-check.ts";
import { Anchoring, type Anchors } from "./anchoring/anchoring.ts";
import { signedRetention } from "./book/completeness.ts";
import type { JournalPart } from "./book/intake.ts";
import { decodePage } from "./book/page.ts";
import { type JournalName, nameOf } from "./book/record.ts";
import { auditErrors } from "./errors.ts";
import type { SharedBook } from "./shared/shared-book.ts";
import { AuditThread } from "./thread/audit-thread.ts";
import type { OwnLog } from "./thread/own-log.ts";

export interface RoundsParts extends Pick<HostContext, "mesh" | "foundation" | "holds" | "partitionOwner"> {
  readonly keys: { open(): Promise<InstallationKeys> };
  readonly place: BookPlace;
  readonly anchors: Anchors;
  readonly events: AuditEvents;
  readonly settings: {
    readonly checkpointEveryMs: number;
    readonly giveUpCheckpoint: number;
    readonly keepDays: number;
    readonly services: readonly string[];
  };
}

/**
 * Maximum of batches in one checkpoint, for this process and for the others. The rest follows in the next.
 */
const partBytesMax = 8 * 1024 * 1024;
const readMs = 30_000;
const hurriedMs = 500;
/** By then a process has started. */
const openAfterMs = 2_000;
const dayMs = 24 * 3_600_000;
const ownService = "governance";
const faultsLogged = 20;

/** The place of the book, as long as it is open. */
export interface BookPlace {
  /** @param key the signing key of the book */
  open(signal: AbortSignal, key: SigningKey): Promise<OpenedPlace>;
  /** Called once the book exists. */
  onCreated?(): void;
}

export interface OpenedPlace {
  readonly file: string;
  /** The shared book of which the file is a copy. Undefined if the file is the book. */
  readonly shared: SharedBook | undefined;
  close(): void;
}

/** The dependencies of a round and of each request. */
export interface OpenedAudit extends Pick<OpenedPlace, "shared"> {
  readonly thread: AuditThread;
  readonly keys: InstallationKeys;
  /** Closes the book. */
  close(): Promise<void>;
}

interface GatheredParts {
  readonly parts: readonly JournalPart[];
  readonly isMore: boolean;
}

export class AuditRounds implements Component {
  readonly #parts: RoundsParts;
  readonly #recordedUpTo = new Map<string, number>();
  readonly #onCheckpoint: Waiters;
  #opening: Promise<OpenedAudit> | undefined;
  #soon: Timer | undefined;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  /** The last turn that changes the book. */
  #turns: Promise<unknown> = Promise.resolve();
  #following: Promise<void> | undefined;
  #waiting: Promise<number> | undefined;
  #problem: unknown;
  readonly #anchoring: Anchoring;
  /** Records and checkpoints that the book has lost, as a text. */
  #missing = "";
  /** The last checkpoint of the open book, without heads. */
  #last: Checkpoint | undefined;
  /** The input of a round with nothing to sign. A single anchor stays in a journal until there is more. */
  #nothingToSign: unknown;
  #unreached = "";
  /** Start of the last round that reached all journals. */
  #completeMs = 0;
  readonly #stopping = new AbortController();

  constructor(parts: RoundsParts) {
    this.#parts = parts;
    const { anchors, settings, foundation } = parts;
    this.#onCheckpoint = new Waiters(foundation.timers);
    this.#anchoring = new Anchoring(anchors, settings.giveUpCheckpoint, foundation.logger);
    // Before anything is cut.
    parts.holds.hold();
  }

  /** Starts the timers. Nothing is opened yet: the thread would delay the start of the process. */
  start(): void {
    const { foundation, settings } = this.#parts;
    const { timers, logger } = foundation;
    // A problem of the book must be visible before the first round.
    this.#soon = timers.after(openAfterMs, () => {
      this.opened().catch((error: unknown) => {
        // A process that stops before its partitions are loaded has no problem.
        if (this.#stopping.signal.aborted) return;
        this.#problem ??= error;
        logger.warn("failed to open the audit log", { error });
      });
    });
    this.#timer = timers.every(settings.checkpointEveryMs, () => {
      this.#turn().catch((error: unknown) => logger.warn("audit log is behind the journal", { error }));
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#soon?.cancel();
    this.#timer?.cancel();
    await this.#running?.catch(() => {});
    await this.#turns;
    const opened = await this.#opening?.catch(() => undefined);
    await opened?.close();
  }

  health(): Health {
    if (isTuttiError(this.#problem) && this.#problem.retry === "never")
      return unhealthy(this.#problem.message);
    if (this.#missing !== "") return unhealthy(this.#missing);
    if (this.#problem !== undefined) return degraded(errorFromUnknown(this.#problem).message);
    if (this.#unreached !== "") return degraded(`${this.#unreached}; it is tried again`);
    return this.#anchoring.problem === "" ? healthy : degraded(this.#anchoring.problem);
  }

  /** Returns the book and its signing key. After a failure, the next call tries again. */
  opened(): Promise<OpenedAudit> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<OpenedAudit> {
    const keys = await this.#parts.keys.open();
    const { signal } = this.#stopping;
    const { file, shared, ...place } = await this.#parts.place.open(signal, keys.signingKey);
    const isKnown = shared !== undefined || (await this.#anchoring.isKnown(file, signal));
    const thread = await AuditThread.at({ file, key: keys.signingKey });
    const close = async () => {
      await thread.stop();
      place.close();
    };
    try {
      this.#setRecorded(await thread.call("ends"));
      const number = await thread.call("lastNumber");
      if (shared !== undefined && number > 0 && !(await thread.call("endsWith", await shared.page(number))))
        throw auditErrors.pageUnsound({
          number,
          found: "none, or another than the copy of this process has",
        });
      await this.#anchoring.check(bookOf({ thread, shared }), signal);
      await this.#checkCompleteness({ thread, keys, shared }, isKnown);
      this.#parts.place.onCreated?.();
    } catch (error) {
      await close();
      throw error;
    }
    return { thread, keys, shared, close };
  }

  /** Detects what the book has lost, and reports it. */
  async #checkCompleteness(opened: Omit<OpenedAudit, "close">, isKnown: boolean): Promise<void> {
    const { thread, keys } = opened;
    let status = await thread.call("status");
    // An older release removed records without a signature: its book is accepted as it is, once.
    const { hasRetention, lastRemovedMs } = status;
    if (!isKnown && !hasRetention && lastRemovedMs > 0) {
      await this.#retain(thread, keys, lastRemovedMs + 1);
      status = await thread.call("status");
    }
    const { last, faults, moreFaults } = status;
    this.#last = last;
    this.#missing = faults.length === 0 ? "" : lossOf(faults, moreFaults);
    if (last !== undefined) await this.#anchoring.anchor(last, bookOf(opened));
    const { logger } = this.#parts.foundation;
    this.#parts.events.broken(faults);
    for (const { recordId, message } of faults.slice(0, faultsLogged))
      logger.error("audit log is incomplete", { journal: recordId, problem: message });
  }

  /** Reports the findings of a complete verification. */
  found(faults: readonly AuditFault[]): void {
    this.#parts.events.broken(faults);
  }

  /** Signs that records before a time need not be kept. */
  async #retain(
    thread: AuditThread,
    { signer, signingKey }: InstallationKeys,
    keptFromMs: number,
  ): Promise<void> {
    const signed = { signingKeyId: signingKey.signingKeyId, key: signer };
    const signTimeMs = this.#parts.foundation.clock.now();
    await thread.call("retain", signedRetention({ keptFromMs, signTimeMs }, signed));
  }

  #setRecorded(ends: readonly (JournalName & { readonly batch: number })[]): void {
    for (const { service, partition, batch } of ends) {
      this.#recordedUpTo.set(nameOf({ service, partition }), batch);
      this.#parts.holds.acknowledge({ service, partition }, batch);
    }
  }

  /** Runs a round when it is due. */
  async #turn(): Promise<void> {
    const { partitionOwner } = this.#parts;
    const opened = await this.opened();
    if (opened.shared === undefined || partitionOwner.owns(ownService, 0)) await this.fresh();
    else await this.followed();
    try {
      // Another process may have made the last one.
      if (this.#last !== undefined) await this.#anchoring.anchor(this.#last, bookOf(opened));
      await this.#anchoring.anchorOutside(this.#last, bookOf(opened));
    } catch (error) {
      this.#problem = error;
      throw error;
    }
  }

  /** Resolves when this process has every checkpoint that another process made before the call. */
  async followed(): Promise<void> {
    const opened = await this.opened();
    if (opened.shared === undefined) return;
    this.#following ??= this.#inTurn(() => {
      // A later call may need a page that this turn does not see.
      this.#following = undefined;
      return this.#follow(opened);
    });
    await this.#following;
  }

  /** Runs changes one after the other. */
  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const turn = this.#turns.then(change);
    this.#turns = turn.catch(() => {});
    return turn;
  }

  /** Takes the pages of other processes, in a turn of its own. */
  async #follow({ thread, shared, keys }: Omit<OpenedAudit, "close">): Promise<void> {
    while (shared !== undefined && !this.#isStopped) {
      const number = this.#lastNumber + 1;
      const page = await shared.page(number);
      if (page === undefined) return;
      const records = await shared.records(number, page);
      const { checkpoint } = decodePage(number, page);
      const keptFromMs = this.#keptFromMs;
      // Records of an older page may have been removed.
      if (checkpoint.createTime !== undefined && fromTimestamp(checkpoint.createTime) < keptFromMs)
        await this.#retain(thread, keys, keptFromMs);
      this.#setRecorded(await thread.call("addPage", page, records, keptFromMs));
      this.#last = { ...checkpoint, heads: [] };
      this.#onCheckpoint.wakeAll();
    }
  }

  get #lastNumber(): number {
    return this.#last?.number ?? 0;
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Older records are removed. */
  get #keptFromMs(): number {
    const { settings, foundation } = this.#parts;
    return settings.keepDays === 0 ? 0 : foundation.clock.now() - settings.keepDays * dayMs;
  }

  /**
   * Resolves with a time before which all durable records are under a checkpoint. 0 if some journal was never
   * read.
   */
  fresh(): Promise<number> {
    this.#waiting ??= this.#next();
    return this.#waiting;
  }

  /** Resolves with the next checkpoint, or when no caller waits any more. */
  nextCheckpoint(signal: AbortSignal, timeoutMs: number): Promise<void> {
    return this.#onCheckpoint.wait(timeoutMs, signal);
  }

  async #next(): Promise<number> {
    await this.#running?.catch(() => {});
    this.#waiting = undefined;
    const fromMs = this.#parts.foundation.clock.now();
    this.#running = this.#round();
    await this.#running;
    if (this.#unreached === "") this.#completeMs = fromMs;
    return this.#completeMs;
  }

  async #round(): Promise<void> {
    try {
      for (let isMore = true; isMore && !this.#isStopped; ) isMore = await this.#checkpoint();
      await this.#drop();
      this.#problem = undefined;
    } catch (error) {
      this.#problem = error;
      throw error;
    }
  }

  /** Makes a checkpoint. Returns whether there was more than one checkpoint can contain. */
  async #checkpoint(): Promise<boolean> {
    const opened = await this.opened();
    const before = await this.#inTurn(async () => {
      await this.#follow(opened);
      return this.#lastNumber;
    });
    const gathered = await this.#gather();
    return this.#inTurn(() => this.#sign(opened, gathered, before));
  }

  /** Signs the gathered records. Returns whether there is more. `before`: the last checkpoint at the read. */
  async #sign(
    { thread, keys, shared }: OpenedAudit,
    gathered: GatheredParts,
    before: number,
  ): Promise<boolean> {
    if (this.#isStopped) return false;
    // A page that was taken meanwhile may contain some of it.
    if (this.#lastNumber !== before) return true;
    const own = this.#ownLog();
    const found = { before, gathered, own };
    // An idle process does not start the thread in vain.
    if (isDeepStrictEqual(found, this.#nothingToSign)) return false;
    const prepared = await thread.prepare({ ...gathered, own, bytesMax: partBytesMax });
    const { number, heads, size, parts } = prepared;
    const isMore = prepared.isMore || gathered.isMore;
    // An anchor alone would cause another anchor without end.
    if (prepared.isAnchorsAlone || (heads.length === 0 && !isMore)) {
      this.#nothingToSign = found;
      return false;
    }
    if (heads.length === 0 || this.#isStopped) return isMore;
    const { signer, signingKey } = keys;
    const signed = { signingKeyId: signingKey.signingKeyId, key: signer };
    const contents = { number, createTime: toTimestamp(this.#parts.foundation.clock.now()), heads };
    const checkpoint = checkpointOf(contents, MerkleTree.after(size, parts), signed);
    if (shared !== undefined) {
      const draft = await thread.call("draft", checkpoint);
      // Another process was faster: its page is taken, and the round continues after it.
      if (!(await shared.add(draft, this.#stopping.signal))) return true;
    }
    // A copy of the data has both or none of them.
    await this.#parts.holds.alone(async () => {
      await thread.call("commit", checkpoint);
      this.#last = { ...checkpoint, heads: [] };
      await this.#anchoring.anchor(this.#last, bookOf({ thread, shared }));
    });
    this.#parts.events.signed(checkpoint);
    this.#setRecorded(heads);
    this.#onCheckpoint.wakeAll();
    return isMore;
  }

  #ownLog(): OwnLog | undefined {
    const { log, services } = this.#parts.holds;
    return log && { directory: log.directory, end: log.durableEnd(), services };
  }

  /** Reads the new batches of other journals. */
  async #gather(): Promise<GatheredParts> {
    const { partitionOwner } = this.#parts;
    const parts: JournalPart[] = [];
    let room = partBytesMax;
    this.#unreached = "";
    for (const service of this.#services()) {
      const before = this.#unreached;
      for (let partition = 0; partition < partitionOwner.partitions && !this.#isStopped; partition++) {
        if (room <= 0) return { parts, isMore: true };
        // After an unreachable journal, others may be unavailable too: their timeout is shorter.
        const timeoutMs = this.#unreached === before ? readMs : hurriedMs;
        const batches = await this.#read({ service, partition }, room, timeoutMs);
        if (batches.length > 0) parts.push({ service, partition, batches });
        room -= batches.reduce((bytes, batch) => bytes + batch.length, 0);
      }
    }
    return { parts, isMore: room <= 0 };
  }

  #services(): readonly string[] {
    const { mesh, holds, settings } = this.#parts;
    const others = settings.services.filter((service) => mesh.othersOf(service).length > 0);
    if (holds.log === undefined) return [...new Set([...holds.services, ...others])];
    return others.filter((service) => !holds.services.includes(service));
  }

  /** Returns the new batches of a journal, up to a number of bytes or slightly more. */
  async #read(journal: JournalName, room: number, timeoutMs: number): Promise<Uint8Array[]> {
    const { signal } = this.#stopping;
    const options = { timeoutMs, signal };
    const runtime = this.#parts.mesh.client(runtimeService, { service: journal.service });
    const known = this.#recordedUpTo.get(nameOf(journal));
    try {
      return await batchesAfter(runtime, { ...journal, afterBatch: known ?? 0 }, room, options);
    } catch (error) {
      const isCut = isTuttiError(error) && error.status === "OUT_OF_RANGE";
      if (!isCut) {
        this.#unreached = `the journal of ${nameOf(journal)} could not be read: ${errorFromUnknown(error).message}`;
        return [];
      }
      // Batches that were cut before the audit started cannot be audited.
      if (known === undefined) {
        const afterBatch = await firstOf(runtime, journal);
        return batchesAfter(runtime, { ...journal, afterBatch }, room, options);
      }
      // Another process may have signed it since this round started, and had it cut.
      await this.followed();
      if ((this.#recordedUpTo.get(nameOf(journal)) ?? 0) > known) return [];
      const reason = "it was cut meanwhile";
      throw auditErrors.chainBroken({ ...journal, batch: known + 1, reason });
    }
  }

  async #drop(): Promise<void> {
    const keptFromMs = this.#keptFromMs;
    if (keptFromMs === 0) return;
    const { thread, shared, keys } = await this.opened();
    if (!(await thread.call("hasBefore", keptFromMs))) return;
    await this.#retain(thread, keys, keptFromMs);
    while (!this.#isStopped) {
      const dropped = await thread.call("dropBefore", keptFromMs);
      if (dropped.length === 0) return;
      await shared?.drop(dropped);
    }
  }
}

/** Returns the first loss of the book, and the number of losses. */
function lossOf(faults: readonly AuditFault[], moreFaults: number): string {
  const [first] = faults;
  const fault = `${first?.recordId === "" ? "" : `${first?.recordId}: `}${first?.message}`;
  const more = faults.length + moreFaults - 1;
  const others = more === 0 ? "" : `; and ${more} more`;
  return `the audit log is not complete: ${fault}${others}. Restore the folder audit from a backup`;
}

/** Returns the parts that are compared with an anchor: of a shared book its pages. */
function bookOf({ thread, shared }: Pick<OpenedAudit, "thread" | "shared">): AnchorableBook {
  return {
    last: () => thread.call("lastNumber"),
    async checkpoint(number) {
      if (shared === undefined) return thread.call("checkpointIfThere", number);
      const page = await shared.page(number);
      return page && decodePage(number, page).checkpoint;
    },
  };
}

async function batchesAfter(
  runtime: Client<typeof runtimeService>,
  { partition, afterBatch }: { readonly partition: number; readonly afterBatch: number },
  room: number,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  let bytes = 0;
  for await (const { batches } of runtime.readJournal(
    // All before it is in the book.
    { partition, afterBatch, follow: false, kept: true },
    options,
  )) {
    found.push(...batches);
    bytes += batches.reduce((sum, batch) => sum + batch.length, 0);
    if (bytes >= room) break;
  }
  return found;
}

/** Returns the number before the first batch that still exists. */
async function firstOf(runtime: Client<typeof runtimeService>, { partition }: JournalName): Promise<number> {
  const { partitions } = await runtime.listPartitions({});
  return (partitions.find((candidate) => candidate.partition === partition)?.first ?? 1) - 1;
}
