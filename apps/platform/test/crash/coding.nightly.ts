/** The worker of a coding agent is killed. The next attempt continues the conversation in the same work tree. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "@tutti/kernel/testing";
import { connect, type Tutti } from "@tutti/sdk/client";
import type { CodingOutput } from "@tutti/sdk/coding";
import { TestProcess } from "../support/process.ts";
import { type Folder, makeFolder, type Service, start } from "../support/services.ts";

const program = fileURLToPath(new URL("../programs/coding-worker.ts", import.meta.url));

describe("a coding agent whose worker is killed", () => {
  let folder: Folder;
  let work: Folder;
  let platform: Service;
  let tutti: Tutti;
  const workers: TestProcess[] = [];

  function startWorker(): TestProcess {
    const [repository, trees] = [join(work.path, "repository"), join(work.path, "trees")];
    const worker = new TestProcess({ program, arguments: [platform.grpc, repository, trees] });
    workers.push(worker);
    return worker;
  }

  before(async () => {
    [folder, work] = await Promise.all([makeFolder(), makeFolder()]);
    const setupScript =
      "git init -q repository && cd repository && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first";
    execFileSync("sh", ["-c", setupScript], { cwd: work.path });
    platform = await start("platform", [`--platform.dataDirectory=${folder.path}`]);
    tutti = await connect({ address: platform.grpc });
  });
  after(async () => {
    await tutti?.close();
    await Promise.all(workers.map((worker) => worker.kill()));
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
    await work?.[Symbol.asyncDispose]();
  });

  it("resumes its session, leaves one change and no process", async () => {
    const pids = join(work.path, "pids");
    const prompt = [
      `echo $$ >> ${pids}`,
      'echo "started with $1" >> log',
      `echo '{"session": "s-1"}'`,
      '[ "$1" = s-1 ] && exit 0',
      "sleep 300",
    ].join("\n");
    await tutti.workflows.register({
      workflow: "change",
      tasks: { code: { uses: "code", with: { prompt } } },
      output: "${{ tasks.code.output }}",
    });
    const first = startWorker();
    const run = await tutti.run("change");
    const pidsWritten = () => readFile(pids, "utf8").catch(() => "");
    await until("the agent has started", pidsWritten, (text) => text !== "");
    // When the task shows progress, the platform knows its session.
    const types = async () => {
      const all: string[] = [];
      for await (const { type } of run.history()) all.push(type);
      return all;
    };
    await until("its session is kept", types, (each) => each.some((type) => type.includes("progress_saved")));
    await first.kill();
    startWorker();
    const { diff, branch } = await run.result<CodingOutput>();
    assert.match(diff, /^\+started with new\n\+started with s-1$/m);
    assert.notEqual(branch, "");
    assert.deepEqual(await readdir(join(work.path, "trees")), []);
    const [killed = ""] = (await pidsWritten()).split("\n");
    await until(
      "what the killed worker started is gone",
      () => readdir("/proc"),
      (entries) => !entries.includes(killed),
    );
  });
});
