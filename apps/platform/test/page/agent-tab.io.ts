import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { taskService, WatchOutputRequest } from "@tutti/contracts/workflow/v1";
import { Client } from "@tutti/rest/client";
import { connect, type Tutti } from "@tutti/sdk/client";
import { chromium } from "playwright-core";
import { needsProgram } from "../../../../tools/programs.mjs";
import { Installation } from "../installation/installation.ts";

const program = await needsProgram("chromium-headless-shell");
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
const definition = `workflow: told
tasks: {tell: {uses: tab.tell, with: {words: "\${{ input.words }}"}}}
output: "\${{ tasks.tell.output }}"
`;

describe("an agent in a browser tab", { skip: program.skip }, () => {
  let installation: Installation;
  let tutti: Tutti;

  before(async () => {
    installation = await Installation.open([], { time: "real" });
    tutti = await connect({ address: installation.address });
    await tutti.workflows.register(definition);
  });
  after(async () => {
    await tutti?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  it("executes a task, streams its output, and disconnects gracefully", async () => {
    const { url } = installation.host;
    const browser = await chromium.launch({ executablePath: program.path, args: flags });
    try {
      const page = await browser.newPage();
      await page.goto((await new Client({ url }).call("signInLink")).url);
      const source = await readFile(
        new URL("../../../../examples/agents/bare-agent.mjs", import.meta.url),
        "utf8",
      );
      await page.evaluate(`(() => {
        ${source.replace("export class", "class")}
        const handlers = {
          "tab.tell": async ({ words }, { output }) => {
            for (const word of words) {
              output(word);
              await new Promise((resolve) => setTimeout(resolve, 20));
            }
            return words.join(" ");
          },
        };
        const url = location.origin.replace("http", "ws") + "/v1/link";
        window.agent = new BareAgent({ url, agentId: "tab", handlers });
        window.agent.start();
      })()`);
      const run = await tutti.run("told", { input: { words: ["once", "upon", "a", "zeit"] } });
      const pieces: string[] = [];
      const tasks = installation.host.mesh.client(taskService);
      const request = WatchOutputRequest.fromPartial({ runId: run.id, taskId: "tell" });
      for await (const { chunks } of tasks.watchOutput(request))
        for (const { chunk } of chunks) pieces.push(Buffer.from(chunk).toString());
      assert.equal(await run.result(), "once upon a zeit");
      assert.deepEqual(pieces, ["once", "upon", "a", "zeit"]);
      await page.evaluate("(window.agent.drain('the tab is closed'), window.agent.ended)");
    } finally {
      await browser.close();
    }
  });
});
