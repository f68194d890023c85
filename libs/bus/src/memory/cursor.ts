/**
 * The position of a durable subscription in the log of this process, and the group of its members.
 *
 * 1. Each event goes to one member. A returned event goes to another member before anything newer.
 * 2. The cursor outlives its members, and ends with the process or when it is removed.
 */
import type { Handout } from "../delivery/dispatcher.ts";
import type { ResolvedSubscription } from "../delivery/options.ts";
import type { BusEvent } from "../event/event.ts";
import { matcherOf } from "../event/pattern.ts";
import { positionOf } from "../event/position.ts";
import type { Gap } from "../port.ts";
import type { MemoryLog } from "./log.ts";

export interface Member {
  readonly room: number;
  deliver(handout: Handout): void;
  reportGap(gap: Gap): void;
  close(signal?: AbortSignal): Promise<void>;
}

export class Cursor {
  readonly members = new Set<Member>();
  readonly #logId: string;
  readonly #log: MemoryLog;
  /** Sorted in the order of the log. */
  #returned: Handout[] = [];
  /** The number of the next event to check. */
  #next: number;
  #inFlight = 0;
  #oneAtATime = false;
  #matches: (event: BusEvent) => boolean = () => false;
  #gap: Gap | undefined;
  #pumping = false;

  constructor(logId: string, log: MemoryLog, next: number) {
    this.#logId = logId;
    this.#log = log;
    this.#next = next;
  }

  /** The last member to open it sets its interest. */
  join(member: Member, subscription: ResolvedSubscription): void {
    this.#matches = matcherOf(subscription.interest);
    this.#oneAtATime = subscription.inOrder === "all";
    this.members.add(member);
    this.wake();
  }

  removeMember(member: Member, returned: readonly Handout[]): void {
    this.members.delete(member);
    this.#inFlight -= returned.length;
    this.#returned = [...this.#returned, ...returned].toSorted((one, other) => one.sequence - other.sequence);
    this.wake();
  }

  settled(): void {
    this.#inFlight--;
    this.wake();
  }

  /** Reports a gap to the member that gets the next event. */
  setGap(gap: Gap): void {
    this.#gap = gap;
  }

  /** Delivers all waiting events, once for all calls of this moment. */
  wake(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (let delivered = true; delivered; ) {
      delivered = false;
      // One for each in turn, so that the first of them does not get everything.
      for (const member of this.members) {
        if (member.room <= 0 || (this.#oneAtATime && this.#inFlight > 0)) continue;
        const handout = this.#dequeue();
        if (handout === undefined) return;
        if (this.#gap !== undefined) member.reportGap(this.#gap);
        this.#gap = undefined;
        this.#inFlight++;
        member.deliver(handout);
        delivered = true;
      }
    }
  }

  #dequeue(): Handout | undefined {
    const returned = this.#returned.shift();
    if (returned !== undefined) return returned;
    if (this.#next < this.#log.first) {
      this.#gap = { reason: "retention", count: undefined };
      this.#next = this.#log.first;
    }
    while (this.#next <= this.#log.last) {
      const sequence = this.#next++;
      const event = this.#log.at(sequence);
      if (event === undefined || !this.#matches(event)) continue;
      return { event, sequence, position: positionOf(this.#logId, sequence), before: 0 };
    }
    return undefined;
  }
}
