/**
 * The runtime of one service in one process: its partitions, and the access to them.
 *
 * All partitions with waiting work take their turns together, so that their decisions travel to the journal in one
 * group.
 */
import type {
  PauseState,
  RepairAction,
  RepairQuarantinedReply,
  WorkReleased,
} from "@tutti/contracts/runtime/v1";
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import type { HistoryRecord } from "@tutti/journal";
import {
  assert,
  type EnvelopeBatch,
  errorOf,
  type InstanceKey,
  isRefusal,
  type Place,
  stableHash,
  textOf,
} from "@tutti/kernel";
import type {
  InstanceFacts,
  Order,
  Outcome,
  PartitionStatus,
  Question,
  RuntimeOfService,
  Submission,
} from "./api.ts";
import type { BehaviourLevels } from "./behaviour/behaviours.ts";
import { runtimeErrors } from "./errors.ts";
import { Loads } from "./loads.ts";
import { HostedMachines } from "./machines/hosted-machine.ts";
import type { RuntimeLimits, RuntimeOptions } from "./options.ts";
import type { Instance } from "./partition/instance.ts";
import { Partition } from "./partition/partition.ts";
import type { Schedulable } from "./partition/partition-parts.ts";
import type { Repair } from "./partition/repairs.ts";
import { ignored } from "./refusals.ts";

