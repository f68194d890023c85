/**
 * The durable content of the journal, batch by batch, and the replies, dispatches and deliveries that depend
 * on it. Each batch is checked when it becomes durable.
 *
 * 1. Batches of a partition have no gaps, their epochs and times never go back, and each epoch has one
 *    writer.
 * 2. Records of an instance have no gaps, and each names the one before.
 * 3. Nothing leaves a process before the events that it depends on are durable.
 */
import { Batch, type Record } from "@tutti/contracts/runtime/v1";
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import { type InstanceKey, textOf } from "@tutti/kernel";
import type { Counted } from "../counted/counted.ts";
import { type AnyMachine, digestOf } from "../counted/counting.ts";
import type { World } from "../world/world.ts";

/** A batch as it was appended. */
export interface WrittenBatch {
  readonly number: number;
  readonly epoch: number;
  readonly timeMs: number;
  readonly seal: boolean;
  readonly records: Uint8Array;
  /** The process and its life that appended it. */
  readonly writer: string;
}

/** An event of an instance, as it is in the journal. */
export interface KnownEvent {
  readonly key: InstanceKey;
  readonly partition: number;
  readonly batch: number;
  readonly timeMs: number;
  readonly type: string;
  readonly version: number;
  readonly body: unknown;
  /** The operation that caused it. Undefined for none. */
  readonly operation: number | undefined;
}

/** An event of a partition itself. */
export interface PartitionEvent {
  readonly partition: number;
  readonly type: string;
  readonly payload: Uint8Array;
  readonly timeMs: number;
}

/** Receives everything that becomes durable, in order. */
export interface Follower {
  event(event: KnownEvent): void;
  partitionEvent(event: PartitionEvent): void;
}

/** The records of one instance. */
export class KnownInstance {
  readonly key: InstanceKey;
  /** All records, including those of the runtime. */
  records = 0;
  lastBatch = 0;
  lastIndex = 0;
  /** The place of each record, and the number of machine events up to it. */
  readonly places: { readonly batch: number; readonly index: number; readonly events: number }[] = [];
  /** After each event of its machine, from the initial state on. */
  readonly digests: number[] = [0];
  readonly events: KnownEvent[] = [];
  /** Number of the instance in its partition. */
  readonly incarnation: number;
  /** The earlier instance with the same id. */
  readonly before: KnownInstance | undefined;

  constructor(key: InstanceKey, incarnation: number, before: KnownInstance | undefined) {
    this.key = key;
    this.incarnation = incarnation;
    this.before = before;
  }

  has(counted: Counted): boolean {
    return this.with(counted) !== undefined;
  }

  /** Returns the instance with these events: this one, or an earlier one with the same id. */
  with(counted: Counted): KnownInstance | undefined {
    return this.digests[counted.events] === counted.digest ? this : this.before?.with(counted);
  }
}

export class KnownPartition {
  readonly partition: number;
  readonly batches: WrittenBatch[] = [];
  /** The writer of each epoch. */
  readonly writers = new Map<number, string>();
  /** When each writer last sealed the partition, in milliseconds of the run. */
  readonly sealedMs = new Map<string, number>();

  constructor(partition: number) {
    this.partition = partition;
  }

  get last(): WrittenBatch | undefined {
    return this.batches.at(-1);
  }
}

export class Chronicle {
  readonly partitions: readonly KnownPartition[];
  readonly instances = new Map<string, KnownInstance>();
  readonly #world: World;
  readonly #machines = new Map<string, AnyMachine>();
  readonly #followers: Follower[] = [];

  constructor(world: World, partitions: number) {
    this.#world = world;
    this.partitions = Array.from({ length: partitions }, (_, partition) => new KnownPartition(partition));
  }

  /** Registers a machine whose events are read. */
  knows(machine: AnyMachine): void {
    this.#machines.set(machine.kind, machine);
  }

  follow(follower: Follower): void {
    this.#followers.push(follower);
  }

  partition(partition: number): KnownPartition {
    const known = this.partitions[partition];
    if (known === undefined) throw new Error(`there is no partition ${partition}`);
    return known;
  }

  instance(key: InstanceKey): KnownInstance | undefined {
    return this.instances.get(textOf(key));
  }

  /** Records a durable batch. */
  durable(partition: number, batch: WrittenBatch): void {
    const known = this.partition(partition);
    this.#world.trace(
      `journal ${partition}`,
      () =>
        `has batch ${batch.number} of epoch ${batch.epoch}${batch.seal ? ", a seal," : ""} by ${batch.writer}`,
    );
    this.#checkPlace(known, batch);
    known.batches.push(batch);
    if (batch.seal) known.sealedMs.set(batch.writer, this.#world.elapsedMs);
    if (batch.records.length > 0) this.#read(partition, batch);
  }

