/**
 * Messages between machines: a partition's side of them.
 *
 * A channel leads from one partition to another. Its messages have the numbers 1, 2, 3 … A message is kept from the
 * batch that sent it until the receiver has it durable. The receiver remembers per channel the last number that it
 * accepted. So each message takes effect once, in the order sent, after any repetition, delay or duplicate on the way.
 *
 * A message is addressed to an id. If a new instance has taken the id, the new instance receives it. So a machine that
 * expects answers does not end before they arrive, or recognises by their content that they are meant for another.
 *
 * 1. Nothing leaves before the batch that sent it is durable.
 * 2. An accepted message is recorded in the same batch as its consequences.
 *
 * @guarantee A message between machines takes effect once, in the order sent, also after repetitions and delays.
 */
import type { LettersConfirmed, LettersSent, LettersTaken, SentLetter } from "@tutti/contracts/runtime/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import { type InstanceAddress, type InstanceKey, type Message, type Place, stableHash } from "@tutti/kernel";

export interface Channel {
  readonly service: string;
  readonly partition: number;
  readonly place: Place;
  /** The last number assigned. */
  last: number;
  /** Not confirmed, in order. */
  messages: SentLetter[];
  /** Messages up to this number are durable here and may leave. */
  released: number;
  /** All up to this number are confirmed. */
  confirmed: number;
  isSending: boolean;
  failures: number;
}

/** The last message accepted from a partition. */
interface Accepted {
  readonly service: string;
  readonly partition: number;
  number: number;
}

export class Outbox {
  readonly #partitionsOf: (service: string) => number;
  readonly #writer = new FlatWriter(1_024);
  readonly #channels = new Map<string, Channel>();
  /** By sending partition: the last message accepted. */
  readonly #accepted = new Map<string, Accepted>();
  /**
   * Accepted and confirmed, but not yet recorded. Kept as a set because few channels are in it, and each turn reads it.
   */
  readonly #acceptedDue = new Set<Accepted>();
  readonly #confirmedDue = new Set<Channel>();
  /** Messages of the open batch. */
  #open: SentLetter[] = [];
  #openBytes = 0;
  #waitingBytes = 0;

  constructor(partitionsOf: (service: string) => number) {
    this.#partitionsOf = partitionsOf;
  }

  get channels(): Iterable<Channel> {
    return this.#channels.values();
  }

