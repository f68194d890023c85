/** Server-sent events, read from the bytes of an answer as the standard says. */
export interface ServerEvent {
  /** `message` where the server says no other name. */
  readonly event: string;
  /** Empty for one that only moves the cursor. */
  readonly data: string;
  /** The cursor after it; empty where the server said none. */
  readonly id: string;
}

/** A longer line is no event of ours. */
const lineMax = 16 * 1024 * 1024;

/** Every event, and an undefined for each sign of life between them. */
export async function* serverEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerEvent | undefined, void, void> {
  let event = "message";
  let data: string[] = [];
  let id = "";
  for await (const line of linesOf(body)) {
    if (line === "") {
      yield data.length === 0 && id === "" ? undefined : { event, data: data.join("\n"), id };
      event = "message";
      data = [];
      id = "";
      continue;
    }
    const at = line.indexOf(":");
    const field = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? "" : line.slice(at + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") event = value;
    else if (field === "id") id = value;
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n/);
      rest = lines.pop() ?? "";
      if (rest.length > lineMax) throw new Error(`expected lines of at most ${lineMax} characters`);
      yield* lines;
    }
  } finally {
    // Whoever leaves the loop does not want the rest.
    await reader.cancel().catch(() => {});
  }
}
