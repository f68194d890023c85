/**
 * A partition of this process over all its lives: owns it, loads it, reloads it after the journal rejected an append,
 * and releases it.
 *
 *     closed ── own ──► starting ── sealed and read ──► running ── disown ──► leaving ──► closed
 *     running ── append failed ──► starting
 *     starting, running ── a newer epoch was sealed, or opened the archive ──► closed
 *     starting ── damage, no permission, archive unreachable ──► failed ── after a pause ──► starting
 *     running ── the archive found damage ──► starting. Twice in a row ──► failed ── after a pause ──► starting
 *
 * 1. An append that failed may have landed or may land later: everything in memory is forgotten, and the batches
 *    of the journal are read again behind a seal.
 * 2. Work that waits in the inbox was not decided: it stays, and is decided after loading.
 */
import type { PauseState, WorkReleased } from "@tutti/contracts/runtime/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import type { Failure, Journal, JournalPartition } from "@tutti/journal";
import {
  type Backoff,
  backoffMs,
  errorFromUnknown,
  errorOf,
  kernelErrors,
  notOwner,
  type Place,
  type Refusal,
  sleep,
  type Timer,
  type TuttiError,
  withoutRemedy,
} from "@tutti/kernel";
import type { Outcome, PartitionState, PartitionStatus } from "../api.ts";
import { raiseBehaviour } from "../behaviour/raising.ts";
import { runtimeErrors } from "../errors.ts";
import { tableEpochOf } from "../ownership/epochs.ts";
import { ownEvents } from "../records/own-events.ts";
import { refusalOf, refused } from "../refusals.ts";
import { type Arrival, Inbox, refuse } from "./inbox.ts";
import { createLife, type Life, refold } from "./life.ts";
import type { PartitionMemory } from "./memory.ts";
import type { PartitionParts } from "./partition-parts.ts";
import { Recovery } from "./recovery.ts";
import { resume } from "./resumption.ts";

const pause: Backoff = { firstMs: 50, maxMs: 2_000 };
const shortLifeMs = 5_000;
const tooNewMs = 60_000;

export class Partition {
  readonly number: number;
  readonly place: Place;
  readonly inbox = new Inbox();
  readonly #parts: PartitionParts;
  #state: PartitionState | "closed" = "closed";
  #epoch = 0;
  /** The epoch of the table of owners. All epochs of this owner belong to it. */
  #tableEpoch = 0;
  #life: Life | undefined;
  #leaving = new AbortController();
  #timer: Timer | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #loading: Promise<void> | undefined;
  #disowned: Promise<void> | undefined;
  #turnMs = 0;
  #runsSinceMs = 0;
  /** Number of consecutive lives that ended soon. */
  #shortLives = 0;
  /** The last life ended because of damage. */
  #isDamaged = false;
  /**
   * Archive and journal do not join. Another seal would make the journal longer, until its end is behind that of the
   * archive: then the gap would not be noticed any more.
   */
  #isUnjoined = false;
  /** The refusal of all work while the journal has no space. */
  #full: Refusal | undefined;
  /** Resolved when the journal has no space, so that callers do not wait for the load. */
  #becameFull = Promise.withResolvers<void>();
  #reason = "";

  constructor(number: number, parts: PartitionParts) {
    this.number = number;
    this.#parts = parts;
    this.place = `${parts.service}/partition/${number}` as Place;
  }

  get state(): PartitionState | "closed" {
    return this.#state;
  }

  get life(): Life | undefined {
    return this.#life;
  }

