/**
 * Goes round the journals: takes in what each has new, and has a checkpoint made of it.
 *
 * 1. One round at a time. Who wants to see what is durable now waits for one that begins from now on.
 * 2. What was taken in may be cut from the journals then, and nothing before: an action that the audit has not got is not forgotten, and
 *    where it falls behind for long the disk fills up until nothing is done any more.
 * 3. A journal that cannot be reached is left for the next round; one that is not what was audited stops the audit, and says so.
 */
import { runtimeService } from "@tutti/contracts/runtime/v1";
import type { HostContext, InstallationKeys } from "@tutti/host";
import {
  type Component,
  degraded,
  errorFromUnknown,
  type Health,
  healthy,
  isTuttiError,
  type Timer,
  toTimestamp,
  unhealthy,
} from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { checkpointOf, MerkleTree } from "@tutti/policy/audit";
import type { JournalPart } from "./book/intake.ts";
import type { JournalName } from "./book/record.ts";
import { auditErrors } from "./errors.ts";
import { AuditThread } from "./thread/audit-thread.ts";

export interface RoundsParts extends Pick<HostContext, "mesh" | "foundation" | "holds" | "steward"> {
  readonly keys: { open(): Promise<InstallationKeys> };
  readonly file: string;
  readonly settings: {
    readonly checkpointEveryMs: number;
    readonly keepDays: number;
    readonly services: readonly string[];
  };
}

/** Of batches, in one checkpoint; the rest is for the next one. */
const partBytesMax = 8 * 1024 * 1024;
const readMs = 30_000;
/** By then a process has started. */
const openAfterMs = 2_000;
const dayMs = 24 * 3_600_000;

/** What a round needs, and everybody who asks. */
export interface OpenedAudit {
  readonly thread: AuditThread;
  readonly keys: InstallationKeys;
}

export class AuditRounds implements Component {
  readonly #parts: RoundsParts;
  readonly #taken = new Map<string, number>();
  readonly #onCheckpoint = new Set<() => void>();
  #opening: Promise<OpenedAudit> | undefined;
  #soon: Timer | undefined;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #waiting: Promise<number> | undefined;
  #problem: unknown;
  #unreached = "";
  /** When the last round began that reached all journals. */
  #completeMs = 0;
  #isStopped = false;

  constructor(parts: RoundsParts) {
    this.#parts = parts;
    // Before anything is cut.
    parts.holds.hold();
  }