  /** How many messages wait for their confirmation. */
  get waiting(): number {
    let count = 0;
    for (const { messages } of this.#channels.values()) count += messages.length;
    return count;
  }

  /** Bytes of all messages that wait for their confirmation. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Sends a message with the open batch. */
  send<Body>(
    from: InstanceKey,
    to: InstanceAddress,
    message: Message<Body>,
    body: Body,
    cause: Cause | undefined,
  ): void {
    const { service, namespace, kind, id } = to;
    const partition = stableHash(namespace, kind, id) % this.#partitionsOf(service);
    this.#writer.reset();
    message.codec.encode(body, this.#writer);
    const sent = {
      service,
      partition,
      number: 0,
      namespace,
      sender: `${from.kind}/${from.id}`,
      receiver: `${kind}/${id}`,
      type: message.type,
      payload: this.#writer.finish(),
      cause,
    };
    this.#open.push(sent);
    this.#openBytes += sizeOf(sent);
  }

  /** Upper bound for the bytes that the messages of the open batch add to it. */
  get openBytes(): number {
    return this.#openBytes;
  }

  /** Number of messages in the open batch. `rollBack` drops later ones. */
  get mark(): number {
    return this.#open.length;
  }

  rollBack(mark: number): void {
    for (let index = mark; index < this.#open.length; index++) {
      this.#openBytes -= sizeOf(this.#open[index] as SentLetter);
    }
    this.#open.length = mark;
  }

  /** Numbers the messages of the open batch, and returns them for its record. */
  closeSent(): LettersSent | undefined {
    if (this.#open.length === 0) return;
    const sent = this.#open;
    this.#open = [];
    this.#openBytes = 0;
    for (const message of sent) {
      const channel = this.channel(message.service, message.partition);
      message.number = ++channel.last;
      this.#retain(channel, message);
    }
    return { letters: sent };
  }

  /** Returns the messages accepted since the last batch, for the record of this one. */
  drainAccepted(): LettersTaken[] {
    if (this.#acceptedDue.size === 0) return [];
    const due = [...this.#acceptedDue];
    this.#acceptedDue.clear();
    return due.map(({ service, partition, number }) => ({ service, partition, upTo: number }));
  }

  /** Returns confirmations to record when there is a batch anyway. A lost confirmation only causes repetitions. */
  closeConfirmed(): LettersConfirmed[] {
    if (this.#confirmedDue.size === 0) return [];
    const due = [...this.#confirmedDue];
    this.#confirmedDue.clear();
    return due.map(({ service, partition, confirmed }) => ({ service, partition, upTo: confirmed }));
  }

  /** Returns the number of the last message accepted from a partition. */
  lastAcceptedFrom(service: string, partition: number): number {
    return this.#accepted.get(`${service}/${partition}`)?.number ?? 0;
  }

  recordAccepted(service: string, partition: number, number: number, isDue: boolean): void {
    const name = `${service}/${partition}`;
    let accepted = this.#accepted.get(name);
    if (accepted === undefined) {
      accepted = { service, partition, number };
      this.#accepted.set(name, accepted);
    } else if (number > accepted.number) accepted.number = number;
    else return;
    if (isDue) this.#acceptedDue.add(accepted);
  }

  /** The batch that sent these is durable: they may leave. Returns the channels that have something to send. */
  release(sent: LettersSent): ReadonlySet<Channel> {
    const channels = new Set<Channel>();
    for (const { service, partition, number } of sent.letters) {
      const channel = this.channel(service, partition);
      channel.released = Math.max(channel.released, number);
      channels.add(channel);
    }
    return channels;
  }

  /** The receiver has all messages up to this number. */
  confirm(channel: Channel, upTo: number): void {
    if (upTo <= channel.confirmed) return;
    channel.confirmed = Math.min(upTo, channel.last);
    this.#confirmedDue.add(channel);
    let count = 0;
    for (; count < channel.messages.length; count++) {
      const message = channel.messages[count] as SentLetter;
      if (message.number > upTo) break;
      this.#waitingBytes -= sizeOf(message);
    }
    if (count > 0) channel.messages.splice(0, count);
  }

  #retain(channel: Channel, message: SentLetter): void {
    channel.messages.push(message);
    this.#waitingBytes += sizeOf(message);
  }

  /** Returns the next messages that may leave, in order, within both bounds. A single message may exceed `bytesMax`. */
  outgoing(channel: Channel, countMax: number, bytesMax: number): readonly SentLetter[] {
    const { messages, released } = channel;
    let count = 0;
    let bytes = 0;
    for (; count < messages.length && count < countMax; count++) {
      const { number, payload } = messages[count] as SentLetter;
      if (number > released) break;
      bytes += payload.length + messageOverheadBytes;
      if (bytes > bytesMax && count > 0) break;
    }
    return messages.slice(0, count);
  }

  channel(service: string, partition: number): Channel {
    const name = `${service}/${partition}`;
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = {
        service,
        partition,
        place: `${service}/partition/${partition}` as Place,
        last: 0,
        messages: [],
        released: 0,
        confirmed: 0,
        isSending: false,
        failures: 0,
      };
      this.#channels.set(name, channel);
    }
    return channel;
  }

  /** Folds the sent messages that a batch recorded. */
  recoverSent({ letters }: LettersSent): void {
    for (const message of letters) {
      const channel = this.channel(message.service, message.partition);
      channel.last = Math.max(channel.last, message.number);
      channel.released = channel.last;
      if (message.number > channel.confirmed) this.#retain(channel, message);
    }
  }

  recoverConfirmed({ service, partition, upTo }: LettersConfirmed): void {
    const channel = this.channel(service, partition);
    channel.last = Math.max(channel.last, upTo);
    this.confirm(channel, upTo);
    this.#confirmedDue.delete(channel);
  }

  /** Returns the last accepted message of every channel. */
  acceptedEnds(): { service: string; partition: number; number: number }[] {
    return [...this.#accepted.values()].map(({ service, partition, number }) => ({
      service,
      partition,
      number,
    }));
  }
}

/** Estimated size of the keys and numbers of a message. */
const messageOverheadBytes = 128;
/** Maximum bytes of UTF-8 per unit of a text. */
const bytesPerUnit = 3;

/** Returns the maximum size of a message in a record. */
function sizeOf({ namespace, sender, receiver, type, payload, cause }: SentLetter): number {
  let units = namespace.length + sender.length + receiver.length + type.length;
  if (cause !== undefined) {
    units += cause.traceparent.length + cause.decision.length + cause.reason.length;
    units += cause.actor?.id.length ?? 0;
  }
  return messageOverheadBytes + units * bytesPerUnit + payload.length;
}
