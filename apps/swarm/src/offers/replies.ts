import type { PartialOutput, Progress, Result } from "@tutti/contracts/agent/v1";
import { OfferReply, type OfferWelcome } from "@tutti/contracts/swarm/v1";

/** Where a reply is closed and another one begun: one more result always fits within the limit of a message. */
const fullBytes = 2_097_152;
const fullEntries = 4_096;

/**
 * What is to be told to a sender, joined to as few replies as their size allows. They are told in order, and within a
 * reply what pools said first comes first.
 */
export class Replies {
  readonly #replies: OfferReply[] = [];
  /** Of the last one. */
  #bytes = 0;
  #entries = 0;

  welcome(welcome: OfferWelcome): void {
    this.#room().welcome = welcome;
  }

  /** An empty reply, where nothing else is to be said. */
  sayWord(): void {
    if (this.#replies.length === 0) this.#begin();
  }

  /** Takes over what is in a reply, which its owner uses again. */
  add(reply: OfferReply): void {
    const { windows, agents, begun, returned } = reply;
    if (windows.length > 0) append(this.#room().windows, windows);
    if (agents.length > 0) append(this.#room(agents.length).agents, agents);
    if (begun.length > 0) append(this.#room(begun.length).begun, begun);
    for (const one of reply.progress) this.#room(1, weightOfProgress(one)).progress.push(one);
    for (const one of reply.partialOutputs) this.#room(1, weightOfOutput(one)).partialOutputs.push(one);
    for (let index = 0; index < reply.results.length; index++) {
      const result = reply.results[index];
      if (result === undefined) continue;
      const into = this.#room(1, weightOfResult(result));
      into.results.push(result);
      into.resultAgents.push(reply.resultAgents[index] ?? 0);
    }
    if (returned.length > 0) append(this.#room(returned.length).returned, returned);
  }

  /** The oldest reply. */
  take(): OfferReply | undefined {
    return this.#replies.shift();
  }

  #room(entries = 1, bytes = 64): OfferReply {
    const last = this.#replies.at(-1);
    const isFull = this.#bytes >= fullBytes || this.#entries >= fullEntries;
    const reply = last === undefined || isFull ? this.#begin() : last;
    this.#entries += entries;
    this.#bytes += bytes;
    return reply;
  }

  #begin(): OfferReply {
    const reply = OfferReply.create();
    this.#replies.push(reply);
    this.#bytes = 0;
    this.#entries = 0;
    return reply;
  }
}

function append<T>(list: T[], more: readonly T[]): void {
  for (const one of more) list.push(one);
}

function weightOfResult({ outcome }: Result): number {
  switch (outcome?.$case) {
    case "inlineOutput":
      return 64 + outcome.value.length;
    case "outputPayload":
      return 128 + (outcome.value.body?.$case === "inline" ? outcome.value.body.value.length : 64);
    case "failed":
      return 512 + 3 * outcome.value.message.length;
    default:
      return 128;
  }
}

function weightOfProgress({ saved, message }: Progress): number {
  return 64 + saved.length + 3 * message.length;
}

function weightOfOutput({ chunk }: PartialOutput): number {
  return 64 + chunk.length;
}
