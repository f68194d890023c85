/** `npm start` runs the platform from a bundle. Users of the sources must see no difference in stacks and extensions. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { orchestratorAt, statusOf } from "./support/operations.ts";
import { TestProcess } from "./support/process.ts";
import { makeFolder, ready } from "./support/services.ts";

const program = fileURLToPath(new URL("../../../tools/start.mjs", import.meta.url));
const traced = fileURLToPath(new URL("./programs/extensions/traced.ts", import.meta.url));

describe("npm start from a bundle", () => {
  it("runs a user's orchestrator, and names files, lines and functions of the sources in stacks", async () => {
    await using folder = await makeFolder();
    const args = ["--empty", "--operations.port=0", "--mesh.listen=127.0.0.1:0", "--log.format=json"];
    await using platform = await ready(
      new TestProcess({
        program,
        arguments: [...args, `--platform.extensions=["${traced}"]`],
        directory: folder.path,
      }),
    );

    const { stack, program: ran } = await platform.line("traced");
    assert.match(String(ran), /[\\/]\.cache[\\/]platform[\\/]\w+[\\/]main\.mjs$/);
    assert.equal(orchestratorAt(await statusOf(platform.http), "extensions", "traced").state, "ready");

    const frames = [...String(stack).matchAll(/(file:\S+\.ts):(\d+):(\d+)/g)];
    const [, file = "", line = "", column = ""] =
      frames.find(([text]) => text.includes("/src/extensions.ts")) ?? [];
    const source = (await readFile(new URL(file), "utf8")).split("\n")[Number(line) - 1] ?? "";
    assert.equal(source.slice(Number(column) - 1), "new Extension(foundation);", String(stack));
    assert.match(String(stack), /at (async )?openExtension \(file:/);
  });
});
