import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";

/** Sends a body in parts as they come, at the pace of the server. Resolves with what it answers. */
export async function post(
  url: URL,
  headers: Record<string, string>,
  content: AsyncIterable<Uint8Array>,
): Promise<{ readonly status: number; readonly body: string }> {
  const { request } = await (url.protocol === "https:" ? import("node:https") : import("node:http"));
  const message = request(url, { method: "POST", headers });
  const answering = once(message, "response") as Promise<[IncomingMessage]>;
  // Its reason is thrown below, also if the content fails first. A server that has answered may close the connection.
  answering.catch(() => {});
  message.on("error", () => {});
  try {
    await send(message, content, answering);
    const [answer] = await answering;
    let body = "";
    for await (const text of answer.setEncoding("utf8")) body += text;
    return { status: answer.statusCode ?? 0, body };
  } finally {
    // Nothing where it is over. A server that has answered early wants no more.
    if (!message.writableFinished) message.destroy();
  }
}

async function send(
  message: ClientRequest,
  content: AsyncIterable<Uint8Array>,
  answering: Promise<unknown>,
): Promise<void> {
  let isAnswered = false;
  const setAnswered = (): void => {
    isAnswered = true;
  };
  const answered = answering.then(setAnswered, setAnswered);
  for await (const part of content) {
    if (isAnswered) return;
    // Until it is written: the sender may use its bytes again.
    const written = new Promise<void>((resolve) => message.write(part, () => resolve()));
    await Promise.race([written, answered]);
  }
  message.end();
}
