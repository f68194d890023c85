/** A reader of server-sent events by the specification, on plain Node HTTP. It is a reference for our own client. */
import assert from "node:assert/strict";
import { type IncomingMessage, request } from "node:http";

export interface SseEvent {
  readonly id: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests read the parsed data
  readonly data: any;
}

export class SseReader implements AsyncDisposable {
  readonly events: SseEvent[] = [];
  comments = 0;
  /** The id of the last event with an id. */
  cursor = "";
  readonly ended: Promise<void>;
  readonly #response: IncomingMessage;
  readonly #waiting = new Set<() => void>();
  #text = "";

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<SseReader> {
    const response = await get(url, headers);
    assert.equal(response.statusCode, 200, `expected a stream at ${url}`);
    assert.match(response.headers["content-type"] ?? "", /^text\/event-stream/);
    return new SseReader(response);
  }

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.ended = new Promise((resolve) => response.once("close", resolve));
    response.on("error", () => undefined);
    response.setEncoding("utf8").on("data", (chunk: string) => this.#receive(chunk));
  }

  /** Stops reading until `resume`. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  named(name: string): readonly SseEvent[] {
    return this.events.filter((event) => event.name === name);
  }

  /** Resolves when the condition is true. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  count(name: string, count: number): Promise<void> {
    return this.until(() => this.named(name).length >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#response.destroy();
    await this.ended;
  }

  #receive(chunk: string): void {
    this.#text += chunk;
    const blocks = this.#text.split("\n\n");
    this.#text = blocks.pop() ?? "";
    for (const block of blocks) this.#read(block);
    for (const check of this.#waiting) check();
  }

  #read(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split("\n")) {
      if (line.startsWith(":")) this.comments++;
      const [, field = "", value = ""] = /^(\w+): ?(.*)$/.exec(line) ?? [];
      fields.set(field, value);
    }
    this.cursor = fields.get("id") ?? this.cursor;
    const data = fields.get("data");
    if (data === undefined) return;
    this.events.push({
      id: fields.get("id") ?? "",
      name: fields.get("event") ?? "message",
      data: JSON.parse(data),
    });
  }
}

/** Returns the reply that rejects a stream. */
export async function refusal(
  url: string,
): Promise<{ readonly status: number; readonly problem: Record<string, unknown> }> {
  const response = await get(url, {});
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return { status: response.statusCode ?? 0, problem: JSON.parse(text) };
}

function get(url: string, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { headers, agent: false }, resolve).once("error", reject).end();
  });
}