  /** Nothing is opened yet: the thread would take from the rest of the process what it needs to start. */
  start(): void {
    const { foundation, settings } = this.#parts;
    const { timers, logger } = foundation;
    // What is wrong with the book is to be seen before the first round.
    this.#soon = timers.after(openAfterMs, () => {
      this.opened().catch((error: unknown) => {
        this.#problem ??= error;
        logger.warn("the book of the audit cannot be opened", { error });
      });
    });
    this.#timer = timers.every(settings.checkpointEveryMs, () => {
      this.fresh().catch((error: unknown) => logger.warn("the audit fell behind", { error }));
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#soon?.cancel();
    this.#timer?.cancel();
    await this.#running?.catch(() => {});
    const opened = await this.#opening?.catch(() => undefined);
    await opened?.thread.stop();
  }

  health(): Health {
    if (isTuttiError(this.#problem) && this.#problem.retry === "never")
      return unhealthy(this.#problem.message);
    if (this.#problem !== undefined) return degraded(errorFromUnknown(this.#problem).message);
    if (this.#unreached !== "") return degraded(`${this.#unreached}; it is tried again`);
    return healthy;
  }

  /** The book, and what it is signed with; tried again by the next one who asks where it could not be opened. */
  opened(): Promise<OpenedAudit> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<OpenedAudit> {
    const { keys: installation, file, holds } = this.#parts;
    const keys = await installation.open();
    const thread = await AuditThread.at({ file, key: keys.signingKey });
    try {
      for (const { batch, ...journal } of await thread.call("ends")) {
        this.#taken.set(nameOf(journal), batch);
        holds.took(journal, batch);
      }
    } catch (error) {
      await thread.stop();
      throw error;
    }
    return { thread, keys };
  }

  /** Everything that was durable before the moment that this resolves with is under a checkpoint; 0 as long as some journal was never read. */
  fresh(): Promise<number> {
    this.#waiting ??= this.#next();
    return this.#waiting;
  }

  /** Resolves with the next checkpoint, or when nobody waits any more. */
  async news(signal: AbortSignal, timeoutMs: number): Promise<void> {
    const { timers } = this.#parts.foundation;
    await new Promise<void>((resolve) => {
      const timer = timers.after(timeoutMs, done);
      const hears = this.#onCheckpoint;
      function done(): void {
        timer.cancel();
        hears.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      }
      hears.add(done);
      signal.addEventListener("abort", done, { once: true });
      if (signal.aborted) done();
    });
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

  /** Whether there was more than is put under one checkpoint. */
  async #checkpoint(): Promise<boolean> {
    const { clock } = this.#parts.foundation;
    const { thread, keys } = await this.opened();
    const { parts, isMore } = await this.#gather();
    if (parts.length === 0 || this.#isStopped) return false;
    const { number, heads, size, parts: before } = await thread.call("prepare", parts);
    const { signer, signingKey } = keys;
    const signed = { signingKeyId: signingKey.signingKeyId, key: signer };
    const made = { number, createTime: toTimestamp(clock.now()), heads };
    await thread.call("commit", checkpointOf(made, MerkleTree.after(size, before), signed));
    for (const { service, partition, batch } of heads) {
      this.#taken.set(nameOf({ service, partition }), batch);
      this.#parts.holds.took({ service, partition }, batch);
    }
    for (const heard of [...this.#onCheckpoint]) heard();
    return isMore;
  }

  async #gather(): Promise<{ readonly parts: readonly JournalPart[]; readonly isMore: boolean }> {
    const { steward } = this.#parts;
    const parts: JournalPart[] = [];
    let room = partBytesMax;
    this.#unreached = "";
    for (const service of this.#services())
      for (let partition = 0; partition < steward.partitions; partition++) {
        if (room <= 0) return { parts, isMore: true };
        const batches = await this.#read({ service, partition }, room);
        if (batches.length > 0) parts.push({ service, partition, batches });
        room -= batches.reduce((bytes, batch) => bytes + batch.length, 0);
      }
    return { parts, isMore: room <= 0 };
  }

  #services(): readonly string[] {
    const { mesh, holds, settings } = this.#parts;
    const others = settings.services.filter((service) => mesh.othersOf(service).length > 0);
    return [...new Set([...holds.services, ...others])];
  }

  /** What a journal has new, up to so many bytes or a little more. */
  async #read(journal: JournalName, room: number): Promise<Uint8Array[]> {
    const runtime = this.#parts.mesh.client(runtimeService, { service: journal.service });
    const known = this.#taken.get(nameOf(journal));
    try {
      return await batchesAfter(runtime, journal.partition, known ?? 0, room);
    } catch (error) {
      const isCut = isTuttiError(error) && error.status === "OUT_OF_RANGE";
      if (!isCut) {
        this.#unreached = `the journal of ${nameOf(journal)} could not be read: ${errorFromUnknown(error).message}`;
        return [];
      }
      // What was cut before there was an audit cannot be audited.
      if (known === undefined)
        return batchesAfter(runtime, journal.partition, await firstOf(runtime, journal), room);
      const reason = "that it was cut meanwhile";
      throw auditErrors.chainBroken({ ...journal, batch: known + 1, reason });
    }
  }

  async #drop(): Promise<void> {
    const { settings, foundation } = this.#parts;
    if (settings.keepDays === 0) return;
    const untilMs = foundation.clock.now() - settings.keepDays * dayMs;
    const { thread } = await this.opened();
    while (!this.#isStopped && (await thread.call("dropBefore", untilMs)));
  }
}

async function batchesAfter(
  runtime: Client<typeof runtimeService>,
  partition: number,
  afterBatch: number,
  room: number,
): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  let bytes = 0;
  for await (const { batches } of runtime.readJournal(
    { partition, afterBatch, follow: false },
    { timeoutMs: readMs },
  )) {
    found.push(...batches);
    bytes += batches.reduce((sum, batch) => sum + batch.length, 0);
    if (bytes >= room) break;
  }
  return found;
}

/** The batch before the first that is still there. */
async function firstOf(runtime: Client<typeof runtimeService>, { partition }: JournalName): Promise<number> {
  const { partitions } = await runtime.listPartitions({});
  return (partitions.find((one) => one.partition === partition)?.first ?? 1) - 1;
}

function nameOf({ service, partition }: JournalName): string {
  return `${service}/${partition}`;
}
