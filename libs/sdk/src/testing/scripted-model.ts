/**
 * A language model with a script, for tests and examples without a network. It speaks Anthropic's Messages, OpenAI's
 * Chat Completions and Responses and Google's Gemini API as they are on the wire. It can fail as providers do.
 */
import { setTimeout } from "node:timers/promises";
import type { Json } from "@tutti/expressions";
import { isMembers, type Members, membersIn, textIn } from "../agents/models/wire.ts";

/** A scripted answer. A text alone is an answer without calls. */
export type ScriptedReply =
  | string
  | {
      readonly text?: string;
      readonly calls?: readonly { readonly name: string; readonly input: unknown }[];
      /** Default: by its length. */
      readonly inputTokens?: number;
      readonly outputTokens?: number;
      /** Ends the stream in the middle. */
      readonly cut?: boolean;
      /** Streams the text word by word, with pauses of this length. Default: without pauses. */
      readonly paceMs?: number;
    }
  /** A refusal, such as 429 with `retryAfterSeconds`. */
  | { readonly status: number; readonly message?: string; readonly retryAfterSeconds?: number }
  /** An error in the stream, after it started well. */
  | { readonly error: string }
  /** Text that is not JSON, in the place of the input of a call. */
  | { readonly malformed: string; readonly name: string };

/** A request, in any format. */
export interface ScriptedRequest {
  readonly path: string;
  readonly model: string;
  readonly instructions: string;
  /** All texts, calls and results of the conversation, in their order. */
  readonly conversation: readonly string[];
  readonly tools: readonly string[];
  readonly body: Members;
}

/** Replies in their order, the last one again and again. Or what makes one of a request. */
export type ModelScript =
  | readonly ScriptedReply[]
  | ((request: ScriptedRequest, count: number) => ScriptedReply | Promise<ScriptedReply>);

export interface ScriptedModelOptions {
  /** Each new conversation starts the script again, so that one model serves several runs. Default: false. */
  readonly repeats?: boolean;
}

export class ScriptedModel {
  readonly requests: ScriptedRequest[] = [];
  readonly #script: ModelScript;
  readonly #repeats: boolean;
  /** Requests before the script was started. */
  #before = 0;

  constructor(script: ModelScript, { repeats = false }: ScriptedModelOptions = {}) {
    this.#script = script;
    this.#repeats = repeats;
  }

  /** Answers without a network. */
  readonly fetch: typeof fetch = async (url, init) => this.answer(new Request(url, init));

