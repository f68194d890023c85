/** Containers of a real Podman, with an image based on busybox. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import {
  type ContainerInput,
  type ContainerOptions,
  type ContainerOutput,
  container,
} from "@tutti/sdk/shell";
import { testWorkflow } from "@tutti/sdk/testing";
import { Boxes, image, lacking, runArguments } from "../../../tools/boxes.mjs";

describe("containers as tasks", { skip: lacking }, () => {
  let boxes: Boxes;
  let engine: readonly string[] = [];
  const podman = (...args: readonly string[]) => boxes.podman(...args);

  before(async () => {
    boxes = await Boxes.open();
    engine = boxes.engine;
  });
  after(() => boxes.close());

  function test(input: ContainerInput, options: ContainerOptions = {}, task = {}) {
    const definition = {
      workflow: "contained",
      tasks: { run: { uses: "container", with: input, retry: 1, ...task } },
      output: "${{ tasks.run.output }}",
    };
    const handler = container({ engine, runArguments, pull: "never", ...options });
    return testWorkflow(definition as never, {
      handlers: { container: handler as never },
      patienceMs: 120_000,
    });
  }
  const run = async (command: readonly string[], more: Partial<ContainerInput> = {}, options = {}) =>
    (await test({ image, command, ...more }, options).execute()) as unknown as ContainerOutput;

  it("return their outputs, and have only the environment and the input of the task", async () => {
    process.env["CONTAINER_TEST_SECRET"] = "secret";
    const input = { env: { OWN: "1" }, stdin: "one" };
    const output = await run(["sh", "-c", "cat; env; echo two >&2"], input);
    delete process.env["CONTAINER_TEST_SECRET"];
    assert.match(output.stdout, /^one/);
    assert.match(output.stdout, /^OWN=1$/m);
    assert.doesNotMatch(output.stdout, /SECRET|TUTTI/);
    assert.deepEqual([output.exitCode, output.stderr], [0, "two\n"]);
    assert.match(output.image, /^[0-9a-f]{64}$/);
  });

  it("read files, and write only to permitted paths", async () => {
    const files = { "/in/text": "hello", "/in/data.json": { a: 1 } };
    const { stdout } = await run(["sh", "-c", "cat /in/text /in/data.json && touch /tmp/x && echo ok"], {
      files,
    });
    assert.equal(stdout, 'hello{"a":1}ok\n');
    for (const path of ["/x", "/in/text"])
      await assert.rejects(run(["touch", path], { files }), /Read-only file system/, path);
  });

  it("have no network", async () => {
    const { stdout } = await run(["cat", "/proc/net/dev"]);
    assert.deepEqual(
      stdout.match(/^ *\w+(?=:)/gm)?.map((name) => name.trim()),
      ["lo"],
    );
    await assert.rejects(run(["id"], { network: true }), /A network is not allowed/);
  });

  it("fail with the reason", async () => {
    await assert.rejects(run(["sh", "-c", "echo broken >&2; exit 3"]), /ended with exit code 3: broken/);
    await assert.rejects(run(["absent"]), /`absent` did not start|did not start: .*absent/);
    await assert.rejects(
      run(["id"], { image: "localhost/absent:1" }),
      /A container of `localhost\/absent:1` did not start/,
    );
    const hungry = { memoryBytes: 32 * 1024 * 1024 };
    await assert.rejects(
      run(["tail", "-c", "90000000", "/dev/zero"], hungry),
      /needed more memory than it may have/,
    );
    await assert.rejects(run(["id"], {}, { images: ["docker.io/*"] }), /is not allowed. Allowed: docker.io/);
    await assert.rejects(run(["id"], { image: "--privileged" }), /expected `image`/);
    await assert.rejects(run(["id"], { files: { "/x:/etc": "" } }), /expected absolute paths/);
  });

  it("end when the task times out, also those that ignore SIGTERM", async () => {
    const command = ["sh", "-c", "trap '' TERM; sleep 300"];
    await assert.rejects(test({ image, command }, { graceMs: 300 }, { timeout: "5s" }).execute(), /time/i);
    await until(
      "the container is gone",
      () => podman("ps", "--all", "--quiet"),
      (listed) => listed === "",
    );
  });

  it("leave no container or file behind, also when their worker is killed", async () => {
    const program = join(import.meta.dirname, "programs", "container-worker.ts");
    const worker = spawn(process.execPath, [program, JSON.stringify(engine), "sleep", "300"], {
      stdio: "inherit",
    });
    await until(
      "its container runs, and the next one waits",
      () => podman("ps", "--quiet"),
      (listed) => listed.split("\n").length === 2,
    );
    worker.kill("SIGKILL");
    await new Promise((resolve) => worker.once("exit", resolve));
    await run(["echo", "next"]);
    assert.equal(podman("ps", "--all", "--quiet"), "");
    const leftovers = (await readdir(tmpdir())).filter((name) => name.includes(`-${worker.pid}-`));
    assert.deepEqual(leftovers, [], `folders on ${hostname()}`);
  });
});
