import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { testWorkflow } from "@tutti/sdk";
import { handlers } from "./handlers.mjs";

const letter = readFileSync(new URL("letter.yaml", import.meta.url), "utf8");

it("a letter is written and sent", async () => {
  const write = ({ name }) => ({ text: `Dear ${name}` });
  const test = testWorkflow(letter, { handlers: { ...handlers, "letter.write": write } });
  assert.equal(await test.execute({ input: { name: "Anna" } }), "sent: Dear Anna");
});
