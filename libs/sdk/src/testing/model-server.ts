/** Serves a scripted model on a port of this machine, for programs that need the address of a provider. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { ScriptedModel } from "./scripted-model.ts";

export interface ServedModel {
  /** For `ANTHROPIC_BASE_URL`, `OPENAI_BASE_URL` and `TUTTI_LOCAL_MODELS`. */
  readonly url: string;
  close(): Promise<void>;
}

/** @param port default: a free one */
export async function serveModel(model: ScriptedModel, port = 0): Promise<ServedModel> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = `http://127.0.0.1${request.url ?? "/"}`;
    // Clients first check that the server exists, and list its models.
    const isQuestion = request.method === "POST" && chunks.length > 0;
    const answer = isQuestion
      ? await model.answer(new Request(url, { method: "POST", body: Buffer.concat(chunks) }))
      : Response.json({ data: [] });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (answer.body === null) response.end();
    else Readable.fromWeb(answer.body as ReadableStream).pipe(response);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const { port: boundPort } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { url: `http://127.0.0.1:${boundPort}`, close };
}
