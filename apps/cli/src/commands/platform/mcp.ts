/**
 * Bridges the Model Context Protocol between standard input and output and `POST /mcp` of the platform. Each line is a
 * request, and each reply is printed as a line. Nothing else may be printed.
 */
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import type { Result } from "../../command/presenter.ts";
import { httpFetch } from "../../effects/http-fetch.ts";
import { keyOf, serverAddress } from "../../server/address.ts";

/** Maximum of a line. The platform accepts less, and its reply may be larger. */
const lineCharsMax = 33_554_432;
/** Maximum of open requests. Further lines wait. */
const openMax = 64;
const unreachableCode = -32_000;

export async function mcp(context: Context): Promise<Result> {
  const { shell, values } = context;
  const namespace = values.text("namespace") ?? shell.environment["TUTTI_NAMESPACE"];
  const query = namespace === undefined || namespace === "" ? "" : `?${new URLSearchParams({ namespace })}`;
  const bridge = new Bridge({
    url: `${serverAddress(context)}/mcp${query}`,
    key: await keyOf(context),
    print: (line) => shell.output.write(`${line}\n`),
    interrupted: shell.interrupted,
  });
  for await (const line of linesOf(shell.readBytes("-"), shell.interrupted)) await bridge.accept(line);
  await bridge.finished();
  return shell.interrupted.aborted ? exitCodes.interrupted : exitCodes.completed;
}

interface BridgeParts {
  readonly url: string;
  readonly key: string | undefined;
  readonly print: (line: string) => void;
  readonly interrupted: AbortSignal;
}

class Bridge {
  readonly #parts: BridgeParts;
  readonly #open = new Set<Promise<void>>();
  readonly #cancels = new Map<unknown, AbortController>();
  /** The session header, which encodes the abilities of the client. The platform keeps no session state. */
  #session: string | undefined;

  constructor(parts: BridgeParts) {
    this.#parts = parts;
  }

  /** Resolves when there is room for a further line. */
  async accept(line: string): Promise<void> {
    if (line.trim() === "") return;
    const message = messageIn(line);
    if (message.method === "notifications/cancelled") {
      this.#cancels.get(message.params["requestId"])?.abort();
      return;
    }
    const work = this.#send(line, message).finally(() => this.#open.delete(work));
    this.#open.add(work);
    if (this.#open.size >= openMax) await Promise.race(this.#open);
  }

  async finished(): Promise<void> {
    await Promise.all(this.#open);
  }

  async #send(line: string, message: Message): Promise<void> {
    const cancel = new AbortController();
    if (message.id !== undefined) this.#cancels.set(message.id, cancel);
    const signal = AbortSignal.any([cancel.signal, this.#parts.interrupted]);
    try {
      await this.#post(line, message, signal);
    } catch (error) {
      // The client does not wait for the reply to a cancelled request.
      if (!signal.aborted) this.#fail(message, error instanceof Error ? error.message : String(error));
    } finally {
      if (this.#cancels.get(message.id) === cancel) this.#cancels.delete(message.id);
    }
  }

  async #post(line: string, message: Message, signal: AbortSignal): Promise<void> {
    const { url, key, print } = this.#parts;
    const headers = {
      ...headersOf(message),
      ...(this.#session !== undefined && { "mcp-session-id": this.#session }),
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    };
    const answer = await httpFetch(url, { method: "POST", headers, body: line, signal }).catch((error) => {
      throw signal.aborted ? error : new Error(`The platform at ${new URL(url).origin} is not reachable`);
    });
    this.#session = answer.headers?.get("mcp-session-id") ?? this.#session;
    // A reply is one line of JSON, or a sequence of events with one line of data each.
    for await (const text of linesOf(bytesOf(answer.body), this.#parts.interrupted)) {
      if (text.startsWith("data:")) print(text.slice("data:".length).trim());
      else if (text.startsWith("{")) this.#printReply(text, message, answer.status);
    }
  }

  /** Prints a reply. An error outside the protocol is a problem document: of a wrong key, or of a starting platform. */
  #printReply(text: string, message: Message, status: number): void {
    // A response of the client gets no reply.
    if (message.isResponse) return;
    const parsed = parsedObject(text);
    if (parsed?.["jsonrpc"] === "2.0") this.#parts.print(text);
    else this.#fail(message, String(parsed?.["detail"] ?? `HTTP status ${status}`));
  }

  #fail({ id, isResponse }: Message, text: string): void {
    if (id === undefined || isResponse) return;
    const error = { code: unreachableCode, message: text };
    this.#parts.print(JSON.stringify({ jsonrpc: "2.0", id, error }));
  }
}

interface Message {
  readonly id: unknown;
  readonly method: string | undefined;
  readonly isResponse: boolean;
  readonly params: Readonly<Record<string, unknown>>;
}

const metaVersion = "io.modelcontextprotocol/protocolVersion";

/** Reads the fields that the bridge needs. The platform reports invalid messages. */
function messageIn(line: string): Message {
  const parsed = parsedObject(line) ?? {};
  const { id, method, params } = parsed;
  const isResponse = method === undefined && ("result" in parsed || "error" in parsed);
  return {
    id,
    method: typeof method === "string" ? method : undefined,
    isResponse,
    params: objectIn(params),
  };
}

/** Returns the headers that repeat fields of the body, as streamable HTTP requires. */
function headersOf({ method, params }: Message): Record<string, string> {
  const version = objectIn(params["_meta"])[metaVersion];
  const named = [params["name"], params["uri"], params["taskId"]].find((value) => typeof value === "string");
  return {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...(typeof version === "string" && { "mcp-protocol-version": headerText(version) }),
    ...(method !== undefined && { "mcp-method": headerText(method) }),
    ...(named !== undefined && { "mcp-name": headerText(String(named)) }),
  };
}

function headerText(text: string): string {
  const isPlain = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text);
  return isPlain ? text : `=?base64?${Buffer.from(text).toString("base64")}?=`;
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : {};
}

function parsedObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return objectIn(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function* bytesOf(body: Awaited<ReturnType<typeof httpFetch>>["body"]): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done) return;
    yield next.value;
  }
}

/** Yields lines until the input ends or the command is interrupted. */
export async function* linesOf(
  input: AsyncIterable<Uint8Array>,
  interrupted: AbortSignal,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const stop = Promise.withResolvers<undefined>();
  const end = () => stop.resolve(undefined);
  interrupted.addEventListener("abort", end, { once: true });
  const reader = input[Symbol.asyncIterator]();
  let rest = "";
  try {
    while (!interrupted.aborted) {
      const next = await Promise.race([reader.next(), stop.promise]);
      if (next === undefined || next.done === true) break;
      const lines = (rest + decoder.decode(next.value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
      if (rest.length > lineCharsMax) throw new Error(`A line has more than ${lineCharsMax} characters`);
    }
  } finally {
    interrupted.removeEventListener("abort", end);
  }
  if (rest !== "" && !interrupted.aborted) yield rest;
}
