/** OpenAI's Chat Completions, which most model servers support. */
import { callOf, type Message, type ModelQuestion, type ModelReply } from "../conversation.ts";
import {
  isMembers,
  type Members,
  membersIn,
  numberIn,
  StreamError,
  textIn,
  type Wire,
  type WireReader,
} from "./wire.ts";

export const chat: Wire = {
  path: "/chat/completions",
  headers: (key) => (key === "" ? {} : { authorization: `Bearer ${key}` }),

  body({ model, instructions, messages, tools, answerTokens, temperature }: ModelQuestion) {
    return {
      model,
      max_completion_tokens: answerTokens,
      stream: true,
      stream_options: { include_usage: true },
      ...(temperature !== undefined && { temperature }),
      messages: [
        ...(instructions === "" ? [] : [{ role: "system", content: instructions }]),
        ...messages.flatMap(written),
      ],
      ...(tools.length > 0 && {
        tools: tools.map(({ name, description, inputSchema }) => ({
          type: "function",
          function: { name, description, parameters: inputSchema },
        })),
      }),
    };
  },

  reader: () => new Reader(),
};

function written({ role, parts }: Message): readonly unknown[] {
  const results = parts.flatMap((part) =>
    "result" in part ? [{ role: "tool", tool_call_id: part.result.id, content: part.result.text }] : [],
  );
  const text = parts.map((part) => ("text" in part ? part.text : "")).join("");
  const calls = parts.flatMap((part) =>
    "call" in part
      ? [
          {
            id: part.call.id,
            type: "function",
            function: { name: part.call.name, arguments: JSON.stringify(part.call.input) },
          },
        ]
      : [],
  );
  if (text === "" && calls.length === 0) return results;
  return [...results, { role, content: text || null, ...(calls.length > 0 && { tool_calls: calls }) }];
}

const stops: Readonly<Record<string, ModelReply["stop"]>> = {
  stop: "end",
  tool_calls: "tools",
  function_call: "tools",
  length: "length",
  content_filter: "refused",
};

class Reader implements WireReader {
  readonly #calls = new Map<number, { id: string; name: string; text: string }>();
  #text = "";
  #model = "";
  #stop = "";
  #usage: Members = {};

  read(event: Members): string {
    if (isMembers(event["error"])) throw new StreamError(textIn(event["error"], "message") || "an error");
    this.#model = textIn(event, "model") || this.#model;
    if (isMembers(event["usage"])) this.#usage = event["usage"];
    const choices = event["choices"];
    const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
    if (!isMembers(choice)) return "";
    this.#stop = textIn(choice, "finish_reason") || this.#stop;
    const delta = membersIn(choice, "delta");
    const calls = delta["tool_calls"];
    if (Array.isArray(calls)) for (const call of calls) if (isMembers(call)) this.#call(call);
    const text = textIn(delta, "content");
    this.#text += text;
    return text;
  }

  #call(call: Members): void {
    const index = numberIn(call, "index");
    const known = this.#calls.get(index) ?? { id: "", name: "", text: "" };
    const named = membersIn(call, "function");
    known.id ||= textIn(call, "id");
    known.name ||= textIn(named, "name");
    known.text += textIn(named, "arguments");
    this.#calls.set(index, known);
  }

  get reply(): ModelReply | undefined {
    if (this.#stop === "") return undefined;
    const calls = [...this.#calls.entries()].sort(([one], [other]) => one - other);
    return {
      parts: [
        ...(this.#text === "" ? [] : [{ text: this.#text }]),
        ...calls.map(([index, { id, name, text }]) => callOf(id || `call-${index}`, name, text)),
      ],
      stop: stops[this.#stop] ?? "end",
      model: this.#model,
      inputTokens: numberIn(this.#usage, "prompt_tokens"),
      outputTokens: numberIn(this.#usage, "completion_tokens"),
      cachedTokens: numberIn(membersIn(this.#usage, "prompt_tokens_details"), "cached_tokens"),
    };
  }
}
