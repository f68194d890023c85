/** A task that moves between the parts of a session, as somebody sees it: when, from where to where, and why. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { needsProgram } from "../../../../tools/programs.mjs";
import { accessibilityProblems, Stage } from "./stage.ts";

const browser = await needsProgram("chromium");

describe("a task that moves, on the page", { skip: browser.skip, timeout: 540_000 }, () => {
  let stage: Stage;
  const letGo = Promise.withResolvers<void>();

  before(async () => {
    stage = await Stage.open({
      chromium: browser.path,
      handlers: {
        "part.play": async () => "played",
        "part.hold": async () => {
          await letGo.promise;
          return "held";
        },
      },
    });
  });
  after(async () => {
    letGo.resolve();
    await stage[Symbol.asyncDispose]();
  });

  it("has the voice of its new mode, with the moment and the reason", async () => {
    const tasks = [
      { id: "violin", capability: "part.hold" },
      { id: "cello", capability: "part.play", needs: [{ task: "violin" }] },
      { id: "piano", capability: "part.play", needs: [{ task: "cello" }] },
    ];
    await stage.client.call("sessions.start", {
      body: { sessionId: "trio", mode: "workflow", tasks: { tasks } },
    });
    const page = await stage.signedIn("/sessions/trio", { reducedMotion: "reduce" });
    await page.getByRole("button", { name: /^violin W part.hold, at work/ }).waitFor();
    const body = { taskIds: ["cello"], mode: "swarm", reason: "there is room" } as const;
    await stage.client.call("sessions.move", { params: { id: "trio" }, body });
    const moved = page.getByRole("button", { name: /^cello S moved after/ });
    await moved.waitFor();
    assert.match((await moved.locator("..").getAttribute("class")) ?? "", /\bvoice-swarm\b.* moved\b/);
    await page.getByText("1 task moved between parts").click();
    await page.getByRole("tabpanel").getByText("there is room").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    letGo.resolve();
    await page.getByRole("heading", { level: 1, name: /completed/ }).waitFor();
    await page.context().close();
  });
});
