/** Sessions as a user sees them: a real browser before a real platform, and a worker that runs their tasks. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { estimateService, RecordOutcomesRequest } from "@tutti/contracts/intelligence/v1";
import { toTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import type { Page } from "playwright-core";
import { needsProgram } from "../../../../tools/programs.mjs";
import { accessibilityProblems, Stage } from "./stage.ts";

const browser = await needsProgram("chromium-headless-shell");

describe("sessions on the page", { skip: browser.skip }, () => {
  let stage: Stage;
  let proceed = Promise.withResolvers<void>();

  before(async () => {
    stage = await Stage.open({
      chromium: browser.path,
      settings: ["--master.modelEveryMs=0"],
      handlers: {
        "part.play": async () => "played",
        "part.keep": (_, { signal }) => new Promise((end) => signal.addEventListener("abort", end)),
        "part.hold": async () => {
          await proceed.promise;
          return "held";
        },
      },
    });
  });
  after(() => stage?.[Symbol.asyncDispose]());

  const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { level: 1, name });
  const tab = (page: Page, name: RegExp) => page.getByRole("tab", { name }).click();
  const overhang = (page: Page) =>
    page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");

  const trio = [
    { id: "violin", capability: "part.play" },
    { id: "cello", capability: "part.hold", needs: [{ task: "violin" }] },
    { id: "piano", capability: "part.play", needs: [{ task: "cello" }] },
  ];

  async function start(sessionId: string, body: object = {}) {
    await stage.client.call("sessions.start", {
      body: { sessionId, title: "A <b>trio</b>", tasks: { tasks: trio }, mode: "adaptive", ...body },
    });
  }

  it("explains how to start a session if there is none, and shows a new session without a reload", async () => {
    const page = await stage.signedIn();
    await page.keyboard.press("g");
    await page.keyboard.press("e");
    await heading(page, "Sessions").waitFor();
    await page.getByText("No sessions yet.").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await start("listed");
    const line = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
    await line.getByRole("link", { name: "A <b>trio</b>" }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByLabel("Search").fill("no such session");
    await page.getByText("No sessions match.").waitFor();
    await page.getByRole("button", { name: "Show all sessions" }).click();
    await line.getByText("running", { exact: true }).waitFor();
    await page.getByRole("checkbox", { name: "completed" }).check({ force: true });
    await page.getByText("No sessions match.").waitFor();
    proceed.resolve();
    await line.getByText("completed", { exact: true }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("listed");
    // The names of its child runs start with its own name.
    await page.getByRole("option", { name: /^listed session/ }).click();
    await page.waitForURL("**/sessions/listed");
    await page.context().close();
  });

  it("lists choices for sessions with their outcomes, by the chosen mode", async () => {
    await start("chosen", { tasks: { tasks: trio.slice(0, 1) } });
    await stage.client.call("sessions.result", { params: { id: "chosen" }, query: { waitMs: 20_000 } });
    // Lists lag a moment, and this list is not watched.
    await until(
      "the choice, with what came of it",
      () => stage.client.call("choices.list", {}),
      ({ choices }) =>
        choices.some(({ sessionId, outcome }) => sessionId === "chosen" && outcome !== undefined),
    );
    const page = await stage.signedIn("/sessions");
    await page.getByRole("link", { name: "Choices", exact: true }).click();
    const line = page
      .getByRole("list", { name: "Choices" })
      .getByRole("listitem")
      .filter({ has: page.getByRole("link", { name: "chosen", exact: true }) });
    await line.getByText(/^took /).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole("checkbox", { name: "hybrid" }).check({ force: true });
    await page.waitForURL("**/choices?mode=hybrid");
    await page.getByText("No choices of hybrid yet.").waitFor();
    await page.getByRole("button", { name: "Show all choices" }).click();
    await line.getByRole("link", { name: "chosen", exact: true }).click();
    await page.waitForURL("**/sessions/chosen?view=choices");
    await page.context().close();
  });

  it("compares models of durations, promotes one, and rolls it back", async () => {
    const estimates = stage.host.mesh.client(estimateService, { service: "master" });
    // Two kinds of attempts. The mean of logarithms predicts them badly, the median does not.
    const outcomes = Array.from({ length: 150 }, (_, at) => ({
      ...{ subject: { capability: "pay.charge" }, runMs: (at * 7) % 10 < 3 ? 20 : 1_000 },
      endTime: toTimestamp(60_000 * (at + 1)),
    }));
    const request = RecordOutcomesRequest.fromPartial({ instanceId: "page", batch: 1, outcomes });
    const requests = (async function* () {
      yield request;
    })();
    for await (const _ of estimates.recordOutcomes(requests)) break;
    const page = await stage.signedIn("/analysis");
    await page.getByRole("link", { name: "Models" }).click();
    await heading(page, "Models").waitFor();
    await page.getByRole("button", { name: "Compare models of pay.charge" }).click();
    await page.getByRole("cell", { name: "middle live" }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    const sure = async (label: string) => {
      await page.getByRole("button", { name: `${label} …` }).click();
      await page.getByRole("dialog").getByRole("button", { name: label, exact: true }).click();
    };
    await sure("Promote median");
    await page.getByRole("cell", { name: "median live baseline" }).waitFor();
    await page.getByText("A user promoted it.").waitFor();
    await sure("Roll back to middle");
    await page.getByRole("cell", { name: "middle live" }).waitFor();
    await page.setViewportSize({ width: 390, height: 800 });
    assert.ok((await overhang(page)) <= 0);
    await page.context().close();
  });

  it("shows graph, choices, plan and tasks of a session live, and explains the state of a task", async () => {
    proceed = Promise.withResolvers();
    await start("live");
    const page = await stage.signedIn("/sessions/live", { reducedMotion: "reduce" });
    await heading(page, /A <b>trio<\/b>/).waitFor();
    await page.getByRole("button", { name: /^cello \w part.hold, running/ }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole("button", { name: /^piano/ }).click();
    await page.getByRole("heading", { name: /Explanation/ }).waitFor();
    await page.getByRole("dialog").locator(".why").getByText(/cello/).first().waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.keyboard.press("Escape");

    await tab(page, /^Choices 1/);
    await page.getByRole("heading", { name: "Which mode" }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await tab(page, /^Other modes/);
    await page.getByText("No comparison yet.").waitFor();
    await tab(page, /^Tasks 3/);
    const tasks = page.getByRole("list", { name: "Tasks" });
    await tasks.getByText("running").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    proceed.resolve();
    await heading(page, /completed/).waitFor();
    await tab(page, /^Plan/);
    await page.getByRole("list", { name: "Plan" }).or(page.getByText("No plan yet.")).first().waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await tab(page, /^Trace/);
    const spans = page.getByRole("region", { name: "Spans" });
    await spans.getByText("session", { exact: true }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await spans.getByRole("button", { name: "cello", exact: true }).click();
    await page.getByRole("heading", { name: /Explanation/ }).waitFor();
    await page.context().close();
  });

  it("pauses with a reason, resumes, is cancelled, and reports a missing session", async () => {
    proceed = Promise.withResolvers();
    await start("held", { mode: "workflow" });
    const page = await stage.signedIn("/sessions/held", { colorScheme: "dark" });
    const sure = page.getByRole("dialog");
    await page.getByRole("button", { name: "Pause session …" }).click();
    await sure.getByLabel("Reason").fill("no light");
    await sure.getByRole("button", { name: "Pause session", exact: true }).click();
    await heading(page, /paused/).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole("button", { name: "Resume session …" }).click();
    await sure.getByRole("button", { name: "Resume session", exact: true }).click();
    await heading(page, /running/).waitFor();
    await page.getByRole("button", { name: "Cancel session …" }).click();
    await sure.getByRole("button", { name: "Cancel session", exact: true }).click();
    proceed.resolve();
    await heading(page, /cancelled/).waitFor();
    await page.goto(`${stage.url}/sessions/nowhere`);
    await page.getByText("The session cannot be shown").waitFor();
    await page.getByRole("link", { name: "All sessions" }).waitFor();
    await page.context().close();
  });

  it("shows a race and its winner, on a phone too", async () => {
    proceed = Promise.withResolvers();
    proceed.resolve();
    const page = await stage.signedIn("/race", { viewport: { width: 390, height: 844 } });
    await page.getByText("No races yet.").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    for (const mode of ["workflow", "swarm"]) await start(`r-${mode}`, { mode, labels: { race: "r" } });
    const lanes = page.getByRole("list", { name: "Lanes" }).getByRole("listitem");
    await lanes.getByText("3 of 3").nth(1).waitFor();
    await lanes.getByText("first", { exact: true }).waitFor();
    assert.ok((await overhang(page)) <= 0);
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.context().close();
  });

  it("renders only the visible tasks of thousands, in a readable picture, and fits a phone", async () => {
    const tasks = Array.from({ length: 2_000 }, (_, number) => ({
      id: `part-${number}`,
      capability: "part.keep",
    }));
    await start("large", { tasks: { tasks }, mode: "swarm" });
    const page = await stage.signedIn("/sessions/large", { viewport: { width: 390, height: 844 } });
    await page.getByRole("button", { name: /^part × 2000/ }).waitFor();
    assert.ok((await overhang(page)) <= 0);
    assert.deepEqual(await accessibilityProblems(page), []);
    await tab(page, /^Tasks 2,000/);
    const lines = page.getByRole("list", { name: "Tasks" }).getByRole("listitem");
    await lines.first().waitFor();
    assert.ok((await lines.count()) < 100, "only those that are seen are drawn");
    await page.getByLabel("Search").fill("part-1999");
    await page.getByRole("button", { name: "part-1999" }).waitFor();
    assert.ok((await overhang(page)) <= 0);
    await page.context().close();
  });
});