export class Runtime implements RuntimeOfService {
  readonly service: string;
  readonly partitions: number;
  readonly prepare: RuntimeOfService["prepare"];
  readonly #options: RuntimeOptions;
  readonly #machines: HostedMachines;
  readonly #partitions: readonly Partition[];
  readonly #loads: Loads;
  #ready = new Set<Schedulable>();
  #isTurnScheduled = false;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.service = options.service;
    this.partitions = options.partitions;
    this.prepare = options.prepare;
    this.#machines = new HostedMachines(options.service, options.machines);
    checkBounds(options.limits);
    assert(
      options.blobs !== undefined || !this.#machines.namesBlobs,
      "machines that name blobs have a store of them",
      { service: options.service },
    );
    const cause: Cause = {
      actor: { kind: ActorKind.ACTOR_KIND_SERVICE, id: options.service },
      traceparent: "",
      decision: "",
      reason: "",
    };
    const parts = {
      ...options,
      machines: this.#machines,
      behaviour: this.#machines.behaviour,
      blobs: options.blobs,
      pause: options.pause ?? "",
      cause,
      deliver: (to: Place, batch: EnvelopeBatch, signal: AbortSignal) => this.#deliver(to, batch, signal),
      partitionsOf: (service: string) => options.partitionsOf(service),
      behavioursAllowed: () => options.behavioursAllowed?.() ?? this.#machines.levels,
      memoryUse: () => options.memoryUse?.() ?? { heap: 0, process: 0 },
      retentionOf: (kind: string) => options.retentionOf(kind),
      ownerOf: options.ownerOf?.bind(options),
      ready: (partition: Schedulable) => this.#turnSoon(partition),
    };
    this.#partitions = Array.from(
      { length: options.partitions },
      (_, number) => new Partition(number, { ...parts, archive: options.archive.partition(number) }),
    );
    this.#loads = new Loads(options.clock);
  }

  /** The kinds that are hosted here. */
  get kinds(): readonly string[] {
    return this.#machines.kinds;
  }

  /** Whether events of any of its machines name blobs. */
  get namesBlobs(): boolean {
    return this.#machines.namesBlobs;
  }

  partitionOf({ namespace, kind, id }: InstanceKey): number {
    return stableHash(namespace, kind, id) % this.partitions;
  }

  submit(submission: Submission): void {
    const { key, token } = submission;
    const number = token?.partition ?? (key && this.partitionOf(key));
    const partition = number === undefined ? undefined : this.#partitions[number];
    if (partition === undefined && token !== undefined) {
      // Tokens come from outside: a token that names no partition was never issued.
      submission.reply(ignored);
      return;
    }
    assert(partition !== undefined, "a submission names an instance or a partition of this service", {
      service: this.service,
      partition: number,
    });
    const refusal = partition.commandRefusal(token !== undefined);
    if (refusal !== undefined) {
      submission.reply(refusal);
      return;
    }
    partition.inbox.add(submission);
    this.#turnSoon(partition);
  }

  execute<Body, Reply>(order: Order<Body, Reply>): Promise<Reply> {
    const { key, command, body, cause, idempotencyKey = "", token } = order;
    return new Promise((resolve, reject) => {
      const answer = (outcome: Outcome): void => settle(outcome, resolve, reject);
      this.submit({ key, command, body, cause, idempotencyKey, token, reply: answer });
    });
  }

  query<Body, Reply>(question: Question<Body, Reply>): Promise<Reply> {
    const partition = this.#of(question.key);
    return new Promise((resolve, reject) => {
      const answer = (outcome: Outcome): void => settle(outcome, resolve, reject);
      const refusal = partition.refusal();
      if (refusal !== undefined) answer(refusal);
      else
        partition.arrive({
          kind: "question",
          question: question as Question<unknown, unknown>,
          settle: answer,
        });
    });
  }

  receive(number: number, batch: EnvelopeBatch): Promise<number> {
    const partition = this.#partitions[number];
    assert(partition !== undefined, "letters name a partition of this service", { partition: number });
    return new Promise((resolve, reject) => {
      const answer = (outcome: { readonly upTo: number } | Outcome): void => {
        if ("upTo" in outcome) resolve(outcome.upTo);
        else settle(outcome, () => reject(runtimeErrors.leaving(partitionAt)), reject);
      };
      const partitionAt = { service: this.service, partition: number };
      const refusal = partition.refusal();
      if (refusal !== undefined) answer(refusal);
      else partition.arrive({ kind: "messages", batch, settle: answer, absent: new Set() });
    });
  }

  /** Returns the latest pause of each partition that is running here. */
  pauses(): readonly { readonly partition: number; readonly pause: PauseState | undefined }[] {
    return this.#partitions.flatMap(({ number }) => {
      const memory = this.#runningMemory(number);
      return memory === undefined ? [] : [{ partition: number, pause: memory.pause.state }];
    });
  }

  /** Returns the pause that applies to an instance here. Undefined if the instance is not paused. */
  pauseOf(key: InstanceKey): PauseState | undefined {
    const hosted = this.#machines.of(key.kind);
    const pause = this.#of(key).life?.memory.pause;
    return hosted !== undefined && pause?.isPaused({ key, hosted }) === true ? pause.state : undefined;
  }

  /** Lets paused machines of a partition continue. Resolves with the state of the pause when that is durable. */
  async release(number: number, released: WorkReleased, cause: Cause): Promise<PauseState | undefined> {
    const partition = this.#partitions[number];
    assert(partition !== undefined, "a release names a partition of this service", { partition: number });
    return partition.release(released, cause);
  }

  /** Lets a quarantined instance continue. Resolves with its status when that is durable. */
  async repair(repair: Repair & { readonly action: RepairAction }): Promise<RepairQuarantinedReply> {
    const life = this.#of(repair.key).life;
    if (life === undefined) throw this.#refused(this.#of(repair.key));
    return life.loaded.repairs.repair(repair);
  }

  /** Returns durable events of an instance in order, from the one after `afterEvent` on. */
  async history(key: InstanceKey, afterEvent: number, limit: number): Promise<readonly HistoryRecord[]> {
    const { partition, life, last } = await this.#durable(key);
    const records = await life.histories.read(key, last, afterEvent, limit);
    await partition.stillOwned(life);
    return records;
  }

  /** Returns the state of an instance after an event, as its machine projects it. 0 means the last one. */
  async stateAt(key: InstanceKey, event: number) {
    const { hosted, state, timeMs, eventNumber } = await this.#refolded(key, event);
    return { event: eventNumber, timeMs, projection: hosted.machine.project(state) };
  }

  /** Answers a question from the state after an event. 0 means the latest durable one. */
  async queryAt<Body, Reply>({ key, query, body }: Question<Body, Reply>, event: number): Promise<Reply> {
    const { state, timeMs } = await this.#refolded(key, event);
    const answer = query.answer(state, body, { key, nowMs: timeMs });
    if (isRefusal(answer)) throw errorOf(answer);
    return answer;
  }

  async #refolded(key: InstanceKey, event: number) {
    const { partition, life, instance, last, events, folded } = await this.#durable(key);
    const { hosted } = instance;
    const eventNumber = event === 0 ? folded : event;
    if (!(Number.isInteger(eventNumber) && eventNumber >= 1 && eventNumber <= events)) {
      throw runtimeErrors.noSuchEvent({ kind: key.kind, id: key.id, event, events });
    }
    const { state, timeMs } = await life.refolding.stateAt(key, hosted, last, eventNumber);
    await partition.stillOwned(life);
    return { hosted, state, timeMs, eventNumber };
  }

  /** Returns the durable facts about an instance. */
  async instanceOf(key: InstanceKey): Promise<InstanceFacts> {
    const { partition, life, instance, events } = await this.#durable(key);
    await partition.stillOwned(life);
    return { events, isEnded: instance.isEnded, startedBy: instance.startedBy };
  }

  /**
   * Returns the state of an instance for the decision of another one. Undefined if the other one must send a message:
   * the instance is not in memory, a part of its state is not durable yet, or another process may own it.
   */
  peek(key: InstanceKey): unknown {
    const partition = this.#of(key);
    const memory = this.#runningMemory(partition.number);
    const instance = memory?.instances.get(textOf(key));
    if (memory === undefined || instance === undefined || !partition.mayAnswer) return undefined;
    const isSettled = instance.lastBatch <= memory.commits.durable && !instance.isLeaving;
    if (!isSettled || instance.isTerminated || instance.quarantine !== undefined) return undefined;
    instance.touchedMs = memory.parts.clock.now();
    return instance.state;
  }

  /** Returns whether an instance is in memory here, so that a question about it is cheap. */
  isInMemory(key: InstanceKey): boolean {
    return this.#of(key).life?.memory.instances.get(textOf(key)) !== undefined;
  }

  /** Returns whether an instance may have events behind this one. Cheap, for callers that poll. */
  hasNewEvents(key: InstanceKey, afterEvent: number): boolean {
    const memory = this.#of(key).life?.memory;
    const instance = memory?.instances.get(textOf(key));
    // The partition is elsewhere or being loaded, or the instance was passivated: the caller must query.
    return instance === undefined || instance.event > afterEvent;
  }

  /** Resolves when an instance may have events behind one, or may have ended, or when the caller aborts. */
  async waitForEvent(
    key: InstanceKey,
    { after, endOnly }: { readonly after: number; readonly endOnly: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const memory = this.#of(key).life?.memory;
    const instance = memory?.instances.get(textOf(key));
    if (memory === undefined || instance === undefined || memory.isStopped || signal.aborted) return;
    if (instance.event > after && (!endOnly || instance.isEnded)) return;
    await memory.listeners.waitForEvent(instance, endOnly, signal);
  }

  /** Instances in quarantine, longest first. */
  quarantined(): readonly Instance[] {
    return this.#partitions
      .flatMap(({ life }) => [...(life?.memory.quarantined ?? [])])
      .sort((one, other) => (one.quarantine?.sinceMs ?? 0) - (other.quarantine?.sinceMs ?? 0));
  }

  /** Resolves when the blobs that records here have named so far are mentioned. False if that is unknown. */
  async mentioned(number: number): Promise<boolean> {
    const memory = this.#runningMemory(number);
    // Kinds that are not hosted here may name other blobs.
    if (memory === undefined || Number.isFinite(memory.retainedFrom)) return false;
    await memory.mentions.flush();
    return !memory.isStopped;
  }

  /** Returns which of these instances of a partition still exist, ended or not. Undefined if that is unknown. */
  async checkExistence(
    number: number,
    keys: readonly InstanceKey[],
  ): Promise<readonly boolean[] | undefined> {
    const memory = this.#runningMemory(number);
    const exists = await memory?.instances.checkExistence(keys);
    return memory?.isStopped === false ? exists : undefined;
  }

  /** The behaviours of its machines. */
  get behaviours(): BehaviourLevels {
    return this.#machines.levels;
  }

  /** More behaviours may be activated than before. */
  raise(): void {
    for (const partition of this.#partitions) partition.raise();
  }

  async own(number: number, epoch: number): Promise<void> {
    checkRoom(this.#options);
    await this.#partitions[number]?.own(epoch);
  }

  async disown(number: number): Promise<void> {
    await this.#partitions[number]?.disown();
  }

  /** Owns all partitions, in an installation of a single process. */
  async start(): Promise<void> {
    await Promise.all(this.#partitions.map(({ number }) => this.own(number, 1)));
  }

  /** Releases all partitions. */
  async stop(): Promise<void> {
    await Promise.all(this.#partitions.map((partition) => partition.disown()));
  }

  partitionStatuses(): readonly PartitionStatus[] {
    const statuses: PartitionStatus[] = [];
    for (const partition of this.#partitions) {
      const status = partition.status(this.#loads.of(partition.number, partition.turnMs));
      if (status !== undefined) statuses.push(status);
    }
    return statuses;
  }

  failedPartitions(): readonly number[] {
    return this.#partitions.filter(({ state }) => state === "failed").map(({ number }) => number);
  }

  indexLagMs(): number {
    let lagMs = 0;
    for (const { state, life } of this.#partitions)
      if (state !== "closed") lagMs = Math.max(lagMs, life?.archiver.indexLagMs ?? 0);
    return lagMs;
  }

  async indexed(): Promise<void> {
    await Promise.all(this.#partitions.map(({ life }) => life?.archiver.current()));
  }

  /** Returns the memory of a partition, for checks. */
  inspect(number: number) {
    return this.#partitions[number]?.life?.memory;
  }

  #runningMemory(number: number) {
    const partition = this.#partitions[number];
    return partition?.state === "running" ? partition.life?.memory : undefined;
  }

  /** Returns an instance in its present state, when that is durable. */
  async #durable(key: InstanceKey) {
    const partition = this.#of(key);
    const life = await partition.readLife();
    if (life === undefined) throw this.#refused(partition);
    const instance = await this.#find(life.memory.instances, key);
    const isRemoved = instance?.isEnded === true && life.memory.reservedUntil(instance) !== undefined;
    if (instance === undefined || isRemoved) {
      await partition.stillOwned(life);
      throw runtimeErrors.unknownInstance({ kind: key.kind, id: key.id });
    }
    // Decisions made during this wait are not durable yet.
    const { lastBatch: batch, lastIndex: index, event: events, folded } = instance;
    if (!(await life.memory.commits.reached(batch))) throw this.#refused(partition);
    return { partition, life, instance, last: { batch, index, event: events }, events, folded };
  }

  async #find(
    instances: NonNullable<Partition["life"]>["memory"]["instances"],
    key: InstanceKey,
  ): Promise<Instance | undefined> {
    const there = instances.get(textOf(key));
    if (there !== undefined) return there;
    const found = instances.mayExist(key) ? await instances.find(key) : undefined;
    if (found?.kind === "unreadable") throw found.error;
    return found?.kind === "instance" ? found.instance : undefined;
  }

  #refused(partition: Partition) {
    const refusal = partition.refusal();
    return refusal?.kind === "refused"
      ? errorOf(refusal.refusal)
      : runtimeErrors.leaving({ service: this.service, partition: partition.number });
  }

  #of(key: InstanceKey): Partition {
    return this.#partitions[this.partitionOf(key)] as Partition;
  }

  /** Messages to a partition in this process need no transport. */
  async #deliver(to: Place, batch: EnvelopeBatch, signal: AbortSignal): Promise<number> {
    const partition = this.#partitions.find(({ place }) => place === to);
    if (partition === undefined || partition.state === "closed") {
      return this.#options.delivery.deliver(to, batch, signal);
    }
    return this.receive(partition.number, batch);
  }

  #turnSoon(partition: Schedulable): void {
    this.#ready.add(partition);
    if (this.#isTurnScheduled) return;
    this.#isTurnScheduled = true;
    this.#options.defer(() => this.#turns());
  }

  #turns(): void {
    this.#isTurnScheduled = false;
    const ready = this.#ready;
    this.#ready = new Set();
    for (const partition of ready) if (partition.turn()) this.#turnSoon(partition);
  }
}

function settle<Reply>(
  outcome: Outcome,
  resolve: (reply: Reply) => void,
  reject: (error: unknown) => void,
): void {
  if (outcome.kind === "done") resolve(outcome.reply as Reply);
  else if (outcome.kind === "refused") reject(errorOf(outcome.refusal));
  else reject(runtimeErrors.notAwaited());
}

/** Contradicting bounds would let nothing through. */
function checkBounds({ batchBytesSoft, inboxMax, turnCommandsMax }: RuntimeLimits): void {
  assert(batchBytesSoft >= 1, "a batch is closed when something is in it", { batchBytesSoft });
  assert(inboxMax >= 1 && turnCommandsMax >= 1, "a partition takes at least one command", {
    inboxMax,
    turnCommandsMax,
  });
}

/** After a batch is full, it gets one more step and its messages. */
function checkRoom({ limits: { batchBytesSoft }, journals: { journal } }: RuntimeOptions): void {
  const { batchBytesMax } = journal;
  assert(batchBytesSoft <= batchBytesMax / 2, "a batch is closed well below what the journal takes", {
    batchBytesSoft,
    batchBytesMax,
  });
}
