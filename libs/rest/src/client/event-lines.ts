/** Server-sent events, read from the bytes of an answer as the standard says, in any pieces they come. */
export interface ServerEvent {
  /** `message` where the server rejects other name. */
  readonly event: string;
  /** Empty for one that only moves the cursor. */
  readonly data: string;
  /** The cursor after it. Empty where the server said none. */
  readonly id: string;
}

/** What is longer is no event of ours. */
const charactersMax = 32 * 1024 * 1024;

/** Every event, and an undefined for each sign of life between them. */
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
    // The end of the loop means that the rest is not wanted.
    await reader.cancel().catch(() => {});
  }
}

export class EventLines {
  readonly #decoder = new TextDecoder();
  /** The beginning of a line whose end has not come, in the pieces in which it came. */
  #begun: string[] = [];
  #begunCharacters = 0;
  /** The last piece ended with a carriage return: a line feed at the beginning of this one belongs to it. */
  #wasReturn = false;
  #event = "";
  #data: string[] = [];
  #id = "";
  #characters = 0;

  /** The events that are whole with these bytes, and an undefined for each sign of life. */
  *parse(bytes: Uint8Array): Generator<ServerEvent | undefined> {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (text === "") return;
    if (this.#wasReturn && text.startsWith("\n")) text = text.slice(1);
    this.#wasReturn = text.endsWith("\r");
    const lines = text.split(/\r\n|\n|\r/);
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      const whole = this.#begun.length === 0 ? line : `${this.#begun.join("")}${line}`;
      this.#begun = [];
      this.#begunCharacters = 0;
      if (whole === "") yield this.#finish();
      else this.#field(whole);
    }
    if (rest !== "") this.#begun.push(rest);
    this.#begunCharacters += rest.length;
    if (this.#characters + this.#begunCharacters > charactersMax)
      throw new RangeError(`expected an event of at most ${charactersMax} characters, found a longer one`);
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
    const isWord = this.#data.length === 0 && this.#id === "";
    const event = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    this.#event = "";
    this.#data = [];
    this.#id = "";
    this.#characters = 0;
    return isWord ? undefined : event;
  }
}
