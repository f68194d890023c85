/** An agent changes code, and another agent reviews the change. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { type CodingProfile, codingAgent, codingOptions, mergeOptions, mergeQueue } from "@tutti/sdk/coding";
import { serveModel } from "@tutti/sdk/model-server";
import { type ModelScript, ScriptedModel } from "@tutti/sdk/testing";

const code = 'export const greet = (name) => "Hello, " + name;';
const documented = ["// Greets a person by name.", code];

/** The reviewer requests a comment in the code. */
export const script =
  (): ModelScript =>
  ({ conversation: [diff = ""] }) => {
    const accepted = diff.includes("+// Greets");
    const remarks = accepted ? "Good." : "Say in a comment what it does.";
    return { calls: [{ name: "answer", input: { accepted, remarks } }] };
  };

/** The coder adds the comment when the review requests it. */
const coder = new ScriptedModel(({ conversation: [prompt = ""] }) =>
  JSON.stringify({ "greet.mjs": prompt.includes("comment") ? documented : [code] }),
);

export interface CodeRepository {
  git(...words: readonly string[]): string;
  remove(): Promise<void>;
}

/** Serves coding agents by capability, each with its model, and the merge queue. All work on a new repository. */
export function serveCoders(worker: Worker, models: Readonly<Record<string, ScriptedModel>>): CodeRepository {
  const folder = mkdtempSync(join(tmpdir(), "tutti-coding-"));
  const folders = { folder, trees: `${folder}-trees` };
  const git = (...words: readonly string[]) =>
    execFileSync("git", ["-C", folder, ...words], { encoding: "utf8" }).trim();
  git("init", "--quiet", "--initial-branch=main");
  git("config", "user.email", "coder@example.org");
  git("config", "user.name", "Coder");
  writeFileSync(join(folder, "README.md"), "# Greetings\n");
  git("add", "--all");
  git("commit", "--quiet", "--message=Start");
  for (const [capability, model] of Object.entries(models)) {
    const served = serveModel(model);
    const profile = async (): Promise<CodingProfile> => ({
      name: "coder",
      command: () => [process.execPath, new URL("coder.mjs", import.meta.url).pathname],
      env: [],
      set: { OPENAI_BASE_URL: (await served).url },
    });
    worker.handle<never>(
      capability,
      async (input, task) => await codingAgent(await profile(), folders)(input, task),
      codingOptions,
    );
    worker.stopped.then(async () => (await served).close());
  }
  worker.handle("code.merge", mergeQueue(folders), mergeOptions);
  const remove = async () => {
    for (const each of [folder, folders.trees]) await rm(each, { recursive: true, force: true });
  };
  return { git, remove };
}

let repository: CodeRepository;

export function handle(worker: Worker): void {
  repository = serveCoders(worker, { "code.write": coder });
}

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(readFileSync(new URL("workflow.yaml", import.meta.url), "utf8"));
  try {
    const output = await tutti.execute("change", { input: { prompt: "Write greet.mjs." } });
    return { output, main: repository.git("show", "main:greet.mjs").split("\n") };
  } finally {
    await repository.remove();
  }
}
