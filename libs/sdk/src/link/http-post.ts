import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";

/** Sends the parts of a body as they arrive, at the pace of the server. Resolves with the answer. */
export async function post(
  url: URL,
  headers: Record<string, string>,
  content: AsyncIterable<Uint8Array>,
): Promise<{ readonly status: number; readonly body: string }> {
  const { request } = await (url.protocol === "https:" ? import("node:https") : import("node:http"));
  const message = request(url, { method: "POST", headers });
  const answering = once(message, "response") as Promise<[IncomingMessage]>;
  // The reason is thrown below, also if the content fails first. A server that has answered may close the connection.
  answering.catch(() => {});
  message.on("error", () => {});
  try {
    await send(message, content, answering);
    const [answer] = await answering;
    let body = "";
    for await (const text of answer.setEncoding("utf8")) body += text;
    return { status: answer.statusCode ?? 0, body };
  } finally {
    // No effect if the request is over. A server that answered early needs no further bytes.
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
    // Wait for the write because the sender may reuse the bytes.
    const written = new Promise<void>((resolve) => message.write(part, () => resolve()));
    await Promise.race([written, answered]);
  }
  message.end();
}
