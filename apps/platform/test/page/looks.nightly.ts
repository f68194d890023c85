import { after, before, describe } from "node:test";
import { needsProgram } from "../../../../tools/programs.mjs";
import { describeLooks, describeLooksOfNamespace } from "./looks.ts";
import { Stage } from "./stage.ts";

const order = `workflow: order
tasks:
  take: {uses: stage.take}
  ship: {uses: stage.take, needs: [take]}
`;

const browser = await needsProgram("chromium-headless-shell");

describe("the pages", { skip: browser.skip }, () => {
  let stage: Stage;
  before(async () => {
    const handlers = { "stage.take": async () => "taken" };
    stage = await Stage.open({ chromium: browser.path, workflows: [order], handlers });
    await stage.client.call("runs.start", { body: { runId: "first", definition: { name: "order" } } });
    await stage.client.call("namespaces.create", { body: { name: "team-a" } });
  });
  after(() => stage?.[Symbol.asyncDispose]());

  describeLooks(() => stage);
  describeLooksOfNamespace(() => stage, "team-a");
});