  /** Answers a request of a provider's client. */
  async answer(request: Request): Promise<Response> {
    const body = (await request.json()) as Members;
    const modelRequest = requestOf(new URL(request.url).pathname, body);
    this.requests.push(modelRequest);
    if (this.#repeats && modelRequest.conversation.length <= 1) this.#before = this.requests.length - 1;
    const count = this.requests.length;
    const turn = count - this.#before;
    const reply =
      typeof this.#script === "function"
        ? await this.#script(modelRequest, count)
        : (this.#script[Math.min(turn, this.#script.length) - 1] ?? "");
    if (typeof reply === "object" && "status" in reply) return refusal(reply);
    if (!isStreamed(modelRequest)) return inOnePiece(modelRequest, reply, count);
    const pieces = writerOf(modelRequest.path)(reply, modelRequest.model, count);
    return new Response(streamOf(pieces, mannerOf(reply)), {
      headers: { "content-type": "text/event-stream" },
    });
  }
}

function refusal({
  status,
  message = "refused",
  retryAfterSeconds,
}: Extract<ScriptedReply, { status: number }>) {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return Response.json({ type: "error", error: { type: "refused", message } }, { status, headers });
}

interface Manner {
  readonly cut?: boolean;
  readonly paceMs?: number;
}

function mannerOf(reply: ScriptedReply): Manner {
  return typeof reply === "object" && !("status" in reply || "error" in reply || "malformed" in reply)
    ? reply
    : {};
}

/** A stream that is cut loses its second half. */
function streamOf(
  events: readonly unknown[],
  { cut = false, paceMs = 0 }: Manner,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const sentEvents = cut ? events.slice(0, Math.ceil(events.length / 2)) : events;
  let next = 0;
  return new ReadableStream({
    async pull(controller) {
      const event = sentEvents[next++];
      if (event === undefined) return controller.close();
      if (paceMs > 0) await setTimeout(paceMs);
      const { type } = event as { readonly type?: string };
      const name = type === undefined ? "" : `event: ${type}\n`;
      const data = typeof event === "string" ? event : JSON.stringify(event);
      controller.enqueue(encoder.encode(`${name}data: ${data}\n\n`));
    },
  });
}

interface ScriptedAnswer {
  readonly text: string;
  /** The text as it is streamed. */
  readonly pieces: readonly string[];
  readonly calls: readonly { readonly id: string; readonly name: string; readonly json: string }[];
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly error: string;
}

type Answering = Exclude<ScriptedReply, { status: number }>;

function writtenOf(reply: Answering, count: number): ScriptedAnswer {
  const emptyReply = { text: "", pieces: [], calls: [], inputTokens: 10, outputTokens: 5, error: "" };
  if (typeof reply === "string") return { ...emptyReply, text: reply, pieces: halves(reply) };
  if ("error" in reply) return { ...emptyReply, error: reply.error };
  if ("malformed" in reply)
    return { ...emptyReply, calls: [{ id: `call_${count}_1`, name: reply.name, json: reply.malformed }] };
  const { text = "", calls = [], inputTokens = 10, outputTokens = 5 } = reply;
  const numbered = calls.map(({ name, input }, index) => ({
    ...{ id: `call_${count}_${index + 1}`, name, json: JSON.stringify(input ?? {}) },
  }));
  const pieces = reply.paceMs === undefined ? halves(text) : text.split(/(?<= )/);
  return { ...emptyReply, text, pieces, calls: numbered, inputTokens, outputTokens };
}

/** Ids are unique in a conversation: clients merge messages with the same id. */
type Writer = (reply: Answering, model: string, count: number) => readonly unknown[];

function writerOf(path: string): Writer {
  if (path.endsWith("/messages")) return messages;
  if (path.includes(":")) return gemini;
  return path.endsWith("/responses") ? responses : chat;
}

/** Clients of other frameworks often do not stream. */
function isStreamed({ path, body }: ScriptedRequest): boolean {
  return path.includes(":") ? path.endsWith(":streamGenerateContent") : body["stream"] === true;
}

/** A cut answer loses its second half, as in a stream. */
function inOnePiece({ path, model }: ScriptedRequest, reply: Answering, count: number): Response {
  const { error } = writtenOf(reply, count);
  if (error !== "") return refusal({ status: 503, message: error });
  const text = JSON.stringify(wholeOf(path, model, reply, count));
  const sent = mannerOf(reply).cut === true ? text.slice(0, text.length / 2) : text;
  return new Response(sent, { headers: { "content-type": "application/json" } });
}

function wholeOf(path: string, model: string, reply: Answering, count: number): unknown {
  const { text, calls, inputTokens, outputTokens } = writtenOf(reply, count);
  const writer = writerOf(path);
  const last = writer(reply, model, count).at(-1) as Members;
  if (writer === responses) return last["response"];
  if (writer === gemini) {
    const functionCalls = calls.map(({ name, json }) => ({ functionCall: { name, args: parsed(json) } }));
    const parts = [...(text === "" ? [] : [{ text }]), ...functionCalls];
    return { ...last, candidates: [{ index: 0, content: { role: "model", parts }, finishReason: "STOP" }] };
  }
  if (writer === messages)
    return {
      ...{ id: `msg_${count}`, type: "message", role: "assistant", model },
      content: [
        ...(text === "" ? [] : [{ type: "text", text }]),
        ...calls.map(({ id, name, json }) => ({ type: "tool_use", id, name, input: parsed(json) })),
      ],
      stop_reason: calls.length > 0 ? "tool_use" : "end_turn",
      usage: { input_tokens: inputTokens, output_tokens: outputTokens },
    };
  const toolCalls = calls.map(({ id, name, json }) => ({
    ...{ id, type: "function", function: { name, arguments: json } },
  }));
  const message = { role: "assistant", content: text, ...(calls.length > 0 && { tool_calls: toolCalls }) };
  return {
    ...{ id: `chatcmpl-${count}`, object: "chat.completion", created: 0, model },
    choices: [{ index: 0, message, finish_reason: calls.length > 0 ? "tool_calls" : "stop" }],
    usage: {
      ...{ prompt_tokens: inputTokens, completion_tokens: outputTokens },
      total_tokens: inputTokens + outputTokens,
    },
  };
}

/** A malformed input stays a text. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

/** Halves, so that a reader has to put them together. */
function halves(text: string): readonly string[] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)].filter((half) => half !== "");
}