  #checkPlace(known: KnownPartition, { number, epoch, timeMs, seal, writer }: WrittenBatch): void {
    const { last, partition } = known;
    const at = `batch ${number} of partition ${partition}`;
    if (number !== (last?.number ?? 0) + 1) {
      this.#world.fail("journal", `${at} follows batch ${last?.number ?? 0}`);
    }
    if (timeMs < (last?.timeMs ?? 0)) {
      this.#world.fail("time", `${at} is of ${timeMs}, the one before of ${last?.timeMs}`);
    }
    const before = last?.epoch ?? 0;
    if (seal ? epoch <= before : epoch !== before) {
      this.#world.fail("owner", `${at} by ${writer} is of epoch ${epoch}, the one before of ${before}`);
    }
    const owner = known.writers.get(epoch);
    if (owner !== undefined && owner !== writer) {
      this.#world.fail("owner", `${at} is by ${writer}, but epoch ${epoch} belongs to ${owner}`);
    }
    known.writers.set(epoch, writer);
  }

  #read(partition: number, batch: WrittenBatch): void {
    let operation: number | undefined;
    for (const [index, record] of Batch.decode(batch.records).records.entries()) {
      if (record.cause !== undefined) operation = operationOf(record.cause);
      const { namespace, kind, id, type, payload } = record;
      const instance = this.#instance({ namespace, kind, id }, record);
      this.#checkRecord(instance, record, partition, batch.number, index);
      if (kind === "partition") {
        const event = { partition, type, payload, timeMs: batch.timeMs };
        for (const follower of this.#followers) follower.partitionEvent(event);
      } else if (!type.startsWith("runtime.")) {
        this.#event(instance, record, partition, batch, operation);
      }
    }
  }

  #event(
    instance: KnownInstance,
    { type, version, payload }: Record,
    partition: number,
    batch: WrittenBatch,
    operation: number | undefined,
  ): void {
    const { key } = instance;
    const declared = this.#machines
      .get(key.kind)
      ?.events.find((event) => event.type === type && event.version === version);
    if (declared === undefined) {
      this.#world.fail(
        "journal",
        `${textOf(key)} has an event that its machine does not know: ${type}@${version}`,
      );
      return;
    }
    const body: unknown = declared.codec.decode(payload);
    const before = instance.digests.at(-1) ?? 0;
    instance.digests.push(digestOf(before, type, JSON.stringify(declared.codec.toJSON(body))));
    const { number, timeMs } = batch;
    const event: KnownEvent = { key, partition, batch: number, timeMs, type, version, body, operation };
    instance.events.push(event);
    this.#world.trace(`journal ${partition}`, () => `  ${textOf(key)} ${type} ${JSON.stringify(body)}`);
    for (const follower of this.#followers) follower.event(event);
  }

  /** A later instance may use an id again. */
  #instance(key: InstanceKey, { event, incarnation }: Record): KnownInstance {
    const text = textOf(key);
    const known = this.instances.get(text);
    if (known !== undefined && (event !== 1 || incarnation <= known.incarnation)) return known;
    const instance = new KnownInstance(key, incarnation, known);
    this.instances.set(text, instance);
    return instance;
  }

  /** See invariant 2. */
  #checkRecord(
    instance: KnownInstance,
    { event, type, previousBatch, previousIndex }: Record,
    partition: number,
    batch: number,
    index: number,
  ): void {
    const { records, lastBatch, lastIndex } = instance;
    const name = `record ${event} of ${textOf(instance.key)}, in batch ${batch} of partition ${partition},`;
    if (event !== records + 1) this.#world.fail("history", `${name} follows record ${records}`);
    if (previousBatch !== lastBatch || previousIndex !== lastIndex) {
      this.#world.fail(
        "history",
        `${name} names ${previousBatch}/${previousIndex} as the one before, that was ${lastBatch}/${lastIndex}`,
      );
    }
    const isMachines = !type.startsWith("runtime.");
    const events = instance.events.length + (isMachines ? 1 : 0);
    instance.places.push({ batch, index, events });
    instance.records = event;
    instance.lastBatch = batch;
    instance.lastIndex = index;
  }

  /** Checks that the events of an instance on which an output depends are durable. */
  restsOn(subject: () => string, key: InstanceKey, counted: Counted): void {
    const { events, digest } = counted;
    if (events === 0 && digest === 0) return;
    const known = this.instance(key);
    if (known?.has(counted) === true) return;
    const there = known === undefined ? 0 : known.digests.length - 1;
    const found = events > there ? `only ${there} are durable` : "other ones are durable";
    this.#world.fail("rests", `${subject()} rests on ${events} events of ${textOf(key)}, but ${found}`);
  }
}

const decision = /^operation-(\d+)$/;

/** Returns the cause by which an operation is recognised in its effects. */
export function causeOf(operation: number): Cause {
  return {
    actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: `client-${operation}` },
    traceparent: "",
    decision: `operation-${operation}`,
    reason: "",
  };
}

function operationOf(cause: Cause | undefined): number | undefined {
  const found = decision.exec(cause?.decision ?? "")?.[1];
  return found === undefined ? undefined : Number(found);
}
