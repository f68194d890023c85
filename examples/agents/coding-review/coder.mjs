// A minimal coding program: it asks a model which files to write, and writes them. It prints any other answer. Use
// Claude Code, Codex or Gemini CLI instead in your workflow.
import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";

const prompt = await text(process.stdin);
const answer = await fetch(`${process.env.OPENAI_BASE_URL}/chat/completions`, {
  method: "POST",
  body: JSON.stringify({ model: "small", stream: true, messages: [{ role: "user", content: prompt }] }),
});
const events = (await answer.text()).split("\n\n").filter((event) => /^data: \{/.test(event));
const deltas = events.flatMap((event) => JSON.parse(event.slice("data: ".length)).choices[0]?.delta ?? []);
const reply = deltas.map(({ content }) => content ?? "").join("");
if (!reply.startsWith("{")) console.log(reply);
for (const [path, lines] of Object.entries(reply.startsWith("{") ? JSON.parse(reply) : {})) {
  writeFileSync(path, `${lines.join("\n")}\n`);
  console.log(`wrote ${path}`);
}
