/** The page of one run as a user uses it: a real browser before a real platform. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { latch } from "@tutti/kernel/testing";
import { TaskFailure } from "@tutti/sdk";
import { agents } from "@tutti/sdk/agents";
import { ScriptedModel } from "@tutti/sdk/testing";
import type { Page } from "playwright-core";
import { needsProgram } from "../../../../tools/programs.mjs";
import { accessibilityProblems, Stage } from "./stage.ts";

const pipeline = `workflow: pipeline
tasks:
  fetch: {uses: stage.fetch, title: "Fetch <b>all</b>"}
  parse: {needs: [fetch], uses: stage.parse}
  count: {needs: [fetch], uses: stage.fetch}
  store: {needs: [parse, count], uses: stage.fetch}
`;
const asks = `workflow: asks
tasks:
  sure: {approve: {title: Go on?, context: {amount: 500}, form: {type: object, required: [box], properties: {box: {type: integer}}}}}
  ship: {needs: [sure], uses: stage.fetch}
`;
const frail = `workflow: frail
tasks:
  first: {uses: stage.fetch}
  try: {needs: [first], uses: stage.frail, retry: {attempts: 2, backoff: 10ms..20ms}}
`;
const nobody = "workflow: nobody\ntasks: {lonely: {uses: stage.nobody}}\n";
const listens =
  "workflow: listens\nsignals: {go: {schema: {type: object, required: [by], properties: {by: {type: string}}}}}\ntasks: {wait: {wait: {signal: go}}}\n";
const talks = "workflow: talks\ntasks: {talk: {uses: stage.talk}}\n";
const moves = `workflow: moves
signals: {go: {}}
initial: red
states:
  red: {on: {go: green}}
  green: {on: {go: red}}
`;
const many = `workflow: many
input: {schema: {type: object}}
tasks:
  each: {forEach: "\${{ input.items }}", uses: stage.fetch}
`;

const counts = `workflow: counts
tasks:
  answer: {agent: {model: "test:any", instructions: Count., prompt: Flutes?, tools: [stage.stock]}}
`;

const draws = `workflow: draws
tasks: {draw: {uses: stage.draw}}
output: "\${{ tasks.draw.output }}"
`;

const pays = `workflow: pays
tasks:
  pay: {uses: stage.pay, with: {amount: 0}, retry: 1}
  note: {uses: stage.pay, needs: [pay], with: "\${{ tasks.pay.output }}"}
`;

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const album = await readFile(`${root}examples/demonstration/photo-album.yaml`, "utf8");
/** The picture of README, and the words on it that do not change from run to run. */
const picture = { file: `${root}docs/images/run.png`, words: `${root}docs/images/run.words.json` };

const browser = await needsProgram("chromium-headless-shell");

