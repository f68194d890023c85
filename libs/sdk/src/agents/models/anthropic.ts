/** Anthropic's Messages, version 2023-06-01. */
import { callOf, type Message, type ModelQuestion, type ModelReply, type Part } from "../conversation.ts";
import {
  type Members,
  membersIn,
  numberIn,
  StreamError,
  textIn,
  type Wire,
  type WireReader,
} from "./wire.ts";

/** Caches the parts that stay the same from answer to answer: tools, instructions, and the conversation so far. */
const cached = { cache_control: { type: "ephemeral" } };

export const anthropic: Wire = {
  path: "/v1/messages",
  headers: (key) => ({ "x-api-key": key, "anthropic-version": "2023-06-01" }),

  body({ model, instructions, messages, tools, answerTokens, temperature }: ModelQuestion) {
    return {
      model,
      max_tokens: answerTokens,
      stream: true,
      ...(temperature !== undefined && { temperature }),
      ...(instructions !== "" && { system: [{ type: "text", text: instructions, ...cached }] }),
      messages: messages.map((message, index) => written(message, index === messages.length - 1)),
      ...(tools.length > 0 && {
        tools: tools.map(({ name, description, inputSchema }) => ({
          name,
          description,
          input_schema: inputSchema,
        })),
      }),
    };
  },

  reader: () => new Reader(),
};

function written({ role, parts }: Message, isLast: boolean) {
  const content = parts.map(block);
  const last = content.at(-1);
  if (isLast && last !== undefined) content[content.length - 1] = { ...last, ...cached };
  return { role, content };
}

function block(part: Part): Record<string, unknown> {
  if ("text" in part) return { type: "text", text: part.text };
  if ("call" in part) {
    const { id, name, input } = part.call;
    return { type: "tool_use", id, name, input };
  }
  const { id, text, failed = false } = part.result;
  return { type: "tool_result", tool_use_id: id, content: text, ...(failed && { is_error: true }) };
}

interface Block {
  readonly id: string;
  readonly name: string;
  text: string;
}

const stops: Readonly<Record<string, ModelReply["stop"]>> = {
  end_turn: "end",
  stop_sequence: "end",
  tool_use: "tools",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  refusal: "refused",
};

class Reader implements WireReader {
  readonly #blocks = new Map<number, Block>();
  #model = "";
  #inputTokens = 0;
  #cachedTokens = 0;
  #outputTokens = 0;
  #stop = "";
  #isOver = false;

  read(event: Members): string {
    switch (textIn(event, "type")) {
      case "message_start":
        this.#model = textIn(membersIn(event, "message"), "model");
        this.#count(membersIn(membersIn(event, "message"), "usage"));
        return "";
      case "content_block_start": {
        const started = membersIn(event, "content_block");
        const text = textIn(started, "text");
        this.#blocks.set(numberIn(event, "index"), {
          id: textIn(started, "id"),
          name: textIn(started, "name"),
          text,
        });
        return text;
      }
      case "content_block_delta": {
        const delta = membersIn(event, "delta");
        const known = this.#blocks.get(numberIn(event, "index"));
        if (known === undefined) return "";
        const text = textIn(delta, "text");
        known.text += text || textIn(delta, "partial_json");
        return text;
      }
      case "message_delta":
        this.#stop = textIn(membersIn(event, "delta"), "stop_reason") || this.#stop;
        this.#count(membersIn(event, "usage"));
        return "";
      case "message_stop":
        this.#isOver = true;
        return "";
      case "error":
        throw new StreamError(textIn(membersIn(event, "error"), "message") || "an error in the stream");
      default:
        return "";
    }
  }

  #count(usage: Members): void {
    const fresh = numberIn(usage, "input_tokens");
    const read = numberIn(usage, "cache_read_input_tokens");
    const wrote = numberIn(usage, "cache_creation_input_tokens");
    if (fresh + read + wrote > 0) {
      this.#inputTokens = fresh + read + wrote;
      this.#cachedTokens = read;
    }
    this.#outputTokens = Math.max(this.#outputTokens, numberIn(usage, "output_tokens"));
  }

  get reply(): ModelReply | undefined {
    if (!this.#isOver) return undefined;
    const parts = [...this.#blocks.entries()]
      .sort(([one], [other]) => one - other)
      .flatMap(([, { id, name, text }]): ModelReply["parts"] => {
        if (id !== "") return [callOf(id, name, text)];
        return text === "" ? [] : [{ text }];
      });
    return {
      parts,
      stop: stops[this.#stop] ?? "end",
      model: this.#model,
      inputTokens: this.#inputTokens,
      outputTokens: this.#outputTokens,
      cachedTokens: this.#cachedTokens,
    };
  }
}
