/**
 * A partition running under one epoch: processes the work of its inbox, turn by turn.
 *
 * 1. A turn takes all waiting work, up to a bound, and ends with one append. The next turn fills the next batch while
 *    the journal writes.
 * 2. Within a partition time never runs backwards.
 * 3. While the journal has no room nothing is decided, and questions are answered.
 */
import { assert } from "@tutti/kernel";
import type { Submission } from "../api.ts";
import { InboxReceiver } from "../messages/inbox-receiver.ts";
import type { Answers } from "./answers.ts";
import { Commands } from "./commands.ts";
import type { Arrival, Inbox, QuestionArrived } from "./inbox.ts";
import type { PartitionMemory } from "./memory.ts";
import type { PassivatedIndex } from "./passivated-index.ts";
import type { QuarantineStore } from "./quarantine-store.ts";
import { Questions } from "./questions.ts";
import type { Repairs } from "./repairs.ts";

export interface LoadedPartitionParts {
  readonly memory: PartitionMemory;
  readonly quarantineStore: QuarantineStore;
  readonly repairs: Repairs;
  readonly passivated: PassivatedIndex;
}

export class LoadedPartition {
  readonly memory: PartitionMemory;
  readonly repairs: Repairs;
  readonly #passivated: PassivatedIndex;
  readonly #quarantineStore: QuarantineStore;
  readonly #commands: Commands;
  readonly #inboxReceiver: InboxReceiver;
  readonly #questions: Questions;
  #isWaitingForRoom = false;

  constructor({ memory, quarantineStore, repairs, passivated }: LoadedPartitionParts) {
    this.memory = memory;
    this.repairs = repairs;
    this.#passivated = passivated;
    this.#quarantineStore = quarantineStore;
    this.#commands = new Commands(memory, quarantineStore);
    this.#inboxReceiver = new InboxReceiver(memory, quarantineStore);
    this.#questions = new Questions(memory);
  }

  /** Processes waiting work. Returns whether there is more. */
  turn(inbox: Inbox): boolean {
    const { memory } = this;
    if (memory.isStopped) return false;
    if (this.#awaitsRoom()) {
      this.#answerQuestions(inbox);
      return false;
    }
    const { turnCommandsMax } = memory.parts.limits;
    memory.startTurn();
    if (!memory.pause.isFull) this.#passivated.wakeDue(memory.nowMs);
    this.#expire(turnCommandsMax);
    this.#commands.resumeFound();
    this.#processArrivals(inbox);
    for (let count = 0; count < turnCommandsMax && !memory.isBatchFull; count++) {
      const submission = inbox.dequeueCommand();
      if (submission === undefined) break;
      this.#commands.submit(submission);
    }
    memory.endTurn();
    return !inbox.isEmpty || this.#commands.hasFound || memory.timers.nextDueMs <= memory.nowMs;
  }

  /**
   * Time of the next turn at the latest. Infinity if nothing waits for a time, or if the partition waits for room in
   * the journal.
   */
  get nextDueMs(): number {
    if (this.#isWaitingForRoom) return Number.POSITIVE_INFINITY;
    const { timers, pause } = this.memory;
    // While everything is paused, waking passivated instances is useless. A release is a turn of its own.
    return pause.isFull ? timers.nextDueMs : Math.min(timers.nextDueMs, this.#passivated.nextDueMs);
  }

  /** Stops deciding. Returns the answers that will not come, and the commands that were not decided. */
  stop(): { readonly undecided: readonly Submission[]; readonly unanswered: readonly Answers[] } {
    return { unanswered: this.memory.stop(), undecided: this.#commands.stop() };
  }

  #awaitsRoom(): boolean {
    if (this.#isWaitingForRoom) return true;
    const { journal, wake, faulted } = this.memory.parts;
    const room = journal.room();
    if (room === undefined) return false;
    this.#isWaitingForRoom = true;
    room.then(() => {
      this.#isWaitingForRoom = false;
      wake();
    }, faulted);
    return true;
  }

  /** Takes the present arrivals only: what they cause to arrive waits for the next turn. */
  #processArrivals({ arrivals }: Inbox): void {
    if (arrivals.length === 0) return;
    let count = 0;
    for (const { length } = arrivals; count < length && !this.memory.isBatchFull; count++) {
      this.#processArrival(arrivals[count] as Arrival);
    }
    arrivals.splice(0, count);
  }

  /** Answers questions with the state of earlier decisions: questions append nothing. */
  #answerQuestions({ arrivals }: Inbox): void {
    const others: Arrival[] = [];
    const questions: QuestionArrived[] = [];
    for (const arrival of arrivals) {
      if (arrival.kind === "question") questions.push(arrival);
      else others.push(arrival);
    }
    if (questions.length === 0) return;
    arrivals.splice(0, arrivals.length, ...others);
    this.memory.startTurn();
    for (const question of questions) this.#questions.submit(question);
    this.memory.endTurn();
  }

  #processArrival(arrival: Arrival): void {
    if (arrival.kind === "messages") this.#inboxReceiver.receive(arrival);
    else if (arrival.kind === "question") this.#questions.submit(arrival);
    else arrival.run();
  }

  #expire(limit: number): void {
    const { memory } = this;
    const { cause } = memory.parts;
    for (let count = 0; count < limit && !memory.isBatchFull; count++) {
      const timer = memory.timers.dequeueDue(memory.nowMs);
      if (timer === undefined) return;
      const { instance, number } = timer;
      if (memory.pause.isPaused(instance)) {
        memory.pause.deferTimer(timer);
        continue;
      }
      assert(instance.quarantine === undefined, "no timer of a quarantined instance expires", { number });
      instance.touchedMs = memory.nowMs;
      const decision = memory.decider.expire(instance, number, cause);
      if (decision.kind !== "thrown") memory.recordStep(instance);
      else {
        const failed = { type: "", command: nothing, number, attempt: 0 };
        this.#quarantineStore.admit(instance, decision.error, failed, cause);
      }
    }
  }
}

const nothing = new Uint8Array(0);
