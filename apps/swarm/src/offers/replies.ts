import { OfferReply, type OfferWelcome } from "@tutti/contracts/swarm/v1";
import type { Owner } from "@tutti/kernel";
import { declareWeight } from "@tutti/mesh";
import { weightOfError, weightOfOutput, weightOfProgress, weightOfResult } from "../weights.ts";

/** Size at which another reply is started: one more result always fits within the limit of a message. */
const fullBytes = 2_097_152;
const fullEntries = 4_096;

/**
 * Contents for a sender, joined to as few replies as their size allows. They keep their order, and within a reply the
 * contents of pools come first.
 */
export class Replies {
  readonly #replies: Counted[] = [];

  welcome(welcome: OfferWelcome): void {
    this.#room().welcome = welcome;
  }

  /** Queues the report of a pool that is not owned here, with its owner if known. */
  moved(pool: number, owner: Owner | undefined): void {
    const known = owner && {
      instance: owner.instance,
      address: owner.address,
      place: "",
      epoch: owner.epoch,
    };
    this.#room().moved.push({ pool, owner: known });
  }

  /** Queues an empty reply if there are no contents. */
  keepAlive(): void {
    if (this.#replies.length === 0) this.#addReply();
  }

  /** Copies the contents of a reply, which its owner reuses. */
  add(reply: OfferReply): void {
    const { windows, agents, begun, returned, unclaimed, gangs } = reply;
    if (windows.length > 0) append(this.#room().windows, windows);
    if (agents.length > 0) append(this.#room(agents.length).agents, agents);
    if (begun.length > 0) append(this.#room(begun.length).begun, begun);
    for (const each of reply.progress) this.#room(1, weightOfProgress(each)).progress.push(each);
    for (const each of reply.partialOutputs) this.#room(1, weightOfOutput(each)).partialOutputs.push(each);
    for (let index = 0; index < reply.results.length; index++) {
      const result = reply.results[index];
      if (result === undefined) continue;
      const into = this.#room(1, weightOfResult(result));
      into.results.push(result);
      into.resultAgents.push(reply.resultAgents[index] ?? 0);
    }
    for (const each of unclaimed) this.#room(1, 64).unclaimed.push(each);
    for (const each of gangs) this.#room(1, 64).gangs.push(each);
    for (const each of returned) this.#room(1, 128 + weightOfError(each.error)).returned.push(each);
  }

  /** Returns the oldest reply. */
  shift(): OfferReply | undefined {
    const oldest = this.#replies.shift();
    return oldest && declareWeight(oldest.reply, oldest.bytes);
  }

  #room(entries = 1, bytes = 256 * entries): OfferReply {
    const last = this.#replies.at(-1);
    const isFull = last !== undefined && (last.bytes >= fullBytes || last.entries >= fullEntries);
    const counted = last === undefined || isFull ? this.#addReply() : last;
    counted.entries += entries;
    counted.bytes += bytes;
    return counted.reply;
  }

  #addReply(): Counted {
    const counted = { reply: OfferReply.create(), bytes: 1_024, entries: 0 };
    this.#replies.push(counted);
    return counted;
  }
}

interface Counted {
  readonly reply: OfferReply;
  bytes: number;
  entries: number;
}

function append<T>(list: T[], more: readonly T[]): void {
  for (const each of more) list.push(each);
}
