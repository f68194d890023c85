import assert from "node:assert/strict";
import { it } from "node:test";
import { ScriptedModel } from "./scripted-model.ts";

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
