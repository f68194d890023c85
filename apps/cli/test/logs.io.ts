import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { commandAtWork } from "./support/at-work.ts";
import { Running, workspaceFolder } from "./support/command.ts";

const definitions = {
  "crawl.yaml": `workflow: crawl
tasks:
  flaky: {uses: test.flaky, retry: {backoff: 1ms}}
  pages: {uses: site.crawl, needs: [flaky]}
  go: {wait: {signal: go}, needs: [pages]}
`,
};

/** Source of a worker with the SDK. It sends pieces of output, and the last piece has no end of line. */
const worker = (sdk: string) => `import { Worker } from ${JSON.stringify(sdk)};
const worker = new Worker();
worker.handle("site.crawl", async (_, context) => {
  await context.output("200 one\\n200 tw", { channel: "log" });
  await context.output("o\\nend", { channel: "log" });
  return null;
});
await worker.run();
`;

describe("logs", () => {
  let isJammed = true;
  const at = commandAtWork({
    files: definitions,
    registered: "crawl.yaml",
    handlers: {
      "test.flaky": () => {
        if (!isJammed) return "well";
        isJammed = false;
        throw new Error("jammed \u001b[2J");
      },
    },
  });
  const { tutti, printed, json } = at;

  it("has attempts, errors and output of a run, and follows it to its end", async () => {
    const program = join(at.command.folder, "worker.mjs");
    writeFileSync(program, worker(pathToFileURL(join(workspaceFolder, "libs/sdk/src/index.ts")).href));
    const address = `${at.platform.url.replace("http", "ws")}/v1/link`;
    const running = new Running(process.execPath, [program], { TUTTI_ADDRESS: address }, at.command.folder);
    let following: Running | undefined;
    try {
      await printed("run crawl --id crawl-1 --detach");
      following = at.command.start(["logs", "crawl-1", "--follow"], {
        environment: { TUTTI_SERVER: at.platform.url },
      });
      await following.untilPrinted(/pages +completed/);
      assert.doesNotMatch(await printed("logs crawl-1"), /run completed/);
      await printed("signal crawl-1 go");
      const followed = await following.ended;
      assert.equal(followed.exitCode, 0);
      const read = await printed("logs crawl-1");
      for (const output of [followed.output, read]) {
        assert.match(
          output,
          /flaky +attempt failed by polling-1: test\.failed: jammed[\s\S]*flaky +completed by polling-1[\s\S]*pages +log│ 200 one\n.*pages +log│ 200 two\n.*pages +log│ end\n.*pages +completed[\s\S]*run completed\n$/,
        );
        assert.equal(output.match(/200 one/g)?.length, 1);
      }
      assert.equal(await printed("logs crawl-1 -q"), "200 one\n200 two\nend\n");
      assert.match(
        (await tutti("logs crawl-1 --task page")).errors,
        /Task `page` of run `crawl-1` not found/,
      );
      const lines = (await printed("logs crawl-1 --task pages --json")).trim().split("\n");
      assert.deepEqual(
        lines
          .map((line) => JSON.parse(line))
          .map(({ task, source, text }) => [task, source, text])
          .slice(-4),
        [
          ["pages", "output", "200 one"],
          ["pages", "output", "200 two"],
          ["pages", "output", "end"],
          ["pages", "history", lines.at(-1)?.match(/completed by [^"]+/)?.[0]],
        ],
      );
      assert.equal(await printed("logs crawl-1 --since 2999-01-01"), "");
    } finally {
      for (const child of [running, following]) child?.signal("SIGTERM");
      await running.ended;
    }
  });

  it("suggests an existing run if the id is unknown", async () => {
    assert.equal((await json("list")).runs.length, 1);
    const { exitCode, errors } = await tutti("logs crawl-2");
    assert.equal(exitCode, 3);
    assert.match(errors, /Did you mean `crawl-1`\?/);
  });
});
