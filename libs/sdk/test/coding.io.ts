import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import {
  acp,
  type CodingInput,
  type CodingOptions,
  type CodingOutput,
  type CodingProfile,
  codingAgent,
  type MergeInput,
  mergeQueue,
  type PermissionRequest,
} from "@tutti/sdk/coding";
import { testWorkflow } from "@tutti/sdk/testing";

/** An agent that executes its prompt as a script. */
const literal: CodingProfile = { name: "literal", command: () => ["sh", "-s"], env: [] };
/** The same agent with lines of JSON as output. Other lines are for people. */
const talkative: CodingProfile = { ...literal, name: "talkative", read: (line) => line };

const folders: string[] = [];
let repository = "";
let trees = "";

function git(...args: readonly string[]): string {
  return execFileSync("git", ["-C", repository, ...args], { encoding: "utf8" }).trim();
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "coding-"));
  folders.push(path);
  return path;
}

/** Makes names of tasks unique, because each test has its own engine, whose first run is `run-1`. */
let tasks = 0;

function test(input: CodingInput, profile = literal, options: CodingOptions = {}, policy: object = {}) {
  const name = `code-${++tasks}`;
  const definition = {
    workflow: "change",
    tasks: { [name]: { uses: "code", with: input, retry: 1, ...policy } },
    output: `\${{ tasks["${name}"].output }}`,
  };
  const handler = codingAgent(profile, { folder: repository, trees, ...options });
  return testWorkflow(definition as never, { handlers: { code: handler as never }, patienceMs: 60_000 });
}

async function code(input: CodingInput, profile = literal, options: CodingOptions = {}) {
  return (await test(input, profile, options).execute()) as unknown as CodingOutput;
}

function merge(input: MergeInput) {
  const definition = {
    workflow: "merge",
    tasks: { merge: { uses: "merge", with: input, retry: 1 } },
    output: "${{ tasks.merge.output }}",
  };
  const handler = mergeQueue({ folder: repository, trees });
  return testWorkflow(definition as never, {
    handlers: { merge: handler as never },
    patienceMs: 60_000,
  }).execute();
}

