/** Tests the real programs from npm, with a local model server instead of their providers. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  acp,
  type CodingOutput,
  type CodingProfile,
  claude,
  codex,
  codingAgent,
  gemini,
} from "@tutti/sdk/coding";
import { type ServedModel, serveModel } from "@tutti/sdk/model-server";
import { ScriptedModel, type ScriptedRequest, testWorkflow } from "@tutti/sdk/testing";

const packages = ["@anthropic-ai/claude-code", "@openai/codex", "@google/gemini-cli"];
/** Tools of the programs that run a command, with their arguments. */
const shells: Readonly<Record<string, (command: string) => unknown>> = {
  Bash: (command) => ({ command, description: "runs it" }),
  exec_command: (cmd) => ({ cmd }),
  run_shell_command: (command) => ({ command }),
};

/** Writes a file first, then the file that the check reports as missing. */
function scripted({ tools, conversation }: ScriptedRequest) {
  const name = tools.find((tool) => tool in shells);
  if (name === undefined) return "a title";
  const conversationText = conversation.join("\n");
  const call = (command: string) => ({ calls: [{ name, input: shells[name]?.(command) }] });
  if (conversationText.includes("without end"))
    return { ...call("echo 1 >> first"), inputTokens: 1_000, outputTokens: 200 };
  if (conversationText.includes("no second"))
    return conversationText.includes("WROTE 2") ? "Both are there." : call("echo 2 > second; echo WROTE '2'");
  return conversationText.includes("WROTE 1") ? "I wrote one." : call("echo 1 > first; echo WROTE '1'");
}

describe("the programs that people have", () => {
  let folder = "";
  let served: ServedModel;
  let model: ScriptedModel;
  const before_ = { ...process.env };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "coding-programs-"));
    await writeFile(join(folder, "package.json"), "{}");
    // The native program of Claude Code needs its install script. `npm run` hands on the setting of this repository.
    const options = ["--no-audit", "--no-fund", "--silent", "--ignore-scripts=false"];
    execFileSync("npm", ["install", ...options, ...packages], { cwd: folder });
    model = new ScriptedModel(scripted);
    served = await serveModel(model);
    const home = join(folder, "home");
    await Promise.all([".codex", ".gemini"].map((each) => mkdir(join(home, each), { recursive: true })));
    const provider = `name = "test", base_url = "${served.url}/v1", env_key = "OPENAI_API_KEY", wire_api = "responses"`;
    await writeFile(
      join(home, ".codex", "config.toml"),
      `model_provider = "test"\nmodel_providers.test = {${provider}}\n`,
    );
    const settings = { security: { auth: { selectedType: "gemini-api-key" } } };
    await writeFile(join(home, ".gemini", "settings.json"), JSON.stringify(settings));
    Object.assign(process.env, {
      HOME: home,
      PATH: `${join(folder, "node_modules", ".bin")}${delimiter}${process.env["PATH"]}`,
      ANTHROPIC_BASE_URL: served.url,
      GOOGLE_GEMINI_BASE_URL: served.url,
      ANTHROPIC_API_KEY: "sk-ant-0123456789",
      OPENAI_API_KEY: "sk-0123456789",
      GEMINI_API_KEY: "gm-0123456789",
    });
  });
  after(async () => {
    process.env = before_;
    await served?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const each: readonly (readonly [CodingProfile, string])[] = [
    [claude, "claude-sonnet-4-5"],
    [codex, "gpt-5"],
    [gemini, "gemini-2.5-pro"],
    [acp("gemini-acp", ["gemini", "--acp", "--skip-trust"], gemini.env), "gemini-2.5-pro"],
  ];
  async function setUp(profile: CodingProfile, input: object, policy: object = {}) {
    const repository = join(folder, `${profile.name}-${Object.keys(policy).length}`);
    const trees = join(folder, `${profile.name}-trees`);
    execFileSync("git", ["init", "--quiet", repository]);
    const author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    execFileSync("git", ["-C", repository, ...author, "commit", "-q", "--allow-empty", "-m", "x"]);
    const test = testWorkflow(
      {
        workflow: "change",
        tasks: { code: { uses: "code", with: input, retry: 1, ...policy } },
        output: "${{ tasks.code.output }}",
      } as never,
      {
        handlers: { code: codingAgent(profile, { folder: repository, trees }) as never },
        patienceMs: 120_000,
      },
    );
    return { test, trees };
  }

  for (const [profile, name] of each.slice(0, 3))
    it(`${profile.name} is terminated within a turn when the tokens of its task are used up`, async () => {
      const input = { prompt: "Write without end.", model: name };
      const { test } = await setUp(profile, input, { budget: { tokens: 3_000 } });
      const run = await test.start();
      assert.equal((await run.failure())?.code, "coding.budget_used_up");
      assert.ok(run.used.tokens >= 3_000 && run.used.tokens < 9_000, `${run.used.tokens} tokens`);
    });

  for (const [profile, name] of each)
    it(`${profile.name} changes files, repairs findings of the check and reports its usage`, async () => {
      const input = {
        prompt: "Write the files first and second.",
        model: name,
        check: ["sh", "-c", "test -e second || { echo no second; exit 1; }"],
      };
      const requestsBefore = model.requests.length;
      const { test, trees } = await setUp(profile, input);
      const output = (await test.execute()) as unknown as CodingOutput;
      assert.equal(output.answer, "Both are there.");
      assert.deepEqual(
        output.files.map(({ path }) => path),
        ["first", "second"],
      );
      assert.equal(output.repairs, 1);
      // Each answer has 15 tokens. Programs also request other answers than those of the task, such as a title.
      const answers = model.requests.length - requestsBefore;
      assert.ok(output.tokens >= 60 && output.tokens <= 15 * answers, `${output.tokens} tokens`);
      assert.deepEqual(await readdir(trees), []);
      // The second turn continued the conversation of the first. Gemini CLI 0.61 does not find ACP sessions, so it got the
      // whole task.
      const known = profile.acp === true ? /WROTE 1|This is done, but/ : /WROTE 1/;
      assert.match(model.requests.at(-1)?.conversation.join("\n") ?? "", known);
    });

  it("leave no process behind", async () => {
    const entries = await readdir("/proc");
    const commands = await Promise.all(
      entries
        .filter((entry) => /^\d+$/.test(entry))
        .map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
    );
    assert.deepEqual(
      commands.filter((command) => command.includes(folder)),
      [],
    );
  });
});
