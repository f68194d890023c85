/**
 * Server-sent events, parsed from the bytes of a response according to the standard, in pieces of any size.
 */
export interface ServerEvent {
  /** Name of the event. `message` if the server sent none. */
  readonly event: string;
  /** Empty for an event that only moves the cursor. */
  readonly data: string;
  /** Cursor after it. Empty if the server sent none. */
  readonly id: string;
}

/** Maximum size. A longer line is not an event of the platform. */
const charactersMax = 32 * 1024 * 1024;

/** Yields every event, and undefined for each heartbeat between them. */
export async function* serverEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerEvent | undefined, void, void> {
  const reader = body.getReader();
  const lines = new EventLines();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* lines.parse(value);
    }
  } finally {
    // The caller left the loop, so the rest is not needed.
    await reader.cancel().catch(() => {});
  }
}

export class EventLines {
  readonly #decoder = new TextDecoder();
  /** Pieces of a line whose end has not arrived. */
  #partial: string[] = [];
  #partialCharacters = 0;
  /** The last piece ended with a carriage return: a line feed at the start of the next one belongs to it. */
  #wasReturn = false;
  #event = "";
  #data: string[] = [];
  #id = "";
  #characters = 0;

  /** Returns the events that these bytes complete, and undefined for each heartbeat. */
  *parse(bytes: Uint8Array): Generator<ServerEvent | undefined> {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (text === "") return;
    if (this.#wasReturn && text.startsWith("\n")) text = text.slice(1);
    this.#wasReturn = text.endsWith("\r");
    const lines = text.split(/\r\n|\n|\r/);
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      const fullLine = this.#partial.length === 0 ? line : `${this.#partial.join("")}${line}`;
      this.#partial = [];
      this.#partialCharacters = 0;
      if (fullLine === "") yield this.#finish();
      else this.#field(fullLine);
    }
    if (rest !== "") this.#partial.push(rest);
    this.#partialCharacters += rest.length;
    if (this.#characters + this.#partialCharacters > charactersMax)
      throw new RangeError(`expected an event of at most ${charactersMax} characters, got a longer one`);
  }

  #field(line: string): void {
    this.#characters += line.length;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }

  #finish(): ServerEvent | undefined {
    const isHeartbeat = this.#data.length === 0 && this.#id === "";
    const event = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    this.#event = "";
    this.#data = [];
    this.#id = "";
    this.#characters = 0;
    return isHeartbeat ? undefined : event;
  }
}
