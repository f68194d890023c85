import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";

const shell = new URL("./system-shell.ts", import.meta.url).href;
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

describe("a script that takes over the terminal", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-hand-over-"));
    const listen = signals.map((signal) => `process.on("${signal}", () => process.exit(7));`);
    await writeFile(
      join(folder, "script.mjs"),
      `${listen.join("")} console.log("ready"); setInterval(() => {}, 1_000);`,
    );
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const signal of signals)
    it(`ends by a ${signal} that only the command gets`, async () => {
      const command = `import { systemShell } from "${shell}";
        process.exitCode = await systemShell().handOver(${JSON.stringify(join(folder, "script.mjs"))}, []);`;
      const child = spawn(process.execPath, ["--input-type=module", "--eval", command], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = once(child, "exit");
      await once(createInterface({ input: child.stdout }), "line");
      child.kill(signal);
      assert.deepEqual(await ended, [7, null]);
    });
});

describe("a script with a leash module in its folder", () => {
  it("receives SIGTERM when its CLI process is killed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tutti-hand-over-"));
    const script = join(folder, "script.mjs");
    await copyFile(new URL("../../../../tools/leash.mjs", import.meta.url), join(folder, "leash.mjs"));
    const stop = `process.on("SIGTERM", () => { console.log("stopped"); process.exit(); });`;
    await writeFile(script, `${stop} console.log("ready"); setInterval(() => {}, 1_000);`);
    const command = `import { systemShell } from "${shell}"; await systemShell().handOver(${JSON.stringify(script)}, []);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", command], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      child.kill("SIGKILL");
    }
    assert.deepEqual(lines, ["ready", "stopped"]);
    await rm(folder, { recursive: true, force: true });
  });
});

describe("a command in a folder that is not in PATH", () => {
  it("is found by the script that it starts", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tutti-hand-over-"));
    const script = join(folder, "script.mjs");
    const main = join(folder, "main.mjs");
    const bin = join(folder, "bin");
    await mkdir(bin);
    await writeFile(script, "console.log(process.env.PATH);");
    await writeFile(
      main,
      `import { systemShell } from "${shell}"; await systemShell().handOver(${JSON.stringify(script)}, []);`,
    );
    await symlink(main, join(bin, "tutti"));
    const child = spawn(process.execPath, [join(bin, "tutti")], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { PATH: "/usr/bin" },
    });
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    assert.equal(line, `${bin}:/usr/bin`);
    await rm(folder, { recursive: true, force: true });
  });
});

describe("a module", () => {
  it("runs in a process of its own, and its exported workflows are read", async () => {
    const { filesBelow } = await import("./system-shell.ts");
    const folder = await mkdtemp(join(tmpdir(), "tutti-module-"));
    const order = { workflow: "order", tasks: { a: { set: 1 } } };
    const text = `console.log("noise"); export const order: object = ${JSON.stringify(order)};`;
    await writeFile(join(folder, "order.ts"), text);
    await writeFile(join(folder, "wrong.ts"), "throw new Error('no luck');");
    const shell = filesBelow(folder);
    const { texts, failure } = await shell.workflowsIn("order.ts");
    assert.deepEqual([texts.map((each) => JSON.parse(each)), failure], [[order], undefined]);
    assert.equal((await shell.workflowsIn("wrong.ts")).failure, "no luck");
    await rm(folder, { recursive: true, force: true });
  });
});

describe("a text", () => {
  it("is read to a limit, so that a file without an end is refused", async () => {
    const { systemShell } = await import("./system-shell.ts");
    await assert.rejects(systemShell().readText("/dev/zero"), /more than 64 MiB/);
  });
});
