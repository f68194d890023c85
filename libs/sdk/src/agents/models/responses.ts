/** OpenAI's Responses. */
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

export const responses: Wire = {
  path: "/responses",
  headers: (key) => ({ authorization: `Bearer ${key}` }),

  body({ model, instructions, messages, tools, answerTokens, temperature }: ModelQuestion) {
    return {
      model,
      max_output_tokens: answerTokens,
      stream: true,
      store: false,
      ...(temperature !== undefined && { temperature }),
      ...(instructions !== "" && { instructions }),
      input: messages.flatMap(written),
      ...(tools.length > 0 && {
        tools: tools.map(({ name, description, inputSchema }) => ({
          type: "function",
          name,
          description,
          parameters: inputSchema,
          strict: false,
        })),
      }),
    };
  },

  reader: () => new Reader(),
};

function written({ role, parts }: Message): readonly unknown[] {
  return parts.map((part) => {
    if ("text" in part) {
      const type = role === "user" ? "input_text" : "output_text";
      return { role, content: [{ type, text: part.text }] };
    }
    if ("result" in part)
      return { type: "function_call_output", call_id: part.result.id, output: part.result.text };
    const { id, name, input } = part.call;
    return { type: "function_call", call_id: id, name, arguments: JSON.stringify(input) };
  });
}

class Reader implements WireReader {
  #reply: ModelReply | undefined;

  read(event: Members): string {
    switch (textIn(event, "type")) {
      case "response.output_text.delta":
        return textIn(event, "delta");
      case "response.completed":
      case "response.incomplete":
        this.#reply = replyOf(membersIn(event, "response"));
        return "";
      case "response.failed":
        throw new StreamError(
          textIn(membersIn(membersIn(event, "response"), "error"), "message") || "a failed response",
        );
      case "error":
        throw new StreamError(textIn(event, "message") || "an error in the stream");
      default:
        return "";
    }
  }

  get reply(): ModelReply | undefined {
    return this.#reply;
  }
}

function replyOf(response: Members): ModelReply {
  const output = response["output"];
  let refused = false;
  const parts = (Array.isArray(output) ? output : [])
    .filter(isMembers)
    .flatMap((item: Members): ModelReply["parts"] => {
      if (textIn(item, "type") === "function_call")
        return [callOf(textIn(item, "call_id"), textIn(item, "name"), textIn(item, "arguments"))];
      const content = item["content"];
      return (Array.isArray(content) ? content : []).filter(isMembers).flatMap((piece: Members) => {
        refused ||= textIn(piece, "type") === "refusal";
        const text = textIn(piece, "text");
        return text === "" ? [] : [{ text }];
      });
    });
  const usage = membersIn(response, "usage");
  const reason = textIn(membersIn(response, "incomplete_details"), "reason");
  const hasToolCalls = parts.some((part) => "call" in part);
  return {
    parts,
    stop: stopOf(refused || reason === "content_filter", reason, hasToolCalls),
    model: textIn(response, "model"),
    inputTokens: numberIn(usage, "input_tokens"),
    outputTokens: numberIn(usage, "output_tokens"),
    cachedTokens: numberIn(membersIn(usage, "input_tokens_details"), "cached_tokens"),
  };
}

function stopOf(refused: boolean, reason: string, hasToolCalls: boolean): ModelReply["stop"] {
  if (refused) return "refused";
  if (reason === "max_output_tokens") return "length";
  return hasToolCalls ? "tools" : "end";
}
