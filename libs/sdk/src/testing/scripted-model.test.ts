import assert from "node:assert/strict";
import { it } from "node:test";
import { ScriptedModel } from "./scripted-model.ts";

/** An answer in the format of any provider. */
// biome-ignore lint/suspicious/noExplicitAny: the tests read members of four formats
type ParsedAnswer = Record<string, any>;

it("a stream of the Responses API starts with the fields that clients of others check", async () => {
  const model = new ScriptedModel(["Seven."]);
  const body = JSON.stringify({ model: "gpt-5", input: "How many?", stream: true });
  const answer = await model.fetch("http://model.test/v1/responses", { method: "POST", body });
  const [, first = ""] = /^data: (.*)$/m.exec(await answer.text()) ?? [];
  const { type, response } = JSON.parse(first);
  assert.equal(type, "response.created");
  assert.deepEqual(
    [response.object, response.model, typeof response.created_at],
    ["response", "gpt-5", "number"],
  );
});

const call = { name: "count", input: { article: "flute" } };
const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
for (const [path, read, expected] of [
  [
    "/v1/messages",
    ({ content, stop_reason }) => [content, stop_reason],
    [
      [
        { type: "text", text: "Counting." },
        { type: "tool_use", id: "call_1_1", ...call },
      ],
      "tool_use",
    ],
  ],
  [
    "/v1/chat/completions",
    ({ choices, usage }) => [choices[0].message.content, choices[0].message.tool_calls[0].function, usage],
    ["Counting.", { name: "count", arguments: '{"article":"flute"}' }, usage],
  ],
  [
    "/v1/responses",
    ({ status, output }) => [status, output.map(({ type }: { readonly type: string }) => type)],
    ["completed", ["message", "function_call"]],
  ],
  [
    "/v1beta/models/gemini:generateContent",
    ({ candidates, usageMetadata }) => [candidates[0].content.parts, usageMetadata.totalTokenCount],
    [[{ text: "Counting." }, { functionCall: { name: "count", args: { article: "flute" } } }], 15],
  ],
] as const satisfies readonly (readonly [string, (answer: ParsedAnswer) => unknown, unknown])[])
  it(`a request to ${path} without \`stream\` gets its answer in one piece`, async () => {
    const model = new ScriptedModel([{ text: "Counting.", calls: [call] }, { error: "overloaded" }]);
    const send = () =>
      model.fetch(`http://model.test${path}`, { method: "POST", body: JSON.stringify({ model: "any" }) });
    assert.deepEqual(read((await (await send()).json()) as ParsedAnswer), expected);
    assert.equal((await send()).status, 503);
  });
