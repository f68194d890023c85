import type { FastifyReply } from "fastify";
import { dataHeaders } from "../front/headers.ts";

/** An answer of events. It becomes a stream with the first of them, and is any other answer until then. */
export class AnswerEvents {
  readonly #reply: FastifyReply;
  readonly #head: string;
  #isOpen = false;

  /** @param head what each event has before its data, such as its name */
  constructor(reply: FastifyReply, head = "") {
    this.#reply = reply;
    this.#head = head;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Returns whether the client keeps up. */
  send(message: unknown): boolean {
    return this.#write(`${this.#head}data: ${JSON.stringify(message)}\n\n`);
  }

  /** A comment keeps the connection. Returns whether the client keeps up. */
  keep(): boolean {
    return this.#write(": alive\n\n");
  }

  /** Ends the stream with a last event. Returns whether the answer was a stream. */
  end(message: unknown): boolean {
    if (!this.#isOpen) return false;
    this.send(message);
    this.#reply.raw.end();
    return true;
  }

  #write(text: string): boolean {
    const { raw } = this.#reply;
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#reply.hijack();
      raw.on("error", () => undefined);
      const headers = { ...dataHeaders, "content-type": "text/event-stream", "x-accel-buffering": "no" };
      raw.writeHead(200, headers);
    }
    return raw.write(text);
  }
}