  /**
   * The life, once all of the journal is read: before, an instance may seem to be missing. Undefined if the journal has
   * no space to start.
   */
  async readLife(): Promise<Life | undefined> {
    while (this.#state === "starting" && this.#loading !== undefined && this.#full === undefined)
      await Promise.race([this.#loading.catch(() => {}), this.#becameFull.promise]);
    return this.#state === "starting" ? undefined : this.#life;
  }

  /**
   * Why a command is refused. A command may send messages, so it is refused while too many messages wait for unavailable
   * receivers. Results of effects are not sent again: a full journal delays them, and an archive that is behind accepts them.
   */
  commandRefusal(isResult: boolean): Outcome | undefined {
    const refusal = this.refusal() ?? (isResult ? undefined : (this.#fullRefusal() ?? this.#behindRefusal()));
    const waitingBytes = this.#life?.memory.outbox.waitingBytes ?? 0;
    if (refusal !== undefined || waitingBytes < this.#parts.limits.outboxBytesMax) return refusal;
    const at = { service: this.#parts.service, partition: this.number };
    return refused(runtimeErrors.lettersFull.refusal({ ...at, waitingBytes }, { retryAfterMs: 1_000 }));
  }

  /** New work is refused while the archive is behind: a restart reads everything that the archive lacks. */
  #behindRefusal(): Outcome | undefined {
    const behindBytes = this.#life?.archiver.behindBytes ?? 0;
    if (behindBytes < this.#parts.limits.behindBytesMax) return undefined;
    const at = { service: this.#parts.service, partition: this.number };
    return refused(runtimeErrors.archiveBehind.refusal({ ...at, behindBytes }, { retryAfterMs: 500 }));
  }

  /** While the journal is full, commands are refused at once, and reads still work. */
  #fullRefusal(): Outcome | undefined {
    const { full } = this.#parts.journals.journal;
    return full === undefined ? undefined : refused(full);
  }

  /** Why the inbox accepts nothing. Undefined if it does. */
  refusal(): Outcome | undefined {
    const { service, limits } = this.#parts;
    if (this.#state === "running" && this.inbox.length < limits.inboxMax) return;
    if (this.#state === "closed") return refused(refusalOf(this.#notOwner()));
    // Nothing of it would be decided, so callers do not wait without a remedy.
    if (this.#state === "starting" && this.#full !== undefined) return refused(this.#full);
    const at = { service, partition: this.number };
    if (this.#state === "leaving") return refused(runtimeErrors.leaving.refusal(at));
    if (this.#state === "failed") {
      return refused(runtimeErrors.failed.refusal({ ...at, reason: this.#reason }));
    }
    if (this.inbox.length < limits.inboxMax) return;
    return refused(
      runtimeErrors.inboxFull.refusal({ ...at, waiting: limits.inboxMax }, { retryAfterMs: 100 }),
    );
  }

  /** Starts to own it under this epoch, or a newer one if the journal has seen more. Resolves when it is running. */
  own(epoch: number): Promise<void> {
    // A disowning in progress would close the partition after its new start.
    if (this.#disowned !== undefined) return this.#disowned.then(() => this.own(epoch));
    if (this.#state !== "closed") {
      if (tableEpochOf(epoch) <= this.#tableEpoch) return this.#loading ?? Promise.resolve();
      // Another process owned the partition meanwhile: the state in memory may be stale.
      this.#close();
    }
    this.#leaving = new AbortController();
    this.#epoch = epoch;
    this.#tableEpoch = tableEpochOf(epoch);
    this.#state = "starting";
    this.#isUnjoined = false;
    this.#clearFull();
    return this.#load();
  }

  /** Gives up ownership. Work in progress becomes durable, or its callers get `outcomeUnknown`. */
  disown(): Promise<void> {
    if (this.#state === "closed") return this.#disowned ?? Promise.resolve();
    this.#disowned ??= this.#disownNow().finally(() => {
      this.#disowned = undefined;
    });
    return this.#disowned;
  }

  async #disownNow(): Promise<void> {
    this.#state = "leaving";
    const memory = this.#life?.memory;
    if (memory !== undefined && !memory.isStopped) await memory.commits.reached(memory.lastBatch);
    this.#close();
  }

  /** Whether no other process can own it now. */
  get mayAnswer(): boolean {
    const { clock, leaseTerm } = this.#parts;
    return leaseTerm.validUntilMs(this.number) > clock.monotonic();
  }

  /** Resolves if this process was still the owner after a read in this life. Rejects otherwise. */
  stillOwned(life: Life): Promise<void> {
    const { memory } = life;
    if (!memory.isStopped && this.mayAnswer) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (failure: Outcome | undefined): void => {
        if (failure?.kind === "refused") reject(errorOf(failure.refusal));
        else resolve();
      };
      const run = (): void => {
        if (this.#life === life) memory.answers.addOther(settle);
        else settle(this.#unknown());
      };
      this.#wake(memory, { kind: "errand", run, refuse: settle });
    });
  }

  /** Lets paused machines continue. Resolves with the state of the pause when the release is durable. */
  release(released: WorkReleased, cause: Cause): Promise<PauseState | undefined> {
    return new Promise((resolve, reject) => {
      const refuse = (outcome: Outcome): void => {
        reject(outcome.kind === "refused" ? errorOf(outcome.refusal) : this.#notOwner());
      };
      const run = (): void => {
        const memory = this.#life?.memory;
        if (memory === undefined) {
          refuse(this.#unknown());
          return;
        }
        releaseWork(memory, released, cause);
        const { state } = memory.pause;
        memory.answers.addOther((failure) => (failure === undefined ? resolve(state) : refuse(failure)));
      };
      const refusal = this.refusal();
      if (refusal !== undefined) refuse(refusal);
      else this.arrive({ kind: "errand", run, refuse });
    });
  }

  /**
   * Activates the newer behaviours that are allowed by now. A partition that is loaded later starts with them.
   */
  raise(): void {
    const life = this.#life;
    if (life === undefined || this.#state !== "running") return;
    const run = (): void => {
      const { memory } = life;
      if (this.#life === life && !memory.isStopped) raiseBehaviour(memory, this.#parts.behavioursAllowed());
    };
    this.arrive({ kind: "errand", run, refuse: () => {} });
  }

  /** Puts something into the inbox between commands. */
  arrive(arrival: Arrival): void {
    this.inbox.arrivals.push(arrival);
    this.#parts.ready(this);
  }

  /** Executes waiting work. Returns whether there is more. */
  turn(): boolean {
    const life = this.#life;
    if (life === undefined || this.#state === "starting" || this.#state === "failed") return false;
    const { clock } = this.#parts;
    const startMs = clock.monotonic();
    let hasMore = false;
    const full = this.#fullRefusal();
    if (full !== undefined) this.inbox.refuseCommands(full);
    try {
      hasMore = life.loaded.turn(this.inbox);
    } catch (fault) {
      this.#faulted(life.memory, fault);
    }
    this.#turnMs += clock.monotonic() - startMs;
    if (!hasMore) this.#setTimer(life);
    return hasMore;
  }

  /** Milliseconds spent in turns so far. */
  get turnMs(): number {
    return this.#turnMs;
  }

  status(load: number): PartitionStatus | undefined {
    if (this.#state === "closed") return;
    const memory = this.#life?.memory;
    const nextDueMs = this.#life?.loaded.nextDueMs ?? Number.POSITIVE_INFINITY;
    const { service, journals } = this.#parts;
    const { first, last } = journals.journal.partition(service, this.number);
    return {
      partition: this.number,
      state: this.#state,
      epoch: this.#epoch,
      head: last.number,
      headHash: last.hash,
      first,
      loaded: memory?.instances.size ?? 0,
      live: memory?.live ?? 0,
      quarantined: memory?.quarantined.size ?? 0,
      inbox: this.inbox.length,
      isPaused: memory?.pause.isOn ?? false,
      indexLagMs: this.#life?.archiver.indexLagMs ?? 0,
      nextDueMs: Number.isFinite(nextDueMs) ? nextDueMs : undefined,
      load,
    };
  }

  #load(): Promise<void> {
    const before = this.#loading;
    const { signal } = this.#leaving;
    const load = async (): Promise<void> => {
      // One load at a time: an aborted load may still wait for the journal.
      await before?.catch(() => {});
      await this.#loadUntilItWorks(signal);
    };
    const loading = load().finally(() => {
      if (this.#loading === loading) this.#loading = undefined;
    });
    this.#loading = loading;
    return loading;
  }

  async #loadUntilItWorks(signal: AbortSignal): Promise<void> {
    const { timers, chance, logger, service } = this.#parts;
    if (signal.aborted) throw this.#notOwner();
    // Without a pause, a partition that fails right after each load would only write seals.
    if (this.#shortLives > 1) {
      if (this.#isDamaged) this.#state = "failed";
      await sleep(timers, backoffMs(pause, this.#shortLives - 1, chance), signal).catch(() => {});
      if (signal.aborted) throw this.#notOwner();
      this.#state = "starting";
    }
    this.#isDamaged = false;
    for (let failures = 1; ; failures++) {
      try {
        if (await this.#loadOnce(signal)) return;
      } catch (error) {
        if (signal.aborted) throw this.#notOwner();
        const known = errorFromUnknown(error);
        // The same problem is reported once, not with each of many retries.
        if (failures === 1 || known.message !== this.#reason)
          logger.error("failed to load a partition, retrying", { service, partition: this.number, error });
        this.#reason = known.message;
        const isTooNew = runtimeErrors.behaviourNewer.is(known);
        this.#isUnjoined = runtimeErrors.gap.is(known);
        if (known.status === "DATA_LOSS" || isTooNew || kernelErrors.noPermission.is(known))
          this.#state = "failed";
        // Only another release, in another process, can load it.
        if (isTooNew) await sleep(timers, tooNewMs, signal).catch(() => {});
      }
      await sleep(timers, backoffMs(pause, failures, chance), signal).catch(() => {});
      if (signal.aborted) throw this.#notOwner();
      this.#state = "starting";
    }
  }

  /** One attempt to load. False if it must be repeated. */
  async #loadOnce(signal: AbortSignal): Promise<boolean> {
    const { service, journals } = this.#parts;
    const { journal } = journals;
    const log = journal.partition(service, this.number);
    const number = this.#isUnjoined ? log.last.number : await this.#seal(journal, log, signal);
    if (number === undefined || signal.aborted) return false;
    const opening = await this.#parts.archive.opening(this.#epoch);
    if (signal.aborted) return false;
    const life = this.#startLife(journal, log, number, opening.coveredTo);
    this.#life = life;
    try {
      const { toRebuild } = await new Recovery(life.memory).run(opening);
      for (const instance of toRebuild) await refold(life, instance);
      await life.passivated.start();
    } catch (error) {
      this.#stopLife(life);
      throw error;
    }
    // A fault, or the end of ownership, may have come while it was read.
    if (life.memory.isStopped || signal.aborted) {
      this.#stopLife(life);
      return false;
    }
    pauseWork(life.memory, this.#parts.pause);
    raiseBehaviour(life.memory, this.#parts.behavioursAllowed());
    this.#state = "running";
    this.#clearFull();
    this.#runsSinceMs = this.#parts.clock.monotonic();
    life.sender.start();
    life.archiver.start();
    resume(life.memory).catch((fault: unknown) => {
      if (!life.memory.isStopped) this.#faulted(life.memory, fault);
    });
    this.#parts.ready(this);
    return true;
  }

  /** Seals under the next epoch. Undefined if the journal did not accept the seal and it must be repeated. */
  async #seal(journal: Journal, log: JournalPartition, signal: AbortSignal): Promise<number | undefined> {
    const { clock, journals, behaviour } = this.#parts;
    const epoch = Math.max(this.#epoch, log.last.epoch + 1);
    if (tableEpochOf(epoch) > this.#tableEpoch) {
      this.#loseOwnership();
      return;
    }
    const timeMs = Math.max(Math.floor(clock.now()), log.last.timeMs);
    const outcome = await log.seal({ epoch, timeMs, behaviour });
    // The partition may be owned again by now, under an epoch that must be kept.
    if (signal.aborted) return;
    this.#epoch = epoch;
    if (outcome.kind === "sealed") return outcome.number;
    this.#epoch = epoch + 1;
    this.#reason = outcome.refusal.message;
    if (outcome.kind === "full") this.#refuseAll(outcome.refusal);
    if (outcome.kind === "stopped" || outcome.kind === "unknown") await journals.renew(journal);
    // An earlier seal of this owner may have landed after all, or one of the owner before: the next epoch is tried, as
    // long as none was sealed in the room of a later owner.
    return;
  }

  #startLife(journal: Journal, log: JournalPartition, durable: number, coveredTo: number): Life {
    return createLife({
      parts: this.#parts,
      partition: this.number,
      epoch: this.#epoch,
      journal,
      log,
      durable,
      coveredTo,
      wake: (memory, arrival) => this.#wake(memory, arrival),
      onPassivated: (life) => this.#setTimer(life),
      failed: (memory, failure) => this.#failed(memory, failure),
      fenced: (memory, error) => this.#fenced(memory, error),
      damaged: (memory, error) => this.#damaged(memory, error),
      faulted: (memory, fault) => this.#faulted(memory, fault),
    });
  }

  /** Requests a turn. An arrival from an earlier life is looked up again in this one. */
  #wake(memory: PartitionMemory, arrival?: Arrival): void {
    if (arrival === undefined) {
      this.#parts.ready(this);
      return;
    }
    if (memory.isStopped && arrival.kind === "messages") arrival.absent.clear();
    if (this.#state === "closed") {
      refuse(arrival, refused(refusalOf(this.#notOwner())));
      return;
    }
    this.arrive(memory.isStopped && arrival.kind === "question" ? { ...arrival, found: undefined } : arrival);
  }

  /** The journal rejected a batch: decisions in memory are void. */
  #failed(memory: PartitionMemory, failure: Failure): void {
    const life = this.#life;
    if (life?.memory !== memory || memory.isStopped) return;
    const { service, logger } = this.#parts;
    const at = { service, partition: this.number };
    const reason = failure.refusal.message;
    this.#reason = reason;
    logger.warn("journal rejected a batch, reloading the partition", { ...at, reason });
    this.#stopLife(life, refused(this.#refusalFor(failure)));
    if (failure.kind === "full") this.#refuseAll(failure.refusal);
    if (failure.kind === "fenced") this.#loseOwnership();
    else this.#restart();
  }

  /** The refusal of the callers of a batch that the journal rejected. */
  #refusalFor({ kind, refusal }: Failure): Refusal {
    const at = { service: this.#parts.service, partition: this.number, reason: withoutRemedy(refusal) };
    if (kind === "full") return refusal;
    return kind === "unknown" ? runtimeErrors.outcomeUnknown.refusal(at) : runtimeErrors.notTaken.refusal(at);
  }

  /** The journal is full: waiting work is refused now, so that it is not executed later. */
  #refuseAll(refusal: Refusal): void {
    this.#full = refusal;
    this.#becameFull.resolve();
    this.inbox.refuse(refused(refusal));
  }

  /** The journal is no longer known to be full. */
  #clearFull(): void {
    if (this.#full !== undefined) this.#becameFull = Promise.withResolvers();
    this.#full = undefined;
  }

  /**
   * The archive reports another owner. Batches that were appended meanwhile may lie before the seal of the new owner.
   */
  #fenced(memory: PartitionMemory, error: TuttiError): void {
    const life = this.#life;
    if (life?.memory !== memory || memory.isStopped) return;
    this.#reason = withoutRemedy(error);
    this.#stopLife(life);
    this.#loseOwnership();
  }

  /**
   * Stored data is damaged. Loading again repairs it from a copy, or reports that it cannot.
   */
  #damaged(memory: PartitionMemory, error: TuttiError): void {
    const life = this.#life;
    if (life?.memory !== memory || memory.isStopped) return;
    const { service, logger } = this.#parts;
    const at = { service, partition: this.number };
    logger.error("stored data of a partition is damaged, reloading it", { ...at, error });
    this.#reason = withoutRemedy(error);
    this.#isDamaged = true;
    this.#stopLife(
      life,
      refused(runtimeErrors.outcomeUnknown.refusal({ ...at, reason: withoutRemedy(error) })),
    );
    this.#restart();
  }

  /** An unexpected exception: the state in memory may be wrong. */
  #faulted(memory: PartitionMemory, fault: unknown): void {
    const { service, logger } = this.#parts;
    logger.error("partition fault", { service, partition: this.number, error: fault });
    const life = this.#life;
    if (life?.memory !== memory || memory.isStopped || this.#state === "starting") {
      if (life?.memory === memory) memory.isStopped = true;
      return;
    }
    const reason = errorFromUnknown(fault).message;
    const at = { service, partition: this.number };
    this.#stopLife(life, refused(runtimeErrors.outcomeUnknown.refusal({ ...at, reason })));
    this.#restart();
  }

  /** The journal reports another owner. */
  #loseOwnership(): void {
    this.#close();
    this.#parts.leaseTerm.lost(this.number);
  }

  #restart(): void {
    if (this.#state !== "running") return;
    this.#state = "starting";
    const livedMs = this.#parts.clock.monotonic() - this.#runsSinceMs;
    this.#shortLives = livedMs < shortLifeMs ? this.#shortLives + 1 : 0;
    // A load that ends because the partition was disowned needs no report.
    this.#load().catch(() => {});
  }

  /** Ends a life: it decides and sends nothing from here on. */
  #stopLife(life: Life, outcome?: Outcome): void {
    const { unanswered, undecided } = life.loaded.stop();
    life.archiver.stop();
    life.sender.stop();
    life.passivated.stop();
    const reason = outcome ?? this.#unknown();
    for (const answers of unanswered) answers.refuse(reason, (fault) => this.#logFault(fault));
    for (const submission of undecided) this.inbox.add(submission);
    if (this.#life === life) this.#life = undefined;
  }

  #close(): void {
    this.#leaving.abort();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    if (this.#life !== undefined) this.#stopLife(this.#life);
    this.#state = "closed";
    this.#parts.archive.release(this.#epoch);
    this.inbox.refuse(refused(refusalOf(this.#notOwner())));
  }

  #unknown(): Outcome {
    const at = { service: this.#parts.service, partition: this.number };
    return refused(
      runtimeErrors.outcomeUnknown.refusal({ ...at, reason: this.#reason || "the partition was released" }),
    );
  }

  #notOwner(): TuttiError {
    const owner = this.#parts.ownerOf?.(this.place);
    // A process knows itself by an empty address. A caller that went there would fail for good instead of asking again.
    return notOwner(this.place, owner?.address === "" ? undefined : owner);
  }

  #logFault(error: unknown): void {
    this.#parts.logger.error("reply callback failed", { error });
  }

  /** Schedules a turn for the next due time. */
  #setTimer(life: Life): void {
    const dueMs = life.loaded.nextDueMs;
    if (dueMs >= this.#timerDueMs) return;
    this.#timer?.cancel();
    this.#timerDueMs = dueMs;
    const nowMs = life.memory.parts.clock.now();
    this.#timer = this.#parts.timers.after(Math.min(Math.max(0, dueMs - nowMs), timerMaxMs), () => {
      this.#timer = undefined;
      this.#timerDueMs = Number.POSITIVE_INFINITY;
      this.#parts.ready(this);
    });
  }
}

/** The clock is read again after this long, because it may have been set forward. */
const timerMaxMs = 10_000;

/** Pauses everything, unless the partition has had this pause. Called when it is loaded, before its first turn. */
function pauseWork(memory: PartitionMemory, name: string): void {
  const { pause, batch, self, parts } = memory;
  if (name === "" || pause.name === name) return;
  memory.startTurn();
  const { header, codec } = ownEvents.workPaused;
  batch.add(self, header, codec, { name }, parts.cause);
  pause.start(name, memory.nowMs, parts.cause.actor);
}

/** Lets paused machines continue, within a turn: their outstanding work is started when that is durable. */
function releaseWork(memory: PartitionMemory, released: WorkReleased, cause: Cause): void {
  const { pause, folding, batch, self, instances, timers } = memory;
  if (pause.has(released)) return;
  const { header, codec } = ownEvents.workReleased;
  batch.add(self, header, codec, released, cause);
  const paused = [...instances.values()].filter((instance) => pause.isPaused(instance));
  // Their effects of this turn are found with the rest.
  folding.due = memory.drainDue();
  pause.release(released);
  for (const instance of paused) if (!pause.isPaused(instance)) folding.due.push(...instance.effects);
  for (const timer of pause.drainDue()) timers.set(timer, timer.rank);
}