const messages: Writer = (reply, model, count) => {
  const { text, pieces, calls, inputTokens, outputTokens, error } = writtenOf(reply, count);
  const usage = { input_tokens: inputTokens, output_tokens: 1 };
  const start = { type: "message_start", message: { id: `msg_${count}`, role: "assistant", model, usage } };
  if (error !== "") return [start, { type: "error", error: { type: "overloaded_error", message: error } }];
  const blocks = [
    ...(text === ""
      ? []
      : [
          {
            started: { type: "text", text: "" },
            deltas: pieces.map((piece) => ({ type: "text_delta", text: piece })),
          },
        ]),
    ...calls.map(({ id, name, json }) => ({
      started: { type: "tool_use", id, name, input: {} },
      deltas: halves(json).map((half) => ({ type: "input_json_delta", partial_json: half })),
    })),
  ];
  return [
    start,
    ...blocks.flatMap(({ started, deltas }, index) => [
      { type: "content_block_start", index, content_block: started },
      ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
      { type: "content_block_stop", index },
    ]),
    {
      type: "message_delta",
      delta: { stop_reason: calls.length > 0 ? "tool_use" : "end_turn" },
      usage: { output_tokens: outputTokens },
    },
    { type: "message_stop" },
  ];
};

const chat: Writer = (reply, model, count) => {
  const { pieces, calls, inputTokens, outputTokens, error } = writtenOf(reply, count);
  const chunk = (delta: unknown, finish: string | null = null) => ({
    ...{ id: `chatcmpl-${count}`, object: "chat.completion.chunk", model },
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  if (error !== "") return [chunk({ role: "assistant" }), { error: { message: error } }];
  return [
    chunk({ role: "assistant", content: "" }),
    ...pieces.map((content) => chunk({ content })),
    ...calls.flatMap(({ id, name, json }, index) => [
      chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] }),
      ...halves(json).map((half) => chunk({ tool_calls: [{ index, function: { arguments: half } }] })),
    ]),
    chunk({}, calls.length > 0 ? "tool_calls" : "stop"),
    { choices: [], model, usage: { prompt_tokens: inputTokens, completion_tokens: outputTokens } },
    "[DONE]",
  ];
};

