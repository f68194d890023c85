/** A program that calls rpcs over HTTP at the gateway and has only the contracts. */
import { status } from "@grpc/grpc-js";
import type { RpcDescription } from "@tutti/contracts/rpc";

type Rpc = Pick<RpcDescription<unknown, unknown>, "path" | "requestStream" | "replyStream">;

export interface HttpAnswer {
  readonly code: status;
  /** Message of the error. */
  readonly text: string;
}

/** Calls an rpc with one message. */
export async function callOverHttp(
  http: string,
  { path, requestStream, replyStream }: Rpc,
  headers: Readonly<Record<string, string>>,
  message = new Uint8Array(),
): Promise<HttpAnswer> {
  const isStream = requestStream || replyStream;
  const envelope = new Uint8Array(5 + message.length);
  new DataView(envelope.buffer).setUint32(1, message.length);
  envelope.set(message, 5);
  const answer = await fetch(`${http}/v1/calls${path}`, {
    method: "POST",
    headers: { ...headers, "content-type": isStream ? "application/connect+proto" : "application/proto" },
    body: isStream ? envelope : Uint8Array.from(message),
    signal: AbortSignal.timeout(120_000),
  });
  const type = answer.headers.get("content-type");
  if (type === "application/proto") {
    await answer.arrayBuffer();
    return { code: status.OK, text: "" };
  }
  if (type !== "application/connect+proto") return codeIn(await answer.text());
  const text = await endOf(answer);
  const { error } = JSON.parse(text ?? "{}") as { readonly error?: object };
  return error === undefined ? { code: status.OK, text: "" } : codeIn(JSON.stringify(error));
}

export async function codeOverHttp(...call: Parameters<typeof callOverHttp>): Promise<status> {
  return (await callOverHttp(...call)).code;
}

/** Returns the error that ended a stream. Undefined if a reply came first. */
async function endOf(answer: Response): Promise<string | undefined> {
  const reader = answer.body?.getReader();
  let bytes = Buffer.alloc(0);
  for (;;) {
    const part = await reader?.read();
    if (part?.value === undefined) throw new Error("expected a stream with an end");
    bytes = Buffer.concat([bytes, part.value]);
    if (bytes.length < 5 || bytes.length < 5 + bytes.readUInt32BE(1)) continue;
    const isEnd = bytes[0] === 2;
    if (!isEnd) await reader?.cancel();
    return isEnd ? bytes.subarray(5).toString() : undefined;
  }
}

function codeIn(text: string): HttpAnswer {
  const { code } = JSON.parse(text) as { readonly code: string };
  const name = code === "canceled" ? "CANCELLED" : code.toUpperCase();
  return { code: status[name as keyof typeof status], text };
}