describe("the page of a run", { skip: browser.skip }, () => {
  let stage: Stage;
  let isBroken = true;
  const parsed = latch();
  const received = latch();

  before(async () => {
    stage = await Stage.open({
      chromium: browser.path,
      workflows: [pipeline, asks, frail, nobody, listens, talks, moves, many, counts, draws, pays, album],
      handlers: {
        "picture.list": async (input) =>
          Array((input as { readonly pictures: number }).pictures).fill("picture"),
        "picture.shrink": async (input) => input,
        "picture.bind": async () => "bound",
        "stage.fetch": async () => ({ text: "<script>alert(1)</script>" }),
        "stage.parse": async () => {
          await parsed.opened;
          return "parsed";
        },
        "stage.pay": async (input) => {
          if ((input as { readonly amount: number }).amount > 0) return input;
          throw new TaskFailure("stage.empty", "nothing to pay");
        },
        "stage.draw": async (_, context) => ({
          plan: await context.store(Buffer.from("a plan of the stage"), { mediaType: "text/plain" }),
          film: await context.store(Buffer.alloc(80_000), { mediaType: "video/mp4" }),
        }),
        "stage.talk": async (_, context) => {
          await context.output("tuning <b>strings</b>\n");
          context.logger.info("tuned", { strings: 4 });
          await received.opened;
          await context.output("playing\n");
          return "played";
        },
        "stage.frail": async () => {
          if (isBroken) throw new TaskFailure("stage.broken", "a string snapped");
          return "played";
        },
      },
    });
  });
  after(() => stage?.[Symbol.asyncDispose]());

  const start = (name: string, runId: string, input?: unknown) =>
    stage.client.call("runs.start", {
      body: { runId, definition: { name }, ...(input !== undefined && { input }) },
    });
  const ended = (id: string) =>
    stage.client.call("runs.result", { params: { id }, query: { waitMs: 60_000 } });
  const node = (page: Page, task: string) => page.locator(`[data-task="${task}"]`);
  const untilTaskState = (page: Page, task: string, label: string) =>
    page.locator(`[data-task="${task}"][aria-label*="${label}"]`).waitFor();
  const stateOfRun = (page: Page, label: string) =>
    page.locator(".work-head-state", { hasText: label }).waitFor();

  it("shows the tasks and the end of a run live", async () => {
    await start("pipeline", "live");
    const page = await stage.signedIn("/runs/live");
    await untilTaskState(page, "fetch", "completed");
    await untilTaskState(page, "parse", "running");
    await untilTaskState(page, "store", "pending");
    parsed.open();
    await untilTaskState(page, "store", "completed");
    await stateOfRun(page, "completed");
    // Markup in names is text.
    await page.getByText("Fetch <b>all</b>").first().waitFor();
    await page.context().close();
  });

  it("goes back in time by keys and by the slider, and shows the same after a reload", async () => {
    await start("pipeline", "past");
    await ended("past");
    const page = await stage.signedIn("/runs/past");
    await untilTaskState(page, "store", "completed");
    const slider = page.getByRole("slider");
    const total = Number(await slider.getAttribute("max"));
    await page.locator(".run-slider").click({ position: { x: 2, y: 2 } });
    await page.keyboard.press("[");
    await page.waitForURL(new RegExp(`event=${total - 1}`));
    await stateOfRun(page, "running");
    await slider.fill("2");
    await slider.press("ArrowLeft");
    await page.waitForURL(/event=1\b/);
    await untilTaskState(page, "fetch", "pending");
    await untilTaskState(page, "store", "pending");
    await page.reload();
    await untilTaskState(page, "fetch", "pending");
    assert.equal(await page.getByRole("button", { name: "Start similar run" }).count(), 0);
    await page.getByRole("button", { name: "Back to now" }).click();
    await untilTaskState(page, "store", "completed");
    await page.context().close();
  });

  it("plays a history from its beginning to the present", async () => {
    const page = await stage.signedIn("/runs/past");
    await untilTaskState(page, "store", "completed");
    await page.getByRole("button", { name: "Replay the run" }).click();
    await untilTaskState(page, "store", "pending");
    await untilTaskState(page, "store", "completed");
    await page.getByRole("button", { name: "Replay the run" }).waitFor();
    assert.doesNotMatch(page.url(), /event=/);
    await page.context().close();
  });

  it("answers a question in place, and validates the form against its schema first", async () => {
    await start("asks", "asked");
    const page = await stage.signedIn("/runs/asked");
    const question = page.getByRole("region", { name: "Question: Go on?" });
    await question.getByRole("button", { name: "Approve", exact: true }).click();
    await question.getByText("Enter a whole number.").waitFor();
    await question.getByLabel(/box/i).fill("3");
    await question.getByLabel("Reason").fill("it was ordered");
    await question.getByRole("button", { name: "Approve", exact: true }).click();
    await stateOfRun(page, "completed");
    await page.getByRole("tab", { name: "History" }).click();
    await page.getByText(/approved with box "?3"? by .*: it was ordered/).waitFor();
    await page.context().close();
  });

  it("shows who rejected a question, and the reason", async () => {
    await start("asks", "refused");
    const page = await stage.signedIn("/runs/refused");
    const question = page.getByRole("region", { name: "Question: Go on?" });
    await question.getByLabel("Reason").fill("it is too late");
    await question.getByRole("button", { name: "Reject", exact: true }).click();
    await stateOfRun(page, "failed");
    await page.getByText(/^Rejected by \S+: it is too late$/).waitFor();
    await page.context().close();
  });

  it("shows why a run failed and its attempts, and retries it", async () => {
    await start("frail", "broken");
    await ended("broken");
    const page = await stage.signedIn("/runs/broken");
    await stateOfRun(page, "failed");
    await page.getByText("a string snapped").first().waitFor();
    await node(page, "try").click();
    const panel = page.getByRole("complementary", { name: "Task try" });
    await panel.getByText("2 attempts").waitFor();
    isBroken = false;
    await panel.getByRole("button", { name: "Retry task", exact: true }).click();
    await stateOfRun(page, "completed");
    await untilTaskState(page, "try", "completed");
    await panel.getByText("played").waitFor();
    await page.context().close();
  });

  it("explains why a task waits, with remedies, and resolves it by hand with a reason", async () => {
    await start("nobody", "lonely");
    const page = await stage.signedIn("/runs/lonely?task=lonely");
    const panel = page.getByRole("complementary", { name: "Task lonely" });
    await panel
      .getByText(/no worker offers stage\.nobody/)
      .first()
      .waitFor();
    await panel.getByText(/Start a worker that offers/).waitFor();
    await panel.getByRole("button", { name: "Repair task …" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Output as JSON").fill('{"found": 42}');
    const repair = dialog.getByRole("button", { name: "Repair task", exact: true });
    assert.equal(await repair.isDisabled(), true);
    await dialog.getByLabel("Reason").fill("known by heart");
    await repair.click();
    await stateOfRun(page, "completed");
    await panel.getByText("42").waitFor();
    await page.context().close();
  });

  it("runs a failed task with another input, after a preview, and the run completes", async () => {
    await start("pays", "corrected");
    await ended("corrected");
    const page = await stage.signedIn("/runs/corrected?task=pay");
    const panel = page.getByRole("complementary", { name: "Task pay" });
    await panel.getByRole("button", { name: "Repair task …" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Then tasks that need it run again: note.").waitFor();
    assert.match(await dialog.getByLabel("Input as JSON").inputValue(), /"amount": 0/);
    await dialog.getByLabel("Input as JSON").fill('{"amount": 12}');
    await dialog.getByLabel("Reason").fill("wrong amount");
    await dialog.getByRole("button", { name: "Repair task", exact: true }).click();
    await stateOfRun(page, "completed");
    await page.context().close();
  });

  it("sends a signal to a run by its form, pauses and resumes it", async () => {
    await start("listens", "told");
    const page = await stage.signedIn("/runs/told");
    await page.getByRole("button", { name: "Pause run", exact: true }).click();
    await stateOfRun(page, "paused");
    await page.getByRole("heading", { name: "Explanation" }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole("button", { name: "Resume run", exact: true }).click();
    await stateOfRun(page, "running");
    await page.getByRole("button", { name: "Send signal …" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^by/i).fill("Anna");
    await dialog.getByRole("button", { name: "Send signal", exact: true }).click();
    await stateOfRun(page, "completed");
    await page.context().close();
  });

  it("asks before it cancels a run, and shows the REST call and the CLI command", async () => {
    await start("listens", "given-up");
    const page = await stage.signedIn("/runs/given-up");
    await page.getByRole("button", { name: "Cancel run: REST call and CLI command" }).click();
    await page.getByText("npx tutti cancel given-up", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Cancel run …" }).click();
    await page.getByRole("dialog").getByLabel("Reason").fill("nobody wants it");
    await page.getByRole("dialog").getByRole("button", { name: "Cancel run", exact: true }).click();
    await stateOfRun(page, "cancelled");
    await page.getByText("nobody wants it").first().waitFor();
    await page.context().close();
  });

  it("shows the output of a task live, as text", async () => {
    await start("talks", "talking");
    const page = await stage.signedIn("/runs/talking?task=talk");
    const panel = page.getByRole("complementary", { name: "Task talk" });
    await panel.getByText("tuning <b>strings</b>").waitFor();
    await panel.getByText(/^\d\d:\d\d:\d\d info {2}tuned \(strings 4\)/).waitFor();
    received.open();
    await panel.getByText("playing").waitFor();
    await stateOfRun(page, "completed");
    await page.context().close();
  });

  it("shows the states that a run went through, and in which of them it was", async () => {
    await start("moves", "moving");
    await stage.client.call("runs.signal", { params: { id: "moving", name: "go" } });
    const page = await stage.signedIn("/runs/moving");
    const states = page.getByRole("list", { name: "States" });
    await states.locator('[aria-current="step"]', { hasText: "green" }).waitFor();
    await states.getByRole("button", { name: /red/ }).click();
    await states.locator('[aria-current="step"]', { hasText: "red" }).waitFor();
    assert.match(page.url(), /event=/);
    await page.context().close();
  });

  it("shows the trajectory of an agent: answers, tokens, calls with input and output", async () => {
    const model = new ScriptedModel([
      { text: "I look.", calls: [{ name: "stage_stock", input: { article: "flute" } }] },
      { text: "There are many.", inputTokens: 1_200, outputTokens: 7 },
    ]);
    const offered = { name: "stage.stock", description: "Counts.", inputSchema: {} };
    const catalogue = { capabilities: async () => [offered], workflow: async () => undefined };
    const providers = { test: { speaks: "chat", url: "http://model.test" } } as const;
    const runner = agents({ providers, catalogue }, { fetch: model.fetch });
    await stage.join({ agentId: "modelled" }, { "stage.stock": async () => ({ found: "many" }) }, [
      runner as never,
    ]);
    await start("counts", "counted");
    await ended("counted");
    const page = await stage.signedIn("/runs/counted");
    try {
      await page.getByRole("tab", { name: "Trajectory" }).click();
      await page.getByText(/^2 turns · 1,210 tokens in · 12 tokens out/).waitFor();
      const turns = page.getByRole("list", { name: "Turns of answer" });
      await turns.getByText("There are many.").waitFor();
      const call = turns.getByRole("region", { name: "Call of stage_stock" });
      await call.getByText("completed", { exact: true }).waitFor();
      await call.getByText(/flute/).first().waitFor();
      await call.getByText(/many/).first().waitFor();
      assert.deepEqual(await accessibilityProblems(page), []);
      await call.getByRole("button", { name: "Show task stage_stock" }).click();
      await page.getByRole("complementary", { name: "Task stage_stock" }).waitFor();
    } finally {
      await page.context().close();
    }
  });

  it("lists all files of a run, shows text, and saves each", async () => {
    await start("draws", "drawn");
    await ended("drawn");
    const page = await stage.signedIn("/runs/drawn?view=values");
    try {
      const files = page.locator("section", { has: page.getByRole("heading", { name: "Files" }) });
      await files.getByRole("row", { name: /draw\.output\.film video\/mp4 78 KiB/ }).waitFor();
      assert.equal(await files.getByRole("row").count(), 5);
      await files.getByRole("button", { name: "Show draw.output.plan" }).click();
      await files.getByText("a plan of the stage").waitFor();
      const saved = page.waitForEvent("download");
      await files.getByRole("link", { name: "Save output.film" }).click();
      assert.match((await saved).url(), /\/v1\/blobs\/\w{64}\?mediaType=video/);
      const problem = { code: "blobs.missing", title: "missing", detail: "Blob 1 not found.", status: 404 };
      await page.route("**/v1/blobs/**", (route) => route.fulfill({ status: 404, json: problem }));
      await page.reload();
      await files.getByRole("button", { name: "Show draw.output.plan" }).click();
      await files.getByText(/of text\/plain: missing\. Blob 1 not found/).waitFor();
      assert.equal(await files.getByRole("row").count(), 5);
      assert.deepEqual(await accessibilityProblems(page), []);
    } finally {
      await page.context().close();
    }
  });

  it("is walked by keys: arrows along the graph, Enter opens a task, Escape closes it", async () => {
    const page = await stage.signedIn("/runs/past");
    await node(page, "fetch").focus();
    await page.keyboard.press("ArrowRight");
    await page.locator('[data-task="parse"]:focus, [data-task="count"]:focus').waitFor();
    await page.keyboard.press("ArrowRight");
    await page.locator('[data-task="store"]:focus').waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: "Task store" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("complementary").waitFor({ state: "detached" });
    await page.locator('[data-task="store"]:focus').waitFor();
    await page.context().close();
  });

  it("opens a run of ten thousand tasks with few elements, and its parts are found", async () => {
    await start("many", "large", { items: Array.from({ length: 9_999 }, (_, n) => n) });
    await ended("large");
    const page = await stage.signedIn("/runs/large");
    await page.getByText("10,000 completed").waitFor();
    await untilTaskState(page, "each", "parts: 9,999 of 9,999 done");
    assert.ok((await page.locator("*").count()) < 1_500, "more elements than are seen");
    await node(page, "each").click();
    await page.getByRole("complementary").getByText("9,999 parts").waitFor();
    await page.getByRole("tab", { name: "Chart" }).click();
    await page.getByRole("application", { name: /Chart of 10,000 tasks/ }).waitFor();
    await page.context().close();
  });

  it("resumes when the platform comes back", async () => {
    await start("listens", "over-a-restart");
    const page = await stage.signedIn("/runs/over-a-restart");
    await untilTaskState(page, "wait", "waiting");
    await stage.stop();
    await page.getByText("disconnected, reconnecting").waitFor();
    await stage.restart();
    await page.getByText("disconnected, reconnecting").waitFor({ state: "detached" });
    await stage.client.call("runs.signal", {
      params: { id: "over-a-restart", name: "go" },
      body: { by: "me" },
    });
    await stateOfRun(page, "completed");
    await page.context().close();
  });

  it("reports a missing run", async () => {
    const page = await stage.signedIn("/runs/nowhere");
    await page.getByText("The run cannot be shown").waitFor();
    await page
      .getByText(/nowhere/)
      .nth(1)
      .waitFor();
    await page.context().close();
  });

  it("is as on the picture in README: UPDATE_PICTURES=1 takes the picture again", async () => {
    await start("photo-album", "album-summer", { album: "summer", pictures: 200 });
    await ended("album-summer");
    const page = await stage.signedIn("/runs/album-summer", { viewport: { width: 1200, height: 670 } });
    await page.getByText("200 of 200").waitFor();
    const words = await page.locator(".places a, [role=tab], [data-task]").allInnerTexts();
    if (process.env["UPDATE_PICTURES"] === "1") {
      await page.screenshot({ path: picture.file });
      await writeFile(picture.words, `${JSON.stringify(words, undefined, 2)}\n`);
    }
    assert.deepEqual(words, JSON.parse(await readFile(picture.words, "utf8")));
    await page.context().close();
  });

  for (const [name, size, colorScheme] of [
    ["a large page, light", { width: 1440, height: 900 }, "light"],
    ["a phone, dark", { width: 390, height: 844 }, "dark"],
  ] as const)
    it(`has no accessibility problem and no overflow: ${name}`, async () => {
      const page = await stage.signedIn("/runs/broken?task=try", { viewport: size, colorScheme });
      await page.getByRole("complementary", { name: "Task try" }).waitFor();
      for (const view of ["graph", "chart", "trace", "history", "values"]) {
        await page.getByRole("tab", { name: new RegExp(view, "i") }).click();
        await page.locator(".tab-panel").getByText(/./).first().waitFor();
        assert.deepEqual(await accessibilityProblems(page), [], view);
        // A large page is made as narrow as a tablet, too.
        for (const width of new Set([Math.min(size.width, 1024), size.width])) {
          await page.setViewportSize({ ...size, width });
          const sticksOut = await page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth",
          );
          assert.equal(sticksOut, false, `${view} is wider than the page`);
        }
      }
      await page.context().close();
    });
});
