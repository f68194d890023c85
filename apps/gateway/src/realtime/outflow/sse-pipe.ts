/** Server-sent events: an answer of HTTP that does not end. */
import type { ServerResponse } from "node:http";
import type { Pipe } from "./pipe.ts";

const encoder = new TextEncoder();

/** A frame: its id is what a reader resumes by, its name what an `EventSource` listens for. */
export function sseFrame({
  id,
  name,
  data,
}: {
  readonly id?: string;
  readonly name?: string;
  readonly data?: unknown;
}): Uint8Array {
  const lines: string[] = [];
  if (id !== undefined && id !== "") lines.push(`id: ${id}\n`);
  if (name !== undefined) lines.push(`event: ${name}\n`);
  // In JSON a line break is written as two characters: the data is one line.
  if (data !== undefined) lines.push(`data: ${JSON.stringify(data)}\n`);
  return encoder.encode(`${lines.join("")}\n`);
}

const sseMediaType = "text/event-stream";

/** Time after which a browser's `EventSource` reconnects. */
const retryMs = 1_000;

export class SsePipe implements Pipe {
  readonly heartbeat = encoder.encode(": alive\n\n");
  readonly #response: ServerResponse;

  /** @param headers of the response, in addition to those of every stream of events */
  constructor(
    response: ServerResponse,
    headers: Readonly<Record<string, string | number | readonly string[]>>,
  ) {
    this.#response = response;
    // The close reports a disconnected reader. An error event would end the process.
    response.on("error", () => undefined);
    response.writeHead(200, {
      ...headers,
      "content-type": `${sseMediaType}; charset=utf-8`,
      "cache-control": "no-store",
      // Proxies must not buffer events.
      "x-accel-buffering": "no",
    });
    response.socket?.setNoDelay(true);
    response.write(`retry: ${retryMs}\n\n`);
  }

  write(frames: readonly Uint8Array[], onAccepted: () => void): void {
    const [first] = frames;
    const bytes = frames.length === 1 && first !== undefined ? first : Buffer.concat(frames);
    this.#response.write(bytes, (error) => {
      if (!error) onAccepted();
    });
  }

  end(): void {
    this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }
}
