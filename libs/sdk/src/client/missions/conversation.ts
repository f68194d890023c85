/** Messages between the agents of a mission. */
import type { MessageTarget, MissionMessage } from "@tutti/contracts/swarm/v1";
import { type OptionNames, requireKnown, requireOne, text, wholeNumber } from "../../options.ts";
import { payloadOf, valueIn } from "../payloads.ts";
import { followed, type WatchOptions, watchNames } from "../work/followed.ts";
import { type IdempotencyOptions, idempotencyNames, pages } from "../work/paging.ts";
import type { BoardPlace, MissionParts } from "./parts.ts";

/** One agent, all agents of a role, all subscribers of a topic, or all participants. */
export type Receiver =
  | { readonly agent: string }
  | { readonly role: string }
  | { readonly topic: string }
  | "everybody";

const receiverNames: OptionNames<Exclude<Receiver, string>> = { agent: text, role: text, topic: text };

export interface Message<Body = unknown> {
  /** From 1. */
  readonly number: number;
  readonly sender: string;
  readonly to: Receiver;
  readonly body: Body;
  /** Number of the message it answers. 0 for none. */
  readonly answers: number;
  /** The task it is about. Empty for none. */
  readonly taskId: string;
}

export interface SendOptions extends IdempotencyOptions {
  readonly answers?: number;
  readonly taskId?: string;
}

const sendNames: OptionNames<SendOptions> = { ...idempotencyNames, answers: wholeNumber(0), taskId: text };

interface ListOptions {
  /** Number of the last known message. */
  readonly after?: number;
  /** Only those about this task. */
  readonly taskId?: string;
}

const listNames: OptionNames<ListOptions> = { after: wholeNumber(0), taskId: text };

interface WatchAfterOptions extends WatchOptions {
  readonly after?: number;
}

const watchAfterNames: OptionNames<WatchAfterOptions> = { ...watchNames, after: wholeNumber(0) };

export class Conversation {
  readonly #board: MissionParts["board"];
  readonly #ports: MissionParts["ports"];
  readonly #place: BoardPlace;

  constructor({ board, ports }: Pick<MissionParts, "board" | "ports">, place: BoardPlace) {
    this.#ports = ports;
    this.#board = board;
    this.#place = place;
  }

  /** Sends a message, and returns its number. */
  async send(to: Receiver, body: unknown, options: SendOptions = {}): Promise<number> {
    if (to !== "everybody") requireOne("messages.send.to", to, receiverNames);
    requireKnown("messages.send", options, sendNames);
    const { answers = 0, taskId = "", idempotencyKey = "" } = options;
    const messages = [{ to: targetOf(to), body: payloadOf(body, "the message"), answers, taskId }];
    const { firstNumber } = await this.#board.sendMessages({ ...this.#place, messages, idempotencyKey });
    return firstNumber;
  }

  /** Yields the messages after a number, oldest first: to this agent, or to any agent without one. */
  list(options: ListOptions = {}): AsyncGenerator<Message, void, void> {
    requireKnown("messages.list", options, listNames);
    const { after = 0, taskId = "" } = options;
    return pages(async (page) => {
      const request = { ...this.#place, afterNumber: after, taskId, page };
      const reply = await this.#board.listMessages(request);
      return { items: reply.messages.map(messageOf), token: reply.page?.nextToken };
    });
  }

  /** Yields the messages after a number, then every new one, until the signal. */
  async *watch(options: WatchAfterOptions = {}): AsyncGenerator<Message, void, void> {
    requireKnown("messages.watch", options, watchAfterNames);
    const { after = 0, signal } = options;
    const open = (cursor: string) => this.#messagesAfter(cursor === "" ? after : Number(cursor), signal);
    for await (const { messages } of followed({ open, signal }, this.#ports)) yield* messages.map(messageOf);
  }

  /** The number of the last message is where to continue. */
  async *#messagesAfter(afterNumber: number, signal: AbortSignal | undefined) {
    let last = afterNumber;
    for await (const { messages } of this.#board.watchMessages({ ...this.#place, afterNumber }, { signal })) {
      last = messages.at(-1)?.number ?? last;
      yield { messages, cursor: String(last) };
    }
  }
}

function targetOf(to: Receiver): MessageTarget {
  if (to === "everybody") return { target: { $case: "everybody", value: {} } };
  if ("agent" in to) return { target: { $case: "agentId", value: to.agent } };
  if ("role" in to) return { target: { $case: "role", value: to.role } };
  return { target: { $case: "topic", value: to.topic } };
}

function receiverOf(to: MessageTarget | undefined): Receiver {
  const { target } = to ?? {};
  switch (target?.$case) {
    case "agentId":
      return { agent: target.value };
    case "role":
      return { role: target.value };
    case "topic":
      return { topic: target.value };
    default:
      return "everybody";
  }
}

function messageOf({ number, sender, to, body, answers, taskId }: MissionMessage): Message {
  return { number, sender: sender?.id ?? "", to: receiverOf(to), body: valueIn(body), answers, taskId };
}
