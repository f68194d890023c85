/** Programs in a terminal of tmux. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { type TerminalInput, type TerminalOptions, terminal } from "@tutti/sdk/shell";
import { testWorkflow } from "@tutti/sdk/testing";

const module = new URL("../src/shell/terminal.ts", import.meta.url).href;
const prompting = [
  "while printf 'Name: ' && read name",
  "do",
  '  [ "$name" = leave ] && exit 3',
  '  [ -t 0 ] && echo "Hello $name"',
  "done",
].join("\n");

function isRunning(pid: number): boolean {
  // A process that did not start has the id 0.
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function run(input: TerminalInput, options: TerminalOptions = {}, task = {}) {
  const definition = {
    workflow: "typed",
    tasks: { run: { uses: "terminal", with: input, retry: 1, ...task } },
    output: "${{ tasks.run.output.screens }}",
  };
  return testWorkflow(definition as never, { handlers: { terminal: terminal(options) as never } });
}

const hasExited = (pid: number) =>
  until(
    "it is gone",
    () => isRunning(pid),
    (running) => !running,
  );

describe("programs in a terminal", { skip: hasTmux() ? false : "this machine has no tmux" }, () => {
  const own = `tutti-test-${process.pid}`;
  after(() => {
    try {
      execFileSync("tmux", ["kill-session", "-t", own], { stdio: "ignore" });
    } catch {
      // The session was not opened.
    }
  });

  it("are typed into, and each step waits for a prompt behind it", async () => {
    const steps = [
      { wait: "^Name:$" },
      { send: "Ada", wait: "^Name:" },
      { send: "$HOME; 'x'", wait: "^Name:" },
    ];
    assert.deepEqual(await run({ command: ["sh", "-c", prompting], steps }).execute(), [
      "Name:",
      "Hello Ada\nName:",
      "Hello $HOME; 'x'\nName:",
    ]);
  });

  it("may print more than a megabyte", async () => {
    const print = "seq -f '%0150.0f' 1 9000; echo o''ver";
    const steps = [{ send: print, wait: "^over$" }];
    const tasks = { run: { uses: "terminal", with: { command: ["sh"], steps }, retry: 1 } };
    const handlers = { terminal: terminal() as never };
    await testWorkflow({ workflow: "printed", tasks } as never, { handlers, patienceMs: 120_000 }).execute();
  });

  it("fail when they end before the prompt is there, with their exit code and last lines", async () => {
    const steps = [{ wait: "Name:" }, { send: "leave", wait: "Name:" }];
    await assert.rejects(
      run({ command: ["sh", "-c", prompting], steps }).execute(),
      /`sh` ended with exit code 3 before `Name:` was there/,
    );
    await assert.rejects(run({ command: ["no-such-program"], steps }).execute(), /No such file/);
  });

  it("end when the task times out", async () => {
    const folder = await mkdtemp(join(tmpdir(), "terminal-"));
    const command = ["sh", "-c", "echo $$ > pid; echo ready; sleep 300"];
    const steps = [{ wait: "ready" }, { wait: "never" }];
    await assert.rejects(run({ command, steps }, { folder }, { timeout: "5s" }).execute(), /time/i);
    await hasExited(Number(await readFile(join(folder, "pid"), "utf8").catch(() => "0")));
    await rm(folder, { recursive: true });
  });

  it("fail, and do not wait for the timeout, when their pane or session dies", async () => {
    const folder = await mkdtemp(join(tmpdir(), "terminal-"));
    const task = { signal: new AbortController().signal, output: async () => {} };
    const steps = [{ wait: "ready" }, { wait: "never" }];
    const command = ["sh", "-c", "echo $$ > pid; echo ready; sleep 300"];
    const killed = terminal({ folder })({ command, steps }, task as never);
    const isOver = assert.rejects(
      async () => killed,
      /`sh` ended with exit code 137 before `never` was there/,
    );
    const pid = await until("its number", async () => {
      return Number(await readFile(join(folder, "pid"), "utf8").catch(() => "0")) || undefined;
    });
    process.kill(pid, "SIGKILL");
    await isOver;
    await rm(folder, { recursive: true });

    const session = `${own}-dies`;
    const program = ["sh", "-c", "echo ready; sleep 300"];
    execFileSync("tmux", ["new-session", "-d", "-s", session, "--", ...program]);
    const waiting = terminal({ sessions: [session] })({ session, steps }, task as never);
    execFileSync("tmux", ["kill-session", "-t", session]);
    await assert.rejects(
      async () => waiting,
      /is not on the worker's machine: (can't find|no server running|no current target)/,
    );
  });

  it("are refused if the worker does not allow them", async () => {
    const steps = [{ wait: "x" }];
    await assert.rejects(run({ command: ["ls"], steps }, { programs: ["git"] }).execute(), /Allowed: git/);
    await assert.rejects(run({ session: own, steps }).execute(), /The session .* is not allowed/);
    await assert.rejects(run({ steps }).execute(), /either `command` or `session`/);
    await assert.rejects(run({ command: ["ls"], steps: [{ wait: "(" }] }).execute(), /a regular expression/);
  });

  it("may run in a persistent session", async () => {
    execFileSync("tmux", [
      "new-session",
      "-d",
      "-s",
      own,
      "-x",
      "80",
      "-y",
      "24",
      "--",
      "sh",
      "-c",
      prompting,
    ]);
    const attach = (send: string) =>
      run({ session: own, steps: [{ send, wait: "^Hello" }] }, { sessions: [own] }).execute();
    await run({ session: own, steps: [{ wait: "Name:" }] }, { sessions: [own] }).execute();
    assert.match(String(await attach("one")), /^Hello one/);
    assert.match(String(await attach("two")), /^Hello two/);
    await assert.rejects(
      run({ session: `${own}-x`, steps: [{}] }, { sessions: [`${own}-x`] }).execute(),
      /tmux session `.*-x` is not on the worker's machine: can't find/,
    );
  });

  it("leave no process behind when the worker is killed", async () => {
    const program = [
      `import { terminal } from ${JSON.stringify(module)};`,
      'const command = ["sh", "-c", "setsid sleep 300 & echo pid $! ; wait"];',
      'const steps = [{ wait: "pid \\\\d+" }, { wait: "never" }];',
      "const task = { signal: new AbortController().signal, output: async (text) => console.log(text) };",
      "await terminal()({ command, steps }, task);",
    ].join("\n");
    const worker = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(worker.stdout, "data")) as [Buffer];
    const pid = Number(/pid (\d+)/.exec(line.toString())?.[1]);
    assert.ok(isRunning(pid));
    worker.kill("SIGKILL");
    await once(worker, "exit");
    await hasExited(pid);
  });
});

function hasTmux(): boolean {
  try {
    execFileSync("tmux", ["-V"]);
    return true;
  } catch {
    return false;
  }
}
