import type { FastifyReply } from "fastify";
import { dataHeaders } from "../front/headers.ts";

/** An answer of events. It becomes a stream with the first of them, and is any other answer until then. */
export class AnswerEvents {
  readonly #reply: FastifyReply;
  readonly #head: string;
  #isOpen = false;
  #room: Promise<void> | undefined;

  /** @param head what each event has before its data, such as its name */
  constructor(reply: FastifyReply, head = "") {
    this.#reply = reply;
    this.#head = head;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Never waits. A sender that waits for `room` before each event holds at most one event more than the connection
   * accepts.
   */
  send(message: unknown): void {
    this.#write(`${this.#head}data: ${JSON.stringify(message)}\n\n`);
  }

  /** A comment keeps the connection. */
  heartbeat(): void {
    this.#write(": alive\n\n");
  }

  /** Undefined while the client keeps up. Otherwise resolves when it has read all events sent so far, or has left. */
  room(): Promise<void> | undefined {
    const { raw } = this.#reply;
    if (!raw.writableNeedDrain || raw.destroyed) return undefined;
    this.#room ??= new Promise<void>((resolve) => {
      const done = () => {
        raw.off("drain", done).off("close", done);
        this.#room = undefined;
        resolve();
      };
      raw.once("drain", done).once("close", done);
    });
    return this.#room;
  }

  /** Ends the stream with a last event. Returns whether the answer was a stream. */
  end(message: unknown): boolean {
    if (!this.#isOpen) return false;
    this.send(message);
    this.#reply.raw.end();
    return true;
  }

  #write(text: string): void {
    const { raw } = this.#reply;
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#reply.hijack();
      raw.on("error", () => undefined);
      const headers = { ...dataHeaders, "content-type": "text/event-stream", "x-accel-buffering": "no" };
      raw.writeHead(200, headers);
    }
    raw.write(text);
  }
}
