/** Reads server-sent events piece by piece. */

const eventLengthMax = 4 * 1024 * 1024;

/** What a reader needs to continue a stream that has ended. */
export interface StreamPosition {
  eventId?: string;
  retryMs?: number;
}

/**
 * Yields the data of each event until the stream ends.
 *
 * @param position set to the last id and pause that the server sent
 */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  position: StreamPosition = {},
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > eventLengthMax) throw new Error(`an event of more than ${eventLengthMax} characters`);
    const blocks = text.split(/\r\n\r\n|\n\n|\r\r/);
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const eventId = fieldIn(block, "id");
      if (eventId !== undefined) position.eventId = eventId;
      const retry = fieldIn(block, "retry");
      if (retry !== undefined && /^\d+$/.test(retry)) position.retryMs = Number(retry);
      const data = dataOf(block);
      if (data !== "") yield data;
    }
  }
  const data = dataOf(text);
  if (data !== "") yield data;
}

function fieldIn(block: string, name: "id" | "retry"): string | undefined {
  const line = block.split(/\r\n|\n|\r/).findLast((each) => each.startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

function dataOf(block: string): string {
  return block
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).replace(/^ /, ""))
    .join("\n");
}
