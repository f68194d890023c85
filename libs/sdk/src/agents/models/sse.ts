/** Reads server-sent events piece by piece. */

const eventLengthMax = 4 * 1024 * 1024;

/** Yields the data of each event until the stream ends. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > eventLengthMax) throw new Error(`an event of more than ${eventLengthMax} characters`);
    const blocks = text.split(/\r\n\r\n|\n\n|\r\r/);
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = dataOf(block);
      if (data !== "") yield data;
    }
  }
  const data = dataOf(text);
  if (data !== "") yield data;
}

function dataOf(block: string): string {
  return block
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).replace(/^ /, ""))
    .join("\n");
}
