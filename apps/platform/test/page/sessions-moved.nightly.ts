/** Tasks that move between the parts of a session, as a user sees them: the time, the parts and the reason. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import type { TaskContext } from "@tutti/sdk";
import type { Page } from "playwright-core";
import { needsProgram } from "../../../../tools/programs.mjs";
import { accessibilityProblems, Stage } from "./stage.ts";

const browser = await needsProgram("chromium-headless-shell");

describe("tasks that move, on the page", { skip: browser.skip }, () => {
  let stage: Stage;
  let proceed = Promise.withResolvers<void>();

  before(async () => {
    stage = await Stage.open({
      chromium: browser.path,
      handlers: {
        "part.play": async () => "played",
        "part.hold": async () => {
          await proceed.promise;
          return "held";
        },
        "desk.play": async () => "played",
        "line.hold": async () => {
          await proceed.promise;
          return "held";
        },
      },
    });
  });
  after(async () => {
    proceed.resolve();
    await stage?.[Symbol.asyncDispose]();
  });

  const summary = /^\d+ tasks? moved between parts$/;
  const completed = (page: Page) => page.getByRole("heading", { level: 1, name: /completed/ }).waitFor();

  it("have the voice of their new mode, with the moment and the reason", async () => {
    const tasks = [
      { id: "violin", capability: "part.hold" },
      { id: "cello", capability: "part.play", needs: [{ task: "violin" }] },
      { id: "piano", capability: "part.play", needs: [{ task: "cello" }] },
    ];
    await stage.client.call("sessions.start", {
      body: { sessionId: "trio", mode: "workflow", tasks: { tasks } },
    });
    const page = await stage.signedIn("/sessions/trio", { reducedMotion: "reduce" });
    await page.getByRole("button", { name: /^violin W part.hold, running/ }).waitFor();
    const body = { taskIds: ["cello"], mode: "swarm", reason: "there is room" } as const;
    await stage.client.call("sessions.move", { params: { id: "trio" }, body });
    const moved = page.getByRole("button", { name: /^cello S moved after/ });
    await moved.waitFor();
    assert.match((await moved.locator("..").getAttribute("class")) ?? "", /\bvoice-swarm\b.* moved\b/);
    // On a busy machine the balancer may move the piano too.
    await page.getByText(summary).click();
    await page.getByRole("tabpanel").getByText("there is room").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    proceed.resolve();
    await completed(page);
    await page.context().close();
  });

  it("move by themselves from an overloaded engine, while a user watches", async () => {
    proceed = Promise.withResolvers();
    // More tasks than a pool accepts from the engine of missions at once, and more kinds than it separates. Further tasks
    // wait in the engine behind them.
    const lines = Array.from({ length: 80 }, (_, number) => `queue-${number}.wait`);
    const flood = Array.from({ length: 1_600 }, (_, number) => ({
      ...{ id: `wait-${number}`, capability: lines[number % lines.length] ?? "" },
    }));
    const wait = (_: unknown, { signal }: TaskContext) =>
      new Promise((end) => signal.addEventListener("abort", end));
    await stage.join({ agentId: "usher", slots: 1 }, Object.fromEntries(lines.map((line) => [line, wait])));
    await stage.client.call("sessions.start", {
      body: { sessionId: "crowd", mode: "swarm", tasks: { tasks: flood } },
    });
    await until(
      "the crowd waits",
      () => stage.client.call("sessions.get", { params: { id: "crowd" } }),
      ({ tasks }) => tasks?.running === 1 && tasks.queued === flood.length - 1,
    );
    // Short tasks, for which a busy machine has learned no durations: a chain for a run, and a bag for a mission.
    const estimate = { durationMs: 1 };
    const line = ["one", "two", "three", "four", "five"].map((id, at, ids) => ({
      ...{ id, capability: "line.hold", estimate },
      needs: at === 0 ? [] : [{ task: ids[at - 1] ?? "" }],
    }));
    const bag = Array.from({ length: 10 }, (_, number) => ({
      ...{ id: `desk-${number}`, capability: "desk.play", estimate },
    }));
    await stage.client.call("sessions.start", {
      body: { sessionId: "orchestra", mode: "hybrid", tasks: { tasks: [...line, ...bag] } },
    });
    const page = await stage.signedIn("/sessions/orchestra", { reducedMotion: "reduce" });
    await until(
      "tasks have moved",
      () => stage.client.call("sessions.get", { params: { id: "orchestra" } }),
      ({ performance }) => (performance?.moves ?? 0) > 0,
    );
    const moved = page.getByRole("button", { name: /^desk-\d W moved after/ });
    await moved.first().waitFor();
    assert.match(
      (await moved.first().locator("..").getAttribute("class")) ?? "",
      /\bvoice-workflow\b.* moved\b/,
    );
    await page.getByText(summary).click();
    const reason = /swarm holds its tasks up by [\d.]+ m?s each while \d+ slots are free/;
    await page.getByRole("tabpanel").getByText(reason).first().waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await stage.client.call("sessions.terminate", { params: { id: "crowd" }, body: { reason: "over" } });
    proceed.resolve();
    await completed(page);
    await page.context().close();
  });
});
