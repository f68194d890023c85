/**
 * Assigns partitions to processes: leases, renewed by heartbeats over the network, and an epoch that grows
 * with every change of owner. Its assignments are hints. The journal decides.
 *
 * 1. A process regards its lease as valid for a lease time, from the time before it sent the answered
 *    heartbeat.
 * 2. A partition is given to another process after a hand-over by its owner, or after a full lease time
 *    without heartbeats. An owner that returns later has no lease for partitions that were given away.
 */
import type { Chance } from "@tutti/kernel";
import { journalEpochOf } from "@tutti/runtime/ownership";
import type { Network } from "../network/network.ts";
import type { World } from "../world/world.ts";

const heartbeatMs = 500;
const leaseMs = 2_000;
/** Time after which an unconfirmed assignment is repeated. */
const repeatMs = 1_000;

/** A process, as the coordinator sees it. */
export interface Member {
  readonly name: string;
  /** Number of its present life, 0 if there is none. */
  readonly lifeNumber: number;
  /** The time of its own clock. In a pause it is later than that of the world. */
  readonly localMs: number;
  /** Partitions that it owns. */
  owned(): readonly number[];
  own(partition: number, epoch: number): void;
  /** Hands a partition over. Calls back at the end. */
  disown(partition: number, done: () => void): void;
  /** Extends the lease of these partitions, by its own clock. */
  leaseUntil(partitions: readonly number[], localMs: number): void;
  /** Calls back by its own clock, in its present life. */
  schedule(delayMs: number, run: () => void): void;
}

interface PlaceRecord {
  owner: number | undefined;
  epoch: number;
  /** True during a hand-over. */
  isMoving: boolean;
  notifiedMs: number;
}

export class Coordinator {
  readonly #world: World;
  readonly #network: Network;
  readonly #chance: Chance;
  readonly #members: readonly Member[];
  readonly #places: readonly PlaceRecord[];
  /** Last heartbeat of each member. */
  readonly #lastSeenMs: number[];

  constructor(world: World, network: Network, members: readonly Member[], partitions: number) {
    this.#world = world;
    this.#network = network;
    this.#chance = world.chanceFor("coordinator");
    this.#members = members;
    this.#lastSeenMs = members.map(() => Number.NEGATIVE_INFINITY);
    this.#places = Array.from({ length: partitions }, () => ({
      owner: undefined,
      epoch: 0,
      isMoving: false,
      notifiedMs: 0,
    }));
    this.#poll();
  }

  /** Returns the owner of a partition, as far as known. */
  ownerOf(partition: number): number | undefined {
    return this.#places[partition]?.owner;
  }

  epochOf(partition: number): number {
    return this.#places[partition]?.epoch ?? 0;
  }

  /** Starts the heartbeats of a process. */
  joined(index: number): void {
    const member = this.#members[index];
    if (member === undefined) return;
    const beat = (): void => {
      this.#heartbeat(index, member);
      member.schedule(heartbeatMs, beat);
    };
    beat();
  }

  /** Asks the owner to hand a partition over to another process. */
  move(partition: number, to: number): void {
    const place = this.#places[partition];
    const owner = place?.owner;
    const member = owner === undefined ? undefined : this.#members[owner];
    if (place === undefined || member === undefined || owner === to || place.isMoving) return;
    place.isMoving = true;
    this.#world.trace(
      "coordinator",
      () => `moves partition ${partition} from ${member.name} to process-${to}`,
    );
    const { epoch } = place;
    const onHandOver = (): void => {
      if (place.epoch === epoch && place.isMoving) this.#assign(partition, to);
    };
    this.#network.send("coordinator", member.name, this.#world.elapsedMs, "a request to hand over", () =>
      member.disown(partition, () =>
        this.#network.send(member.name, "coordinator", member.localMs, "a partition", onHandOver),
      ),
    );
    // A process that does not answer keeps the partition. The next assignment confirms that.
    this.#world.after(5 * leaseMs, () => {
      if (place.epoch === epoch) place.isMoving = false;
    });
  }

  #heartbeat(index: number, member: Member): void {
    const { lifeNumber } = member;
    const sentMs = member.localMs;
    const owned = member.owned();
    this.#network.send(member.name, "coordinator", sentMs, "a heartbeat", () => {
      this.#lastSeenMs[index] = this.#world.elapsedMs;
      this.#reassignAbandoned();
      this.#repeat(index, member, owned);
      const granted = [...this.#places.keys()].filter((partition) => this.ownerOf(partition) === index);
      this.#network.send("coordinator", member.name, this.#world.elapsedMs, "a lease", () => {
        if (member.lifeNumber === lifeNumber) member.leaseUntil(granted, sentMs + leaseMs);
      });
    });
  }

  /** Repeats the assignment of partitions that a process does not report. */
  #repeat(index: number, member: Member, owned: readonly number[]): void {
    for (const [partition, place] of this.#places.entries()) {
      const isDue = this.#world.elapsedMs - place.notifiedMs >= repeatMs;
      if (place.owner !== index || place.isMoving || owned.includes(partition) || !isDue) continue;
      place.epoch++;
      this.#notify(partition, place, member);
    }
  }

  #poll(): void {
    this.#reassignAbandoned();
    this.#world.after(heartbeatMs, () => this.#poll());
  }

  #reassignAbandoned(): void {
    const nowMs = this.#world.elapsedMs;
    const isExpired = (index: number): boolean => nowMs - (this.#lastSeenMs[index] ?? 0) > leaseMs;
    for (const [partition, { owner }] of this.#places.entries()) {
      if (owner !== undefined && !isExpired(owner)) continue;
      const present = this.#members.flatMap((_, index) => (isExpired(index) ? [] : [index]));
      const next = present[Math.floor(this.#chance.random() * present.length)];
      if (next !== undefined) this.#assign(partition, next);
    }
  }

  #assign(partition: number, to: number): void {
    const place = this.#places[partition];
    const member = this.#members[to];
    if (place === undefined || member === undefined) return;
    place.owner = to;
    place.isMoving = false;
    place.epoch++;
    this.#notify(partition, place, member);
  }

  #notify(partition: number, place: PlaceRecord, member: Member): void {
    const { epoch } = place;
    place.notifiedMs = this.#world.elapsedMs;
    this.#world.trace(
      "coordinator",
      () => `gives partition ${partition} to ${member.name} under epoch ${epoch}`,
    );
    this.#network.send("coordinator", member.name, this.#world.elapsedMs, "a partition", () =>
      member.own(partition, journalEpochOf(epoch)),
    );
  }
}
