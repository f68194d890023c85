/**
 * A scripted model as a process: `model-server.ts PORT LEDGER WORDS`. It notes each request with the length of its
 * conversation. Its final answer has WORDS more words, one each 100 ms.
 */
import { appendFileSync } from "node:fs";
import { serveModel } from "@tutti/sdk/model-server";
import { ScriptedModel } from "@tutti/sdk/testing";

const [, , port = "", ledger = "", words = ""] = process.argv;
const model = new ScriptedModel(({ conversation }) => {
  appendFileSync(ledger, `${conversation.length}\n`);
  if (conversation.length === 1) return { calls: [{ name: "calc_add", input: { a: 2, b: 3 } }] };
  const text = `The sum is ${conversation.at(-1)}.${" More.".repeat(Number(words))}`;
  return { text, paceMs: 100 };
});
console.log((await serveModel(model, Number(port))).url);
