/**
 * Checks that every message arrives once, and in the order of its channel: by the records of the partitions,
 * and by the events that follow from messages of the bank.
 */
import { CompleteTransfer, Credit, DeclineTransfer } from "@tutti/contracts/bank/v1";
import { LettersConfirmed, LettersSent, LettersTaken, type SentLetter } from "@tutti/contracts/runtime/v1";
import type { EnvelopeBatch } from "@tutti/kernel";
import type { World } from "../world/world.ts";
import type { Follower, KnownEvent, PartitionEvent } from "./chronicle.ts";

interface Channel {
  readonly from: number;
  readonly to: number;
  readonly sent: SentLetter[];
  accepted: number;
  confirmed: number;
  /**
   * The last message with an observed effect, by receiver. Only a quarantined receiver lets messages wait.
   */
  readonly effective: Map<string, number>;
}

interface Sent {
  readonly channel: Channel;
  readonly number: number;
}

/** The event that follows from each message. */
const messageOf: Readonly<Record<string, string>> = {
  transfer_credited: "credit",
  transfer_completed: "complete_transfer",
  transfer_declined: "decline_transfer",
};

const messagesOfBank = new Set(Object.values(messageOf));

export class DeliveryCheck implements Follower {
  readonly #world: World;
  readonly #channels = new Map<string, Channel>();
  /** By the fields that their events will have. */
  readonly #sentMessages = new Map<string, Sent>();

  constructor(world: World) {
    this.#world = world;
  }

  event({ key, type, body }: KnownEvent): void {
    const messageType = messageOf[type];
    if (messageType === undefined) return;
    const { transfer, from = "" } = body as { readonly transfer: number; readonly from?: string };
    const name = nameOf(messageType, `account/${key.id}`, transfer, from);
    const sent = this.#sentMessages.get(name);
    if (sent === undefined) {
      this.#world.fail("letters", `${type} of ${key.id} comes from a message that was never sent: ${name}`);
      return;
    }
    const { channel, number } = sent;
    const before = channel.effective.get(key.id) ?? 0;
    if (number <= before) this.#fail(channel, `message ${number} takes effect after message ${before}`);
    channel.effective.set(key.id, number);
  }

  partitionEvent({ partition, type, payload }: PartitionEvent): void {
    if (type === "runtime.letters_sent") {
      for (const message of LettersSent.decode(payload).letters) this.#sent(partition, message);
    } else if (type === "runtime.letters_taken") {
      const { partition: from, upTo } = LettersTaken.decode(payload);
      this.#recordAccepted(this.#channel(from, partition), upTo);
    } else if (type === "runtime.letters_confirmed") {
      const { partition: to, upTo } = LettersConfirmed.decode(payload);
      this.#confirmed(this.#channel(partition, to), upTo);
    }
  }

  /** Checks messages that leave their partition: each has to be durable there. */
  checkDeparture({ partition, envelopes }: EnvelopeBatch, to: number): void {
    const { sent } = this.#channel(partition, to);
    for (const { number, type, payload } of envelopes) {
      const there = sent[number - 1];
      const isSame =
        there !== undefined && there.type === type && Buffer.compare(there.payload, payload) === 0;
      if (isSame) continue;
      this.#world.fail(
        "rests",
        `message ${number} (${type}) from partition ${partition} to ${to} left, but ${there === undefined ? "is not durable" : `there is ${there.type}`}`,
      );
    }
  }

  /** Number of messages that have not arrived. */
  get inFlight(): number {
    let count = 0;
    for (const { sent, accepted } of this.#channels.values()) count += sent.length - accepted;
    return count;
  }

  #sent(from: number, message: SentLetter): void {
    const channel = this.#channel(from, message.partition);
    if (message.number !== channel.sent.length + 1) {
      this.#fail(channel, `message ${message.number} is sent after message ${channel.sent.length}`);
    }
    channel.sent.push(message);
    const payer = message.type === "credit" ? message.sender.slice("account/".length) : "";
    if (!messagesOfBank.has(message.type)) return;
    const name = nameOf(message.type, message.receiver, transferIn(message), payer);
    this.#sentMessages.set(name, { channel, number: message.number });
  }

  #recordAccepted(channel: Channel, upTo: number): void {
    if (upTo <= channel.accepted) this.#fail(channel, `message ${upTo} is accepted twice`);
    if (upTo > channel.sent.length) this.#fail(channel, `message ${upTo} is accepted, but was never sent`);
    channel.accepted = upTo;
  }

  #confirmed(channel: Channel, upTo: number): void {
    if (upTo > channel.accepted) this.#fail(channel, `message ${upTo} is confirmed, but was not accepted`);
    channel.confirmed = Math.max(channel.confirmed, upTo);
  }

  #fail({ from, to, accepted }: Channel, text: string): void {
    this.#world.fail("letters", `from partition ${from} to ${to}, accepted up to ${accepted}: ${text}`);
  }

  #channel(from: number, to: number): Channel {
    const name = `${from} ${to}`;
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = { from, to, sent: [], accepted: 0, confirmed: 0, effective: new Map() };
      this.#channels.set(name, channel);
    }
    return channel;
  }
}

function nameOf(type: string, receiver: string, transfer: number, from: string): string {
  return `${type} ${transfer} to ${receiver} ${from}`.trimEnd();
}

function transferIn({ type, payload }: SentLetter): number {
  if (type === "credit") return Credit.decode(payload).transfer;
  if (type === "complete_transfer") return CompleteTransfer.decode(payload).transfer;
  return DeclineTransfer.decode(payload).transfer;
}