describe("coding agents as tasks", () => {
  beforeEach(async () => {
    [repository, trees] = await Promise.all([folder(), folder()]);
    git("init", "--quiet", "--initial-branch=main");
    git("config", "user.email", "ada@example.org");
    git("config", "user.name", "Ada");
    await writeFile(join(repository, "count.txt"), "one\n");
    git("add", "--all");
    git("commit", "--quiet", "--message=first");
  });
  after(() => Promise.all(folders.map((path) => rm(path, { recursive: true, force: true }))));

  describe("a coding agent", () => {
    it("returns its change on a branch, and leaves the work tree unchanged", async () => {
      const output = await code({ prompt: "echo two >> count.txt; printf '\\0' > new.bin; echo done" });
      assert.equal(output.answer, "done");
      assert.deepEqual(output.files, [
        { path: "count.txt", added: 1, removed: 0 },
        { path: "new.bin", added: 0, removed: 0 },
      ]);
      assert.match(output.diff, /^\+two$/m);
      assert.match(output.branch, /^tutti\/run-1\/code-\d+$/);
      assert.equal(git("rev-parse", output.branch), output.commit);
      assert.equal(git("show", `${output.branch}:count.txt`), "one\ntwo");
      assert.equal(git("status", "--porcelain"), "");
      assert.equal(git("rev-parse", "--abbrev-ref", "HEAD"), "main");
      assert.deepEqual(await readdir(trees), []);
      assert.equal(git("worktree", "list").split("\n").length, 1);
    });

    it("creates no branch without a change, and keeps commits of the program", async () => {
      const nothing = await code({ prompt: "echo looked" });
      assert.deepEqual([nothing.branch, nothing.commit, nothing.files], ["", "", []]);
      const own = await code({
        prompt: "echo two >> count.txt; git commit -qam 'my own'; echo three >> count.txt",
      });
      assert.equal(git("show", `${own.branch}:count.txt`), "one\ntwo\nthree");
    });

    it("repairs findings of the check, and fails if it cannot", async () => {
      const check = ["sh", "-c", "grep -q two count.txt || { echo 'no two'; exit 3; }"];
      // The second prompt contains the first, so the script counts its runs.
      const prompt = "echo x >> runs; test $(wc -l < runs) -ge 2 && echo two >> count.txt; exit 0";
      const { repairs } = await code({ prompt, check });
      assert.equal(repairs, 1);
      await assert.rejects(
        test({ prompt: "echo x >> other; exit 0", check, repairs: 0 }).execute(),
        /fails after 0 repairs. The change is in tutti\/.*exit code 3\nno two/s,
      );
      await assert.rejects(
        test({ prompt: "exit 0", check: ["false"], repairs: 0 }).execute(),
        /`false` fails after 0 repairs\. No file has changed\. Output: exit code 1/,
      );
      assert.deepEqual(await readdir(trees), []);
    });

    it("returns its conversation without its tool calls, and counts its usage", async () => {
      const lines = [
        { session: "s-1" },
        { tool: "Bash ls", tokens: 30, usd: 0.25 },
        { text: "half ", turns: 1 },
        { text: "way" },
      ];
      const prompt = [...lines.map((line) => `echo '${JSON.stringify(line)}'`), "echo a warning"].join("\n");
      const { answer, turns, tokens, usd } = await code({ prompt }, talkative);
      assert.deepEqual(
        { answer, turns, tokens, usd },
        { answer: "half way", turns: 1, tokens: 30, usd: 0.25 },
      );
    });

    it("fails with the reason of the program", async () => {
      await assert.rejects(
        test({ prompt: "echo broken >&2; exit 7" }).execute(),
        /`literal` failed: exit code 7: broken/,
      );
      const prompt = `echo '{"failure": "Invalid API key"}'; exit 1`;
      await assert.rejects(test({ prompt }, talkative).execute(), /is not signed in: Invalid API key/);
      const missing = { ...literal, command: () => ["no-such-agent"] };
      await assert.rejects(test({ prompt: "x" }, missing).execute(), /`no-such-agent` did not start/);
      await assert.rejects(test({ prompt: "" }).execute(), /expected `prompt`, a text/);
      const unchecked = { prompt: "x", chekc: ["true"] } as CodingInput;
      await assert.rejects(test(unchecked).execute(), /got `chekc`\. Did you mean `check`\?/);
      const text = { prompt: "x", check: "npm test" } as unknown as CodingInput;
      await assert.rejects(test(text).execute(), /expected `check`, a list of texts/);
      const limits = { branch: "b", into: "main", limits: {} };
      await assert.rejects(merge(limits as MergeInput), /expected one of `branch`, .*, got `limits`/);
      await assert.rejects(test({ prompt: "x", base: "absent" }).execute(), /There is no work tree/);
      await assert.rejects(test({ prompt: "x", repository: ".." }).execute(), /is not allowed/);
    });

    it("is terminated when it writes no output, with all its child processes", async () => {
      const pids = join(trees, "..", "silent-pid");
      const prompt = `setsid sh -c 'echo $$ > ${pids}; exec sleep 300' & read key < /dev/zero; sleep 300`;
      await assert.rejects(
        test({ prompt }, literal, { silentMs: 700, graceMs: 100 }).execute(),
        /wrote no output for 700 ms/,
      );
      const pid = Number(await readFile(pids, "utf8"));
      await until(
        "its daemon is gone",
        () => existsSync(`/proc/${pid}`),
        (there) => !there,
      );
      assert.deepEqual(await readdir(trees), []);
      await rm(pids);
    });

    it("sees only the listed variables, and a change with one of their secrets fails", async () => {
      process.env["CODING_TEST_TOKEN"] = "tok-0123456789";
      process.env["CODING_TEST_OTHER"] = "other";
      const options = { env: ["CODING_TEST_TOKEN"] };
      try {
        const { answer } = await code({ prompt: 'echo "$CODING_TEST_OTHER|"' }, literal, options);
        assert.equal(answer, "|");
        const leak = 'echo two >> count.txt; echo "key = $CODING_TEST_TOKEN" > .env';
        await assert.rejects(
          test({ prompt: leak }, literal, options).execute(),
          /The change of .env contains the secret `CODING_TEST_TOKEN`/,
        );
        assert.equal(git("branch", "--list", "tutti/*"), "");
      } finally {
        delete process.env["CODING_TEST_TOKEN"];
        delete process.env["CODING_TEST_OTHER"];
      }
    });

    it("is terminated when its budget is used up: its change is stored, and its usage counts", async () => {
      const line = (used: object) => `echo '${JSON.stringify({ tool: "Bash ls", ...used })}'`;
      const prompt = `echo two >> count.txt; ${line({ tokens: 40 })}; ${line({ tokens: 20 })}; sleep 300`;
      const spent = await test({ prompt }, talkative, {}, { budget: { tokens: 50 } }).start();
      const { code, message = "" } = (await spent.failure()) ?? {};
      assert.equal(code, "coding.budget_used_up");
      assert.match(message, /60 of 50 tokens are used/);
      const [branch = ""] = /tutti\/run-1\/code-\d+/.exec(message) ?? [];
      assert.equal(git("show", `${branch}:count.txt`), "one\ntwo");
      assert.equal(spent.used.tokens, 60);
      await assert.rejects(
        test({ prompt: "sleep 300" }, talkative, {}, { budget: { time: "700ms" } }).execute(),
        /700 ms have passed. No file has changed/,
      );
      const check = ["test", "-e", "absent"];
      const turn = line({ turns: 1, tokens: 50 });
      await assert.rejects(
        test({ prompt: turn, check }, talkative, {}, { budget: { tokens: 50 } }).execute(),
        /50 of 50 tokens are used/,
        "no turn repairs the change",
      );
      const done = await test({ prompt: turn }, talkative, {}, { budget: { tokens: 50 } }).start();
      assert.equal(((await done.result()) as unknown as CodingOutput).tokens, 50, "its turn had ended");
    });

    it("is terminated by the usage in the log of its session", async () => {
      const logs = await folder();
      const log = {
        files: async (session: string) => [join(logs, session)],
        read: ({ used }: object & { used?: number }) => (used === undefined ? {} : { tokens: used }),
      };
      const prompt = [
        `echo '{"session": "s-1"}'`,
        `echo '{"used": 30}' > ${join(logs, "s-1")}`,
        `echo '{}'`,
        `printf '{"used": 30}\\n{"us' >> ${join(logs, "s-1")}`,
        `echo '{}'; sleep 300`,
      ].join("\n");
      await assert.rejects(
        test({ prompt }, { ...talkative, log }, {}, { budget: { tokens: 50 } }).execute(),
        /60 of 50 tokens are used/,
      );
    });

    it("is subject to the limits of the worker", async () => {
      const prompt = "head -c 1000000 /dev/zero > large";
      await assert.rejects(test({ prompt }, literal, { limits: { fileBytes: 10_240 } }).execute(), /failed/);
    });

    it("works in parallel with others in one repository", async () => {
      const names = ["a", "b", "c", "d"];
      const outputs = await Promise.all(names.map((name) => code({ prompt: `echo ${name} > ${name}.txt` })));
      assert.deepEqual(
        outputs.map(({ files }) => files.map(({ path }) => path)),
        names.map((name) => [`${name}.txt`]),
      );
    });
  });

  describe("a program that speaks the Agent Client Protocol", () => {
    const program = join(import.meta.dirname, "programs", "acp-agent.ts");
    const speaking = acp("speaking", [process.execPath, program]);

    it("executes only permitted calls, reports denials, and resumes its session for a repair", async () => {
      const requests: PermissionRequest[] = [];
      const permit = (request: PermissionRequest) => {
        requests.push(request);
        return !request.title.includes("secret");
      };
      const check = ["test", "-e", "second"];
      const prompt = "echo 1 > first; cat secret; echo 2 > second";
      const { answer, files, repairs, turns } = await code({ prompt, check }, speaking, { permit });
      assert.deepEqual(
        requests.map(({ title, kind }) => `${kind} ${title}`),
        ["execute echo 1 > first", "execute cat secret", "execute echo 2 > second"],
      );
      assert.equal(answer, "ran 1 of 2, then ran 1 of 1");
      assert.deepEqual(
        files.map(({ path }) => path),
        ["first", "second"],
      );
      assert.deepEqual([repairs, turns], [1, 2]);
    });

    it("gets the whole task again if it cannot load its session", async () => {
      const forgetful = acp("forgetful", [process.execPath, program, "forgetful"]);
      const requests: string[] = [];
      const permit = ({ title }: PermissionRequest) => {
        requests.push(title.split("\n", 1)[0] ?? "");
        return !title.includes("This is done, but");
      };
      const check = ["sh", "-c", "test -e again || { touch again; exit 1; }"];
      const prompt = "echo 1 > first; echo 2 > second";
      const { repairs } = await code({ prompt, check }, forgetful, { permit });
      assert.deepEqual(requests, ["echo 1 > first", "echo 2 > second", "echo 1 > first", "echo 2 > second"]);
      assert.equal(repairs, 1);
    });

    it("fails with its reported reason", async () => {
      await assert.rejects(
        test({ prompt: "refuse" }, speaking).execute(),
        /`speaking` failed: it stopped: refusal/,
      );
      await assert.rejects(
        test({ prompt: "error" }, speaking).execute(),
        /is not signed in: Authentication required/,
      );
      const ending = acp("ending", ["sh", "-c", "echo no >&2; exit 4"]);
      await assert.rejects(test({ prompt: "x" }, ending).execute(), /`ending` failed: exit code 4: no/);
    });
  });

  describe("a queue of merges", () => {
    it("merges one change at a time, and names conflicting files", async () => {
      const [first, second, third] = await Promise.all([
        code({ prompt: "echo a > a.txt" }),
        code({ prompt: "echo b > b.txt" }),
        code({ prompt: "echo three > a.txt" }),
      ]);
      const check = ["test", "-e", "count.txt"];
      const into = "main";
      await Promise.all([first, second].map(({ branch }) => merge({ branch, into, check })));
      assert.equal(git("show", "main:a.txt"), "a");
      assert.equal(git("show", "main:b.txt"), "b");
      assert.equal(
        await readFile(join(repository, "b.txt"), "utf8"),
        "b\n",
        "the checked out branch has it too",
      );
      await assert.rejects(merge({ branch: third.branch, into }), /conflicts with `main` in a.txt/);
      assert.deepEqual(await readdir(trees), []);
    });

    it("does not move a branch whose check fails, or that has uncommitted changes", async () => {
      const { branch } = await code({ prompt: "echo two >> count.txt" });
      await assert.rejects(merge({ branch, into: "main", check: ["false"] }), /`false` fails/);
      await writeFile(join(repository, "count.txt"), "mine\n");
      await assert.rejects(merge({ branch, into: "main" }), /with changes that are not committed/);
      assert.equal(git("show", "main:count.txt"), "one");
      assert.equal(await readFile(join(repository, "count.txt"), "utf8"), "mine\n");
    });

    for (const [change, disturbance] of [
      ["moves", '"$git" -C "$2" commit --quiet --allow-empty --message=meanwhile; "$git" "$@"'],
      ["is locked", 'lock="$2/.git/index.lock"; touch "$lock"; "$git" "$@"; code=$?; rm "$lock"; exit $code'],
    ] as const)
      it(`retries when the branch ${change} between the check and the move`, async () => {
        const { branch } = await code({ prompt: "echo two >> count.txt" });
        const [programs, real] = [
          await folder(),
          execFileSync("which", ["git"], { encoding: "utf8" }).trim(),
        ];
        const marker = join(programs, "once");
        const script = `#!/bin/sh\ngit=${real}\ncase "$*" in *--ff-only*) if mkdir "${marker}" 2>/dev/null; then ${disturbance}; exit $?; fi;; esac\nexec "$git" "$@"\n`;
        await writeFile(join(programs, "git"), script, { mode: 0o755 });
        const { PATH } = process.env;
        process.env["PATH"] = `${programs}:${PATH}`;
        try {
          await merge({ branch, into: "main", check: ["test", "-e", "count.txt"] });
        } finally {
          process.env["PATH"] = PATH;
        }
        assert.deepEqual(await readdir(programs), ["git", "once"]);
        assert.equal(git("show", "main:count.txt"), "one\ntwo");
        assert.equal(git("log", "--format=%s", "main").includes("meanwhile"), change === "moves");
      });

    it("moves a branch that is checked out nowhere", async () => {
      git("branch", "release");
      const { branch } = await code({ prompt: "echo two >> count.txt" });
      await merge({ branch, into: "release" });
      assert.equal(git("show", "release:count.txt"), "one\ntwo");
    });
  });
});
