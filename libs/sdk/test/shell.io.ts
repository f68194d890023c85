import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import type { TaskContext } from "@tutti/sdk";
import {
  type ContainerInput,
  container,
  type ShellInput,
  type ShellOptions,
  shell,
  type TerminalInput,
  terminal,
} from "@tutti/sdk/shell";
import { testWorkflow } from "@tutti/sdk/testing";

const scratchModule = new URL("../src/shell/scratch.ts", import.meta.url).href;

/** Returns whether a process runs, and is not a zombie. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const linux = process.platform === "linux" ? false : "needs /proc";

it("a zombie process is not alive", { skip: linux }, async () => {
  const { isAlive } = await import("../src/shell/scratch.ts");
  const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [pid] = await once(parent.stdout, "data");
  const child = Number(String(pid));
  await until("the child has ended", () => !isAlive(child));
  assert.ok(isRunning(child), "its entry is there");
  assert.ok(isAlive(parent.pid ?? 0));
  parent.kill();
});

describe("commands as tasks", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "shell-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  function run(input: ShellInput | readonly string[], options: ShellOptions = {}, task = {}) {
    const definition = {
      workflow: "command",
      tasks: { run: { uses: "shell", with: input, retry: 1, ...task } },
      output: "${{ tasks.run.output }}",
    };
    return testWorkflow(definition as never, { handlers: { shell: shell({ folder, ...options }) as never } });
  }

  it("return their outputs and the exit code, without a shell in between", async () => {
    const command = ["sh", "-c", 'cat; echo "$1" >&2', "x", "$HOME; echo two"];
    assert.deepEqual(await run({ command, stdin: "one" }).execute(), {
      ...{ exitCode: 0, stdout: "one", stderr: "$HOME; echo two\n", truncated: false },
    });
  });

  it("fail by their exit code, which a task can explain", async () => {
    const command = ["sh", "-c", "echo broken >&2; exit 3"];
    await assert.rejects(run({ command }).execute(), /`sh` ended with exit code 3: broken/);
    const { exitCode } = (await run({ command, ok: [0, 3] }).execute()) as { readonly exitCode: number };
    assert.equal(exitCode, 3);
    const marks = join(folder, "marks");
    const marking = ["sh", "-c", `echo x >> ${marks}; exit 4`];
    await assert.rejects(run({ command: marking, final: [4] }, {}, { retry: 3 }).execute(), /exit code 4/);
    const { stdout } = (await run(["cat", marks]).execute()) as { readonly stdout: string };
    assert.equal(stdout, "x\n", "a final exit code is not retried");
    await assert.rejects(run(["sh", "-c", "kill -9 $$"]).execute(), /the signal 9/);
  });

  it("are rejected if the worker does not allow them", async () => {
    await assert.rejects(run(["ls"], { programs: ["git"] }).execute(), /`ls` is not allowed\. Allowed: git/);
    await symlink("/", join(folder, "out"));
    for (const cwd of ["..", "/", "out"])
      await assert.rejects(run({ command: ["pwd"], cwd }).execute(), /is not allowed/, cwd);
    await assert.rejects(run(["no-such-program"]).execute(), /did not start: there is no such program/);
    await assert.rejects(run({ command: [] }).execute(), /expected `command`, a list of texts/);
    const misspelled = { command: ["true"], finl: [2] } as ShellInput;
    await assert.rejects(
      run(misspelled).execute(),
      /expected one of `command`, .*, got `finl`\. Did you mean `final`\?/,
    );
    const task = {} as TaskContext;
    const boxed = { image: "box", outptus: "/out" } as ContainerInput;
    await assert.rejects(async () => container()(boxed, task), /got `outptus`\. Did you mean `outputs`\?/);
    const typed = { command: ["sh"], step: [] } as unknown as TerminalInput;
    await assert.rejects(async () => terminal()(typed, task), /got `step`\. Did you mean `steps`\?/);
  });

  it("see the listed variables of the worker and those of the task", async () => {
    process.env["SHELL_TEST_SECRET"] = "secret";
    const { stdout } = (await run({ command: ["env"], env: { OWN: "1" } }).execute()) as {
      readonly stdout: string;
    };
    delete process.env["SHELL_TEST_SECRET"];
    assert.match(stdout, /^OWN=1$/m);
    assert.match(stdout, /^PATH=/m);
    // TUTTI_COMMAND marks processes, so that a process that left the group is found.
    assert.doesNotMatch(stdout, /SHELL_TEST_SECRET|TUTTI_(?!COMMAND)/);
  });

  it("keep the end of a long output", async () => {
    const command = ["sh", "-c", "yes | head -c 1000000; echo end"];
    const output = (await run({ command }, { keptBytes: 100 }).execute()) as {
      stdout: string;
      truncated: boolean;
    };
    assert.deepEqual([output.stdout.length, output.truncated], [100, true]);
    assert.match(output.stdout, /end\n$/);
  });

  it("are subject to the limits of the worker", async () => {
    const command = ["sh", "-c", "head -c 100000 /dev/zero > large"];
    await assert.rejects(run({ command }, { limits: { fileBytes: 10_240 } }).execute(), /`sh` ended with/);
  });

  it("read files of their task, and leave files for the next task, each in a separate folder", async () => {
    const definition = {
      workflow: "made",
      tasks: {
        write: {
          uses: "shell",
          with: {
            command: [
              "sh",
              "-c",
              "mkdir -p out/deep; tr a-z A-Z < in/letter > out/deep/one.txt; cp in/data out/data.json",
            ],
            files: { "in/letter": "dear", "in/data": { of: [1, 2] } },
            artifacts: ["out/**/*.txt", "out/data.json"],
          },
        },
        read: {
          uses: "shell",
          with: {
            command: ["sh", "-c", "cat one; cat two; ls"],
            files: {
              one: "${{ tasks.write.output.files['out/deep/one.txt'] }}",
              two: "${{ tasks.write.output.files['out/data.json'] }}",
            },
          },
        },
      },
      output: "${{ {'stdout': tasks.read.output.stdout, 'left': tasks.write.output.files.map(path, path)} }}",
    };
    const test = testWorkflow(definition as never, { handlers: { shell: shell({ folder }) as never } });
    const output = (await test.execute()) as { readonly stdout: string; readonly left: readonly string[] };
    assert.equal(output.stdout, 'DEAR{"of":[1,2]}one\ntwo\n');
    assert.deepEqual([...output.left].sort(), ["out/data.json", "out/deep/one.txt"]);
    const leftovers = (await readdir(tmpdir())).filter((name) => name.startsWith("tutti-shell-"));
    assert.deepEqual(leftovers, []);
  });

  it("remove the folders of workers that were killed, and no others", async () => {
    const script = `import { ScratchFolders } from ${JSON.stringify(scratchModule)};
      process.stdout.write(await new ScratchFolders().open());
      setInterval(() => {}, 1_000);`;
    const open = async () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
      const [path] = (await once(child.stdout, "data")) as [Buffer];
      return { child, path: String(path) };
    };
    const [living, killed] = [await open(), await open()];
    killed.child.kill("SIGKILL");
    await once(killed.child, "exit");
    assert.ok(existsSync(killed.path));
    await run({ command: ["cat", "one"], files: { one: "1" } }).execute();
    assert.deepEqual([existsSync(killed.path), existsSync(living.path)], [false, true]);
    living.child.kill("SIGKILL");
    await rm(living.path, { recursive: true });
  });

  it("fail without the artifact that their task names", async () => {
    const command = ["sh", "-c", "ln -s /etc/passwd link.txt"];
    await assert.rejects(
      run({ command, artifacts: ["*.txt"] }).execute(),
      /The command left no file that matches `\*\.txt`/,
    );
    for (const wrong of [{ artifacts: ["../x"] }, { artifacts: ["/etc/*"] }, { files: { "a/../../b": "" } }])
      await assert.rejects(run({ command: ["true"], ...wrong }).execute(), /without `\.\.`/);
  });

  it("end with all child processes when the task times out, within the grace period", async () => {
    const command = ["sh", "-c", "trap 'echo ended > well; exit 0' TERM; sleep 300 & echo $! > pid; wait"];
    const test = run({ command }, {}, { timeout: "5s" });
    await assert.rejects(test.execute(), /time/i);
    await until(
      "it ended well",
      () => existsSync(join(folder, "well")),
      (there) => there,
    );
    const { stdout: pid } = (await run(["cat", "pid"]).execute()) as { readonly stdout: string };
    await until(
      "its child is gone",
      () => isRunning(Number(pid)),
      (running) => !running,
    );
  });

  it("leave no process behind when they end", async () => {
    const command = ["sh", "-c", "sleep 300 & echo $!"];
    const { stdout: pid } = (await run({ command }).execute()) as { readonly stdout: string };
    await until(
      "what it started is gone",
      () => isRunning(Number(pid)),
      (running) => !running,
    );
  });

  it("leave no daemon behind that has its own session", async () => {
    const command = [
      "sh",
      "-c",
      "setsid sh -c 'echo $$ > daemon; exec sleep 300' >/dev/null 2>&1 & sleep 0.3",
    ];
    await run({ command }).execute();
    const { stdout: pid } = (await run(["cat", "daemon"]).execute()) as { readonly stdout: string };
    await until(
      "the daemon is gone",
      () => isRunning(Number(pid)),
      (running) => !running,
    );
  });

  for (const [title, script] of [
    ["a command", "echo $$; sleep 300"],
    ["a daemon of a command", "setsid sh -c 'echo $$; exec sleep 300' & sleep 300"],
  ] as const)
    it(`are killed when the worker is killed: ${title}`, async () => {
      const program = join(import.meta.dirname, "programs", "shell-worker.ts");
      const worker = spawn(process.execPath, [program, "sh", "-c", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(worker.stdout, "data")) as [Buffer];
      const pid = Number(line.toString());
      assert.ok(isRunning(pid));
      worker.kill("SIGKILL");
      await once(worker, "exit");
      await until(
        `${title} is gone`,
        () => isRunning(pid),
        (running) => !running,
      );
    });
});
