import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { testWorkflow } from "@tutti/sdk";
import { adapterDouble, adapterProblems } from "@tutti/sdk/adapters";
import { notesAdapter } from "./adapter.mjs";

it("the adapter keeps the rules that all adapters keep", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "notes-"));
  const disconnect = () => rmSync(folder, { recursive: true, force: true });
  t.after(disconnect);
  const samples = {
    // `effects` counts the notes of the other system, so the test notices a second call with the same key.
    add: { input: { text: "Buy strings" }, effects: () => readdirSync(folder).length },
    list: { input: {} },
  };
  const problems = await adapterProblems(notesAdapter({ name: "notes", folder }), { samples, disconnect });
  assert.deepEqual(problems, []);
});

it("a workflow is tested with a double, which validates as the adapter does", async () => {
  const note = readFileSync(new URL("note.yaml", import.meta.url), "utf8");
  const handlers = adapterDouble(notesAdapter({ name: "notes", folder: "none" }), {
    add: () => ({ id: "1" }),
    list: () => ["Buy strings"],
  });
  const output = await testWorkflow(note, { handlers }).execute({ input: { text: "Buy strings" } });
  assert.deepEqual(output, ["Buy strings"]);
});
