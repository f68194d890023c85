/** Missions as a user sees them, in a real browser against a real platform, with agents that act at the same time. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { needsProgram } from "../../../../tools/programs.mjs";
import { accessibilityProblems, Stage } from "./stage.ts";

const browser = await needsProgram("chromium-headless-shell");

describe("missions on the page", { skip: browser.skip }, () => {
  let stage: Stage;

  before(async () => {
    stage = await Stage.open({ chromium: browser.path, handlers: { "stage.stand": async () => "by" } });
  });
  after(() => stage?.[Symbol.asyncDispose]());

  const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { level: 1, name });
  const tab = (page: Page, name: RegExp) => page.getByRole("tab", { name }).click();

  /** Two agents that draw and print a poster on a budget of a hundred tokens. */
  async function startPoster(missionId: string) {
    const params = { id: missionId };
    await stage.client.call("missions.start", {
      body: {
        missionId,
        spec: {
          goal: "A <b>poster</b> for the concert\nin two colours",
          assignment: "claimed",
          budget: { amounts: { tokens: 100 } },
          tasks: [
            { id: "draw", title: "Draw it", capability: "picture.draw" },
            { id: "print", capability: "picture.print", needs: [{ task: "draw" }] },
          ],
        },
      },
    });
    const offering = {
      capabilities: [
        { name: "picture.draw", version: "1.0.0" },
        { name: "picture.print", version: "1.0.0" },
      ],
    };
    for (const agent of ["ann", "bob"])
      await stage.client.call("missions.join", { params: { ...params, agent }, body: { offering } });
    return params;
  }

  it("explains how to start a mission if there is none, and shows a new mission without a reload", async () => {
    const page = await stage.signedIn();
    await page.keyboard.press("g");
    await page.keyboard.press("m");
    await heading(page, "Missions").waitFor();
    await page.getByText("No missions yet.").waitFor();
    await page.getByText(/^npx tutti mission start/).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await startPoster("listed");
    const line = page.getByRole("list", { name: "Missions" }).getByRole("listitem");
    await line.getByRole("link", { name: "A <b>poster</b> for the concert" }).waitFor();
    await line.getByText("0 of 2 tasks").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByLabel("Search").fill("no such mission");
    await page.getByText("No missions match.").waitFor();
    await page.getByRole("button", { name: "Show all missions" }).click();
    await line.getByText("running", { exact: true }).waitFor();
    await stage.client.call("missions.terminate", { params: { id: "listed" }, body: {} });
    await line.getByText("terminated", { exact: true }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("listed");
    await page.getByRole("option", { name: /listed mission/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL("**/missions/listed");
    await page.context().close();
  });

  it("shows changes of tasks, blackboard, messages and votes live", async () => {
    const params = await startPoster("live");
    const page = await stage.signedIn("/missions/live", { reducedMotion: "reduce" });
    await heading(page, /A <b>poster<\/b> for the concert/).waitFor();
    const tasks = page.getByRole("list", { name: "Tasks" });
    await tasks.getByText("after draw").waitFor();
    const { tasks: claimed } = await stage.client.call("missions.claim", {
      params,
      body: { agentId: "ann" },
    });
    await tasks.getByText("ann claimed it").waitFor();

    await page.getByRole("button", { name: "print", exact: true }).click();
    await page.getByRole("heading", { name: /Explanation/ }).waitFor();
    await page.getByRole("dialog").locator(".why").getByText(/draw/).first().waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.keyboard.press("Escape");

    await tab(page, /^Blackboard/);
    await page.getByText("No entries yet.").waitFor();
    const put = (value: unknown) =>
      stage.client.call("missions.put", {
        params,
        body: { agentId: "bob", writes: [{ key: "paper", value }] },
      });
    await put("thick <i>white</i>");
    const entries = page.getByRole("list", { name: "Blackboard" });
    await entries.getByText("thick <i>white</i>").waitFor();
    await put({ grams: 120 });
    await entries.getByText("version 2").waitFor();
    await entries.getByText(/^bob/).waitFor();
    await page.getByRole("button", { name: "Open paper" }).click();
    await page.getByRole("dialog").getByText("grams").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.keyboard.press("Escape");

    await tab(page, /^Messages/);
    await stage.client.call("missions.send", {
      params,
      body: { agentId: "ann", messages: [{ to: { agentId: "bob" }, body: "red, please" }] },
    });
    await page.getByRole("list", { name: "Messages" }).getByText("red, please").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);

    await tab(page, /^Votes/);
    const options = [{ option: "red" }, { option: "blue" }];
    await stage.client.call("missions.openVote", {
      params,
      body: { vote: { voteId: "which", question: "Which colour?", options } },
    });
    await page.getByRole("heading", { name: "Which colour?" }).waitFor();
    const cast = (agentId: string) =>
      stage.client.call("missions.castVote", {
        params: { ...params, vote: "which" },
        body: { agentId, ranking: ["red"] },
      });
    await cast("ann");
    await page.getByText(/1 ballot/).waitFor();
    await cast("bob");
    await page.getByText(/2 ballots/).waitFor();
    await stage.client.call("missions.closeVote", { params: { ...params, vote: "which" }, body: {} });
    await page.getByText("red was chosen").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);

    await tab(page, /^Agents/);
    await page.getByRole("list", { name: "Agents" }).getByText("1 running, 0 completed").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await tab(page, /^Definition/);
    await page.getByText("in two colours").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);

    const claimId = claimed[0]?.claim?.claimId ?? "";
    await stage.client.call("missions.complete", {
      params,
      body: { agentId: "ann", ends: [{ claimId, output: "drawn" }] },
    });
    await tab(page, /^Tasks/);
    await tasks.getByText("completed").waitFor();
    await page.context().close();
  });

  it("asks for more budget when it runs out, accepts the answer, and shows the remaining budget", async () => {
    const params = await startPoster("dear");
    const page = await stage.signedIn("/missions/dear");
    await page.getByText("0 of 100 used, 0 %, 100 left").waitFor();
    const reserve = (tokens: number) =>
      stage.client.call("missions.reserve", { params, body: { agentId: "ann", amounts: { tokens } } });
    await reserve(80);
    await page.getByText("0 of 100 used, 0 %, 80 reserved, 20 left").waitFor();
    await assert.rejects(reserve(60));
    await page.getByRole("heading", { name: "Raise the budget?" }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    // The question is also listed among all questions.
    await page.getByRole("link", { name: /^Inbox 1/ }).click();
    await page.getByRole("heading", { name: "Raise the budget?" }).waitFor();
    await page.getByRole("link", { name: "dear" }).click();
    await page.getByLabel("Tokens", { exact: true }).fill("50");
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.getByText("0 of 150 used, 0 %, 80 reserved, 70 left").waitFor();
    await page.getByRole("heading", { name: "Raise the budget?" }).waitFor({ state: "detached" });
    await page.context().close();
  });

  it("pauses with a reason, resumes, and reports a missing mission", async () => {
    await startPoster("held");
    const page = await stage.signedIn("/missions/held", { colorScheme: "dark" });
    const sure = page.getByRole("dialog");
    await page.getByRole("button", { name: "Pause mission …" }).click();
    await sure.getByLabel("Reason").fill("no paper");
    assert.deepEqual(await accessibilityProblems(page), []);
    await sure.getByRole("button", { name: "Pause mission", exact: true }).click();
    await heading(page, /paused/).waitFor();
    await page.getByText("no paper").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole("button", { name: "Resume mission …" }).click();
    await sure.getByRole("button", { name: "Resume mission", exact: true }).click();
    await heading(page, /running/).waitFor();
    await page.goto(`${stage.url}/missions/nowhere`);
    await page.getByText("The mission cannot be shown").waitFor();
    await page.getByRole("link", { name: "All missions" }).waitFor();
    await page.context().close();
  });

  it("renders only the visible tasks of thousands, finds one, and fits a phone", async () => {
    const tasks = Array.from({ length: 5_000 }, (_, number) => ({
      id: `part-${number}`,
      capability: "nobody.does",
    }));
    await stage.client.call("missions.start", {
      body: { missionId: "large", spec: { title: "Many parts", assignment: "claimed", tasks } },
    });
    const page = await stage.signedIn("/missions/large", { viewport: { width: 390, height: 844 } });
    await page.getByRole("tab", { name: "Tasks 5,000" }).waitFor();
    const lines = page.getByRole("list", { name: "Tasks" }).getByRole("listitem");
    await lines.first().waitFor();
    assert.ok((await lines.count()) < 100, "only those that are seen are drawn");
    await page.getByLabel("Search").fill("part-4999");
    await page.getByRole("button", { name: "part-4999" }).waitFor();
    const overhang = await page.evaluate(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    assert.ok(Number(overhang) <= 0, `it is ${overhang} px wider than the window`);
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.context().close();
  });
});