const responses: Writer = (reply, model, count) => {
  const { text, pieces, calls, inputTokens, outputTokens, error } = writtenOf(reply, count);
  if (error !== "") return [{ type: "response.created" }, { type: "error", message: error }];
  const output = [
    ...(text === ""
      ? []
      : [
          {
            ...{ type: "message", id: `item_${count}_0`, role: "assistant", status: "completed" },
            content: [{ type: "output_text", text, annotations: [] }],
          },
        ]),
    ...calls.map(({ id, name, json }, index) => ({
      ...{ type: "function_call", id: `item_${count}_${index + 1}`, call_id: id, name, arguments: json },
      status: "completed",
    })),
  ];
  const usage = {
    ...{ input_tokens: inputTokens, output_tokens: outputTokens },
    total_tokens: inputTokens + outputTokens,
  };
  // Libraries of others refuse a response without these.
  const about = { id: `resp_${count}`, object: "response", created_at: count, model } as const;
  return [
    { type: "response.created", response: { ...about, status: "in_progress" } },
    ...output.flatMap((item, index) => [
      { type: "response.output_item.added", output_index: index, item },
      ...(item.type === "message"
        ? pieces.map((delta) => ({
            ...{ type: "response.output_text.delta", output_index: index, item_id: item.id, delta },
          }))
        : []),
      { type: "response.output_item.done", output_index: index, item },
    ]),
    {
      type: "response.completed",
      response: { ...about, status: "completed", output, usage },
    },
  ];
};

const gemini: Writer = (reply, model, count) => {
  const { pieces, calls, inputTokens, outputTokens, error } = writtenOf(reply, count);
  if (error !== "") return [{ error: { code: 503, status: "UNAVAILABLE", message: error } }];
  const partsOf = (parts: readonly unknown[], end: object = {}) => ({
    ...{ modelVersion: model, candidates: [{ index: 0, content: { role: "model", parts }, ...end }] },
  });
  const usageMetadata = {
    ...{ promptTokenCount: inputTokens, candidatesTokenCount: outputTokens },
    totalTokenCount: inputTokens + outputTokens,
  };
  return [
    ...pieces.map((piece) => partsOf([{ text: piece }])),
    {
      ...partsOf(
        calls.map(({ name, json }) => ({ functionCall: { name, args: parsed(json) } })),
        { finishReason: "STOP" },
      ),
      usageMetadata,
    },
  ];
};

function requestOf(path: string, body: Members): ScriptedRequest {
  const { system, instructions, messages: listed, input, tools } = body as Readonly<Record<string, Json>>;
  const { contents, systemInstruction } = body as Readonly<Record<string, Json>>;
  const messages = listOf(listed ?? input ?? contents);
  const [first] = messages;
  const isSystem = isMembers(first) && first["role"] === "system";
  const systemTexts = isSystem
    ? textsIn(first)
    : [...textsIn(system), ...textsIn(instructions), ...textsIn(systemInstruction)];
  const model = textIn(body, "model") || (/models\/([^:]+):/.exec(path)?.[1] ?? "");
  return {
    ...{ path, model, instructions: systemTexts.join("\n"), body },
    conversation: (isSystem ? messages.slice(1) : messages).flatMap(textsIn),
    tools: listOf(tools)
      .filter(isMembers)
      .flatMap((tool) => [tool, ...listOf(tool["functionDeclarations"]).filter(isMembers)])
      .map((tool) => textIn(tool, "name") || textIn(membersIn(tool, "function"), "name"))
      .filter((name) => name !== ""),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Texts, calls and results of a message, regardless of its format. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (!isMembers(value)) return [];
  const { type, text, name, input, arguments: args, content, output, tool_calls: calls } = value;
  const called = membersIn(value, "function");
  if (textIn(called, "name") !== "") return [`${textIn(called, "name")}(${textIn(called, "arguments")})`];
  const { functionCall, functionResponse, parts } = value;
  if (isMembers(functionCall))
    return [`${textIn(functionCall, "name")}(${JSON.stringify(functionCall["args"])})`];
  if (isMembers(functionResponse)) return textsIn(membersIn(functionResponse, "response"));
  if (type === "tool_use") return [`${String(name)}(${JSON.stringify(input)})`];
  if (type === "function_call") return [`${String(name)}(${String(args)})`];
  return [text, content, output, calls, parts].flatMap(textsIn);
}
