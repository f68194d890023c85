/** The dashboard as a user uses it: a real browser before a real platform. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { latch, until } from "@tutti/kernel/testing";
import { TaskFailure } from "@tutti/sdk";
import type { Page } from "playwright-core";
import { needsProgram } from "../../../../tools/programs.mjs";
import { accessibilityProblems, Stage } from "./stage.ts";

const order = `workflow: order
description: Takes an order, asks, and ships it.
input:
  schema:
    type: object
    required: [customer, count]
    properties:
      customer: {type: string, minLength: 2}
      count: {type: integer, minimum: 1}
      carrier: {enum: [post, courier]}
tasks:
  take: {uses: stage.take, with: {customer: "\${{ input.customer }}"}}
  sure:
    approve:
      title: "Ship to \${{ input.customer }}?"
      form: {type: object, required: [box], properties: {box: {type: integer, minimum: 1}}}
    needs: [take]
  ship: {uses: stage.ship, needs: [sure]}
output: "\${{ tasks.ship.output }}"
`;
const frail = "workflow: frail\ntasks: {try: {uses: stage.frail, retry: 1}}\n";
const endless = "workflow: endless\ntasks: {wait: {wait: {signal: never}}}\n";

const kept = `workflow: kept
tasks:
  take: {uses: stage.take, cache: {ttl: 1h, tags: [taken today]}}
  again: {uses: stage.take, needs: [take], cost: {duration: 2s}}
`;

/** So long that its graph does not fit a picture of its height. */
const chain = `workflow: odd
tasks:
  a: {uses: x.y}
  b: {uses: x.y, needs: [a]}
  c: {uses: x.y, needs: [b]}
  d: {uses: x.y, needs: [c]}
`;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const idIn = (page: Page) => new URL(page.url()).pathname.split("/").at(-1) ?? "";

const isWithin = (one: Box, other: Box) =>
  one.x >= other.x &&
  one.y >= other.y &&
  one.x + one.width <= other.x + other.width &&
  one.y + one.height <= other.y + other.height;

const browser = await needsProgram("chromium-headless-shell");

describe("the page", { skip: browser.skip }, () => {
  let stage: Stage;
  let isBroken = true;
  const shipped = latch();

  before(async () => {
    stage = await Stage.open({
      chromium: browser.path,
      // A long lease keeps thousands of agents connected until the last one has connected.
      settings: ["--swarm.links.leaseMs=600000"],
      workflows: [order, frail, endless],
      handlers: {
        "stage.take": async () => "taken",
        "stage.ship": async () => {
          await shipped.opened;
          return "<b>shipped</b>";
        },
        "stage.frail": async () => {
          if (isBroken) throw new TaskFailure("stage.broken", "a string <i>snapped</i>", { final: true });
          return "played";
        },
      },
    });
    // The alert fires while the other tests run. It belongs to the installation, its failed run to the default namespace.
    await stage.client.call("alertRules.set", {
      params: { id: "up" },
      body: {
        ruleId: "up",
        ...{ title: "The stage <b>stands</b>", advice: "Play on.", severity: "error", condition: "up > 0.0" },
        queries: [{ queryId: "up", metric: "process_uptime_seconds", overSeries: "max" }],
      },
    });
    await start("frail", "frail-2");
  });
  after(() => stage?.[Symbol.asyncDispose]());

  const start = async (name: string, runId: string, input?: unknown) =>
    stage.client.call("runs.start", {
      body: { runId, definition: { name }, ...(input !== undefined && { input }) },
    });
  const statusOf = async (runId: string) =>
    (await stage.client.call("runs.get", { params: { id: runId } })).status;
  /** Waits for lists, which lag a moment. The page polls for about a second. */
  const listed = (definition: string, count: number) =>
    until(`${count} runs of ${definition} to be listed`, async () => {
      const { runs } = await stage.client.call("runs.list", { query: { definition } });
      return runs.length === count;
    });
  const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });

  it("signs in by the printed link, once, and keeps the token out of the address", async () => {
    const link = await stage.link();
    const context = await stage.context();
    const page = await context.newPage();
    await page.goto(link);
    await heading(page, "Overview").waitFor();
    assert.doesNotMatch(page.url(), /token/);
    const [cookie] = await context.cookies();
    assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, "Strict"]);
    await context.close();

    const other = await stage.context();
    const late = await other.newPage();
    await late.goto(link);
    assert.match(await late.locator("body").innerText(), /token|link/i);
    await late.goto(stage.url);
    await heading(late, "Sign in").waitFor();
    assert.deepEqual(await accessibilityProblems(late), []);
    await late.getByLabel("Token or key").fill("wrong");
    await late.getByRole("button", { name: "Sign in" }).click();
    await late.getByText(/A token works once/).waitFor();
    const token = new URL(await stage.link()).searchParams.get("token") ?? "";
    await late.getByLabel("Token or key").fill(token);
    await late.getByRole("button", { name: "Sign in" }).click();
    await heading(late, "Overview").waitFor();
    await other.close();
  });

  it("reports that a sign-in has ended, and returns to the same page after the next sign-in", async () => {
    const page = await stage.signedIn("/workflows");
    await heading(page, "Workflows").waitFor();
    await page.context().clearCookies();
    await page.getByRole("link", { name: "Workers" }).click();
    await page.getByText("Your sign-in has ended").waitFor();
    const token = new URL(await stage.link()).searchParams.get("token") ?? "";
    await page.getByLabel("Token or key").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await heading(page, "Workers").waitFor();
    await page.getByRole("button", { name: "stagehand" }).waitFor();
    await page.context().close();
  });

  it("switches content, actions and commands to another namespace, and back", async () => {
    await start("endless", "here");
    const page = await stage.signedIn("/runs");
    await page.getByRole("link", { name: "here", exact: true }).waitFor();
    await page.getByRole("button", { name: "Namespace default" }).click();
    await page.getByRole("textbox", { name: "Namespace" }).fill("No Name");
    await page.getByRole("button", { name: "Switch namespace" }).click();
    await page.getByText(/^expected .*, got/).waitFor();
    await page.getByRole("textbox", { name: "Namespace" }).fill("team-a");
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole("button", { name: "Switch namespace" }).click();
    await page.getByRole("button", { name: "Namespace team-a" }).waitFor();
    await page.goto(`${stage.url}/runs`);
    await page.getByText("No runs yet.").waitFor();
    await page.goto(`${stage.url}/editor`);
    await page.getByRole("button", { name: /Register.*: REST call and CLI command/ }).click();
    await page.getByText(/\/v1\/workflows\?namespace=team-a/).waitFor();
    await page.goto(`${stage.url}/runs?namespace=default`);
    await page.getByRole("link", { name: "here", exact: true }).waitFor();
    await stage.client.call("runs.terminate", { params: { id: "here" }, body: {} });
    await page.context().close();
  });

  it("stays usable with 1,500 workers, scrolls to the last, and finds one", async () => {
    const crowd = 1_500;
    const join = (number: number) =>
      stage.client.call("tasks.claim", {
        query: { namespace: "crowd" },
        body: {
          ...{ agentId: `singer-${number}`, waitMs: 0 },
          offering: { capabilities: [{ name: `sing.${number % 5}`, version: "1.0.0" }], slots: 2 },
        },
      });
    for (let joined = 0; joined < crowd; joined += 100)
      await Promise.all(Array.from({ length: 100 }, (_, each) => join(joined + each)));
    const page = await stage.signedIn("/workers?namespace=crowd");
    await page.getByText("1,500 workers").waitFor();
    const cards = page.getByRole("list", { name: "Workers" }).getByRole("listitem");
    const singer = (name: string) => page.getByRole("button", { name, exact: true });
    const assertFewDrawn = async () =>
      assert.ok((await cards.count()) < 150, "only those that are seen are drawn");
    await singer("singer-0").waitFor();
    await assertFewDrawn();
    // Over the navigation, the wheel scrolls the navigation.
    await singer("singer-0").hover();
    await page.mouse.wheel(0, 40_000);
    await singer("singer-0").waitFor({ state: "detached" });
    await assertFewDrawn();
    await page.keyboard.press("End");
    await singer("singer-999").waitFor();
    await assertFewDrawn();

    for (const id of ["singer-7", "singer-77", "singer-777"])
      await stage.client.call("agents.pause", { params: { id }, query: { namespace: "crowd" }, body: {} });
    await page.getByLabel("3 paused").check();
    await singer("singer-777").waitFor();
    assert.equal(await cards.count(), 3);
    await page.getByLabel("3 paused").uncheck();
    await page.getByLabel("Search").fill("sing.3");
    await singer("singer-1003").waitFor();
    await singer("singer-0").waitFor({ state: "detached" });
    await assertFewDrawn();
    await page.getByLabel("Search").fill("singer-1499");
    await page.getByRole("button", { name: "singer-1499" }).click();
    await page.getByRole("heading", { name: "singer-1499" }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.context().close();
  });

  it("shows pending tasks of a pool and the reason, and pauses the pool", async () => {
    await stage.client.call("workflows.register", {
      body: { text: "workflow: lonely\ntasks: {sing: {uses: nobody.sings}}\n" },
    });
    await start("lonely", "lonely-1");
    const page = await stage.signedIn("/pools");
    await heading(page, "Pools").waitFor();
    await page.getByRole("link", { name: "lonely-1" }).waitFor();
    await page.getByText("no worker has this capability").waitFor();
    await page.getByRole("button", { name: "Pause pool", exact: true }).click();
    await page.getByText("paused", { exact: true }).first().waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole("button", { name: "Resume pool", exact: true }).click();
    await page.getByText("paused", { exact: true }).first().waitFor({ state: "detached" });
    await page.context().close();
  });

  it("starts a run from a form of its input, shows errors next to the field, and shows its completion live", async () => {
    const page = await stage.signedIn("/start?workflow=order");
    const press = () => page.getByRole("button", { name: "Start run", exact: true }).click();
    await press();
    await page.getByText("Enter a value.").first().waitFor();
    await page.getByLabel("Customer").fill("<b>Clara</b>");
    // A shortcut does not reset the form. Leaving the form asks for confirmation, which is dismissed here.
    await page.getByRole("button", { name: "Start run", exact: true }).focus();
    await page.keyboard.press("n");
    await page.getByRole("link", { name: /^Inbox/ }).click();
    assert.equal(await page.getByLabel("Customer").inputValue(), "<b>Clara</b>");
    await page.getByLabel("Count").fill("1.5");
    await press();
    await page.getByText("Enter a whole number.").waitFor();
    await page.getByLabel("Count").fill("2");
    await page.getByLabel("Carrier").selectOption({ label: "courier" });
    await page.getByLabel("Id", { exact: true }).fill("live-1");
    await press();
    await page.waitForURL("**/runs/live-1");
    const run = await stage.client.call("runs.get", { params: { id: "live-1" } });
    assert.deepEqual(run.spec?.input, { customer: "<b>Clara</b>", count: 2, carrier: "courier" });

    // The question is shown as text with its form. After the answer, the run continues.
    await page.getByRole("link", { name: /^Inbox/ }).click();
    await page.getByRole("heading", { name: "Ship to <b>Clara</b>?" }).waitFor();
    assert.equal(await page.locator("main b").count(), 0);
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.getByText("Enter a whole number.").waitFor();
    await page.getByLabel("Box").fill("7");
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.getByText("No approvals for you.").waitFor();

    await page.goto(`${stage.url}/runs`);
    const row = page.getByRole("row", { name: /live-1/ });
    await row.getByText("running").waitFor();
    shipped.open();
    await row.getByText("completed").waitFor();
    await page.context().close();
  });

  it("fills the start form with the input of an earlier run", async () => {
    const page = await stage.signedIn("/start?like=live-1");
    await page.getByLabel("Count").waitFor();
    assert.equal(await page.getByLabel("Count").inputValue(), "2");
    assert.equal(await page.getByLabel("Customer").inputValue(), "<b>Clara</b>");
    await page.getByRole("tab", { name: "JSON" }).click();
    assert.deepEqual(JSON.parse(await page.getByLabel("Input as JSON").inputValue()), {
      ...{ customer: "<b>Clara</b>", count: 2, carrier: "courier" },
    });
    await page.context().close();
  });

  it("shows an error as text, retries it, and shows its recovery", async () => {
    await start("frail", "frail-1");
    const page = await stage.signedIn();
    const line = page.getByRole("listitem").filter({ hasText: "frail-1" });
    await line.getByText("a string <i>snapped</i>").or(line.getByText("stage.broken")).waitFor();
    isBroken = false;
    await line.getByRole("button", { name: "Retry run", exact: true }).click();
    await until(
      "the run to recover",
      () => statusOf("frail-1"),
      (status) => status === "completed",
    );
    await line.waitFor({ state: "detached" });
    await page.context().close();
  });

  it("leads from an alert to its incident, which is taken, repaired and resolved", async () => {
    const page = await stage.signedIn("/alerts?namespace=system");
    // On a busy machine other alerts have incidents too.
    const alert = page.getByRole("article").filter({ hasText: "The stage <b>stands</b>" });
    const link = alert.getByRole("link", { name: /^i\d+$/ });
    const incident = (await link.textContent()) ?? "";
    await link.click();
    await heading(page, "The stage <b>stands</b> open").waitFor();
    await page.getByRole("button", { name: "Take incident", exact: true }).click();
    await page.getByText("Owner: local-admin", { exact: false }).first().waitFor();
    isBroken = false;
    await page.getByRole("button", { name: "Retry the failed runs …" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(/^Retries \d+ failed runs?\.$/).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await dialog.getByRole("button", { name: "Start repair", exact: true }).click();
    await page.getByText(/^Repair started: run /).waitFor();
    await until(
      "the run to complete",
      () => statusOf("frail-2"),
      (status) => status === "completed",
    );
    for (const width of [390, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      assert.deepEqual(await accessibilityProblems(page), []);
      const over = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
      assert.ok(Number(over) <= 0, `${over} px wider than ${width}`);
    }
    await page.getByRole("button", { name: "Resolve incident …" }).click();
    await dialog.getByLabel("Resolution").fill("The string was replaced");
    await dialog.getByRole("button", { name: "Resolve incident", exact: true }).click();
    await heading(page, "The stage <b>stands</b> resolved").waitFor();
    await page.getByRole("link", { name: "Incidents", exact: true }).click();
    const line = page
      .getByRole("list", { name: "Incidents" })
      .getByRole("listitem")
      .filter({ hasText: "The stage <b>stands</b>" })
      .filter({ hasText: incident });
    await line.getByText("local-admin").waitFor();
    await page.context().close();
  });

  it("replays the recorded work of a pool with other workers, by a slider", async () => {
    const page = await stage.signedIn("/what-if");
    await page.getByRole("row", { name: /^Wait, p50/ }).waitFor();
    await page.getByText("Move a slider or choose a strategy to compare.").waitFor();
    const workers = page.getByLabel("Workers");
    await workers.focus();
    for (let press = 0; press < 3; press++) await page.keyboard.press("ArrowRight");
    await page.waitForURL(/workers=/);
    await page.getByText(/^Self-check: error/).waitFor();
    await page.getByRole("button", { name: "Replay: REST call and CLI command" }).click();
    await page.getByText(/tutti whatif --workers \d --since 7d/).waitFor();
    await page.context().close();
  });

  it("analyses the runs of a workflow, and the values of a metric", async () => {
    const page = await stage.signedIn("/analysis");
    await page.getByRole("heading", { name: "Causes of failures" }).waitFor();
    await page.getByLabel("Workflow").selectOption("frail");
    await page.getByRole("row", { name: /^try/ }).waitFor();
    await page.getByRole("button", { name: "Profile of frail: REST call and CLI command" }).click();
    await page.getByText("tutti analysis profile frail --since 24h").waitFor();
    await page.goto(`${stage.url}/series?metric=process_resident_memory_bytes&range=5m`);
    await page.getByRole("button", { name: "Find changes" }).click();
    const found = page
      .getByText("No changes beyond chance.")
      .or(page.getByRole("columnheader", { name: "Change" }));
    await found
      .or(page.getByText(/(rises|falls) by .* a day/))
      .first()
      .waitFor();
    await page.context().close();
  });

  it("shows each button's call and command, to copy", async () => {
    const page = await stage.signedIn("/inbox");
    await start("order", "spelled", { customer: "Ida", count: 1 });
    await page.getByRole("heading", { name: "Ship to Ida?" }).waitFor();
    await page.getByRole("button", { name: "Reject: REST call and CLI command" }).click();
    const bubble = page.locator(".bubble:popover-open");
    assert.match(await bubble.innerText(), /tutti approve spelled \S+ --reject/);
    assert.match(await bubble.innerText(), /curl -X POST .*\/v1\/approvals\//s);
    await page.context().close();
  });

  it("claims a question, releases it, and delegates it", async () => {
    const page = await stage.signedIn("/inbox");
    await start("order", "claimed", { customer: "Kim", count: 1 });
    const question = page.getByRole("listitem").filter({ hasText: "Ship to Kim?" });
    await question.getByRole("button", { name: "Claim", exact: true }).click();
    await question.getByText(/You have claimed it/).waitFor();
    await question.getByRole("button", { name: "Release", exact: true }).click();
    await question.getByRole("button", { name: "Claim", exact: true }).waitFor();
    await question.getByRole("button", { name: "Delegate …" }).click();
    await page.getByLabel("People").fill("zoe, quinn");
    await page.getByRole("dialog").getByRole("button", { name: "Delegate", exact: true }).click();
    await question.waitFor({ state: "detached" });
    await page.getByRole("tab", { name: "All open" }).click();
    await question.getByText(/delegated to zoe, quinn/).waitFor();
    await page.getByRole("tab", { name: "Inboxes" }).click();
    await page.getByText("No inboxes yet.").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.context().close();
  });

  it("cancels many runs at once, after a preview", async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `endless-${index}`);
    for (const id of ids) await start("endless", id);
    const page = await stage.signedIn("/runs?workflow=endless&status=%5B%22running%22%5D");
    await page.getByText("12 matching runs").waitFor();
    await page.getByRole("button", { name: "Cancel runs …" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("12 runs will be cancelled").waitFor();
    await dialog.getByRole("button", { name: "Cancel 12 runs", exact: true }).click();
    await dialog.getByText("Enter a reason.").waitFor();
    await dialog.getByLabel("Reason").fill("the piece is over");
    await dialog.getByRole("button", { name: "Cancel 12 runs", exact: true }).click();
    await page.getByText("12 runs cancelled").waitFor();
    await page.getByText("No runs match.").waitFor();
    for (const id of ids)
      await until(
        `${id} to end`,
        () => statusOf(id),
        (status) => status === "cancelled",
      );
    await page.context().close();
  });

  it("moves runs to another version, after a review of their fit", async () => {
    const offer = "workflow: offer\ntasks:\n  price: {set: 1}\n  ok: {needs: [price], wait: {signal: ok}}\n";
    await stage.client.call("workflows.register", { body: { text: offer } });
    for (const id of ["offer-1", "offer-2"]) await start("offer", id);
    const other = offer.replaceAll("price", "amount").replace("{set: 1}", "{set: 2}");
    await stage.client.call("workflows.register", { body: { text: other } });
    await listed("offer", 2);
    const page = await stage.signedIn("/runs?workflow=offer");
    await page.getByText("2 matching runs").waitFor();
    await page.getByRole("button", { name: "Move runs …" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("needs mapping 2").waitFor();
    await dialog.getByText(/offer-1 price it completed and is not in the version/).waitFor();
    await dialog.getByLabel("Mapping").fill("price=amount");
    await dialog.getByRole("button", { name: "Review" }).click();
    await dialog.getByText("2 runs will be moved").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    for (const width of [400, 900, 1400]) {
      await page.setViewportSize({ width, height: 900 });
      if (process.env["SHOTS"] !== undefined)
        await page.screenshot({ path: `${process.env["SHOTS"]}/move-${width}.png` });
    }
    await dialog.getByLabel("Reason").fill("the price was wrong");
    await dialog.getByRole("button", { name: "Move 2 runs", exact: true }).click();
    await page.getByText("2 runs moved").waitFor();
    const { definitionHash } = await stage.client.call("runs.get", { params: { id: "offer-1" } });
    const { hash } = await stage.client.call("workflows.get", { params: { name: "offer" } });
    assert.equal(definitionHash, hash);
    await page.context().close();
  });

  it("reports a disconnected platform, reconnects automatically, and has missed nothing", async () => {
    const page = await stage.signedIn("/runs");
    await page.getByRole("row", { name: /live-1/ }).waitFor();
    await stage.stop();
    await page.getByText("Disconnected from the platform. Reconnecting").waitFor();
    await page.getByRole("row", { name: /live-1/ }).waitFor();
    await stage.restart();
    await start("endless", "after-the-restart");
    await page.getByText("Disconnected from the platform. Reconnecting").waitFor({ state: "detached" });
    await page
      .getByRole("row", { name: /after-the-restart/ })
      .getByText("running")
      .waitFor();
    await page.context().close();
  });

  it("reports a page that fails to render, keeps the menu, and renders the page on retry", async () => {
    const page = await stage.signedIn();
    let isOdd = true;
    await page.route("**/v1/lockouts*", (route) => (isOdd ? route.fulfill({ json: {} }) : route.continue()));
    await page.goto(`${stage.url}/access?view=kept-out`);
    await page.getByText("The page failed to render").waitFor();
    await page.getByRole("link", { name: "Runs", exact: true }).first().click();
    await page.getByRole("heading", { name: "Runs", exact: true }).waitFor();
    await page.goBack();
    await page.getByText("The page failed to render").waitFor();
    isOdd = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("No lock-outs.").waitFor();
    await page.context().close();
  });

  it("is navigated by keyboard alone", async () => {
    const page = await stage.signedIn();
    await page.keyboard.press("g");
    await page.keyboard.press("w");
    await heading(page, "Workers").waitFor();
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("live-1");
    await page.getByRole("option", { name: /live-1/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL("**/runs/live-1");
    await page.context().close();
  });

  it("keeps the focus above the navigation bar of a phone", async () => {
    const page = await stage.signedIn("/start?workflow=order", { viewport: { width: 390, height: 844 } });
    await page.getByRole("button", { name: "Start run", exact: true }).waitFor();
    const last = page.locator("button:focus", { hasText: /^Start run$/ });
    const bar = await page.locator(".rail nav").boundingBox();
    const isAbove = (box: Box | null) => box !== null && bar !== null && box.y + box.height <= bar.y;
    let stops = 0;
    for (; stops < 40 && (await last.count()) === 0; stops++) {
      await page.keyboard.press("Tab");
      const focused = page.locator("main :focus");
      if ((await focused.count()) === 0) continue;
      const name = await page.evaluate<string>("document.activeElement.outerHTML.slice(0, 120)");
      assert.ok(isAbove(await focused.boundingBox()), `${name} is in view`);
    }
    assert.ok(stops < 40, "the last control has the focus");
    await page.context().close();
  });

  it("creates, pauses and triggers a schedule", async () => {
    const page = await stage.signedIn("/schedules");
    await page.getByRole("button", { name: "Create schedule" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("yearly");
    await dialog.getByLabel("Workflow").selectOption("endless");
    await dialog.getByLabel("Cron expression").fill("0 0 1 1 *");
    await dialog.getByRole("button", { name: "Create schedule", exact: true }).click();
    await heading(page, "yearly").waitFor();
    await page.getByRole("button", { name: "Pause schedule", exact: true }).click();
    await page.getByRole("button", { name: "Resume schedule", exact: true }).waitFor();
    await page.getByRole("button", { name: "Start run now", exact: true }).click();
    await page.getByRole("cell", { name: "started" }).waitFor();
    await page.context().close();
  });

  it("creates and tests a trigger, starts a run from an event, retries and deletes dead letters, and replays events", async () => {
    const page = await stage.signedIn("/triggers");
    await page.getByRole("button", { name: "Create trigger" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("orders");
    await dialog.getByLabel("Workflow").selectOption("endless");
    await dialog.getByLabel("Event type").fill("shop.order.*");
    await dialog.getByLabel("If").fill("event.data.total > 10");
    await dialog.getByLabel("Key").fill("event.data.id");
    await dialog.getByRole("button", { name: "Create trigger", exact: true }).click();
    await heading(page, "orders").waitFor();
    await page.getByText("No dead letters.").waitFor();

    await page.getByRole("button", { name: "Test trigger …" }).click();
    await dialog.getByLabel("Data").fill("{");
    await dialog.getByText(/Data: expected JSON/).waitFor();
    await dialog.getByLabel("Data").fill('{"id": 7, "total": 5}');
    await dialog.getByRole("button", { name: "Test trigger", exact: true }).click();
    await dialog.getByText("condition is false").waitFor();
    await dialog.getByLabel("Data").fill('{"id": 7, "total": 20}');
    await dialog.getByRole("button", { name: "Test trigger", exact: true }).click();
    await dialog.getByText("would start a run").waitFor();
    await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
    await page.getByText("No events yet.").waitFor();

    await page.getByRole("button", { name: "Post event …" }).click();
    await dialog.getByLabel("Event type").fill("shop.order.created");
    await dialog.getByLabel("Data").fill('{"id": 7, "total": 20}');
    await dialog.getByRole("button", { name: "Post event", exact: true }).click();
    await dialog.getByText("Posted. It matches 1 trigger.").waitFor();
    await dialog.getByLabel("Event type").fill("shop.order.lost");
    await dialog.getByLabel("Data").fill('{"id": 8}');
    await dialog.getByRole("button", { name: "Post event", exact: true }).click();
    await dialog.getByText(/^Posted\./).waitFor();
    await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
    await page.getByRole("cell", { name: "started" }).waitFor();
    await page.getByRole("heading", { name: /^[0-9a-f]{32}$/, level: 3 }).waitFor();
    await page.getByRole("button", { name: "Retry", exact: true }).click();
    await page.getByRole("button", { name: "Delete all …" }).click();
    await dialog.getByRole("button", { name: "Delete all", exact: true }).click();
    await page.getByText("No dead letters.").waitFor();

    await page.getByRole("button", { name: "Replay events …" }).click();
    await dialog.getByRole("button", { name: "Replay events", exact: true }).click();
    await dialog.getByText(/^2 past events, 2 met the condition/).waitFor();
    await dialog.getByRole("button", { name: "Close", exact: true }).last().click();

    await page.getByRole("button", { name: "Pause trigger", exact: true }).click();
    await page.getByRole("button", { name: "Resume trigger", exact: true }).waitFor();
    assert.equal((await stage.client.call("triggers.get", { params: { id: "orders" } })).paused, true);
    await page.getByRole("button", { name: "Remove trigger …" }).click();
    await dialog.getByRole("button", { name: "Remove trigger", exact: true }).click();
    await page.waitForURL("**/triggers");
    await page.getByText("No triggers yet.").waitFor();
    await page.context().close();
  });

  it("shows cached outputs with their savings, and invalidates them", async () => {
    await stage.client.call("workflows.register", { body: { text: kept } });
    for (const runId of ["kept-1", "kept-2"]) await start("kept", runId);
    await until("the run", async () => (await statusOf("kept-2")) === "completed");
    const page = await stage.signedIn("/workflows/kept");
    // This task has no expected duration, another task of the graph has one.
    await page.getByTitle("No expected duration is set").getByText("unknown").waitFor();
    await page.goto(`${stage.url}/workflows`);
    await page.getByRole("link", { name: "Cache", exact: true }).click();
    await heading(page, "Cache").waitFor();
    await page.getByText("of 1.0 GiB").waitFor();
    const line = page.getByRole("row").filter({ hasText: "stage.take" });
    await line.getByText("fresh", { exact: true }).waitFor();
    await line.getByRole("link", { name: "kept", exact: true }).waitFor();
    await line.getByRole("button", { name: /^Show stage.take/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("tutti cache explain kept-1").waitFor();
    await dialog.getByText("taken").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.keyboard.press("Escape");
    await page.getByLabel("Entries by").selectOption("tag");
    await page.getByLabel("Value").fill("taken today");
    await page.waitForURL("**/cache?by=tag&value=taken*");
    await page.getByRole("button", { name: "Invalidate these entries …" }).click();
    await dialog.getByRole("button", { name: "Invalidate these entries", exact: true }).click();
    await page.getByText("No entries match.").waitFor();
    assert.deepEqual((await stage.client.call("cache.list", {})).entries, []);
    await page.context().close();
  });

  it("locates errors in a definition, and registers a corrected definition", async () => {
    const page = await stage.signedIn("/editor");
    await page.getByText("No problems found").waitFor();
    await page.getByLabel("Definition").fill("workflow: odd\ntasks:\n  a: {uses: x.y, needs: [b]}\n");
    const problem = page.getByRole("list", { name: "Problems" }).getByRole("button").first();
    assert.match(await problem.innerText(), /^3:/);
    await page.getByLabel("Definition").fill("workflow: odd\ntasks:\n  a: {uses: x.y}\n");
    await page.getByText("No problems found").waitFor();
    await page.getByLabel("Definition").fill(chain);
    const tasks = page.locator(".definition-task");
    await until(
      "all tasks to be in the picture",
      () => tasks.count(),
      (many) => many === 4,
    );
    const picture = await page.locator(".definition-graph").boundingBox();
    const boxes = await Promise.all((await tasks.all()).map((task) => task.boundingBox()));
    for (const [at, box] of boxes.entries())
      assert.ok(box !== null && picture !== null && isWithin(box, picture), `task ${at} is in the picture`);
    await page.getByRole("button", { name: "Register workflow", exact: true }).click();
    await heading(page, "odd").waitFor();
    await page.context().close();
  });

  it("publishes a template, and starts it as a run, a mission or a session from its form", async () => {
    const page = await stage.signedIn("/templates");
    await page.getByLabel("Search").fill("irreversible");
    await page.getByRole("link", { name: "approval", exact: true }).click();
    await page.getByLabel("Capability").fill("stage.take");
    await page.getByLabel("Amount").fill("5");
    await page.getByRole("button", { name: "Start run", exact: true }).click();
    await page.waitForURL(`${stage.url}/runs/*`);
    const { definition, parameters } =
      (await stage.client.call("runs.get", { params: { id: idIn(page) } })).spec ?? {};
    assert.equal(definition?.name, "approval");
    assert.deepEqual(parameters, { capability: "stage.take", freeUpTo: 100, needed: 1 });
    await page.goto(`${stage.url}/templates/missions/map-reduce`);
    await page.getByRole("button", { name: "Publish workflow", exact: true }).click();
    await page.getByText("Published missions/map-reduce.").waitFor();
    await page.getByRole("button", { name: "Start mission", exact: true }).click();
    await page.waitForURL(`${stage.url}/missions/*`);
    const mission = await stage.client.call("missions.get", { params: { id: idIn(page) } });
    assert.equal(mission.definition, "count-words");
    await page.goto(`${stage.url}/templates/sessions/report`);
    await page.getByLabel(/^From\b/).fill("1");
    await page.getByLabel(/^To\b/).fill("2");
    await page.getByRole("button", { name: "Start session", exact: true }).click();
    await page.getByText("No worker offers sales.count for task monday.").waitFor();
    await stage.join({ agentId: "sales" }, { "sales.count": async () => 1, "sales.sum": async () => 2 });
    await page.getByRole("button", { name: "Start session", exact: true }).click();
    await page.waitForURL(`${stage.url}/sessions/*`);
    const session = await stage.client.call("sessions.get", { params: { id: idIn(page) } });
    assert.equal(session.tasks?.total, 3);
    await page.goto(`${stage.url}/start?workflow=approval`);
    await page.getByLabel("Capability").waitFor();
    await page.context().close();
  });

  it("moves a part of new runs to a variant, and rolls back", async () => {
    for (const variant of ["old", "new"] as const) {
      const tasks = { old: "{old: {uses: stage.take}}", new: "{new: {uses: stage.ship}}" }[variant];
      const text = `workflow: routes\ntasks: ${tasks}\n`;
      const keepLatest = variant === "new";
      await stage.client.call("workflows.register", { body: { text, versionLabels: [variant], keepLatest } });
    }
    const page = await stage.signedIn("/capabilities");
    const variant = page.getByRole("listitem").filter({ hasText: "of new runs" });
    await variant.getByText("new 0 %, old 100 % of new runs").waitFor();
    await variant.getByLabel("Part of new runs of routes").fill("25");
    await variant.getByRole("button", { name: "Set percentage", exact: true }).click();
    await variant.getByText("new 25 %, old 75 % of new runs").waitFor();
    const rollout = async () =>
      (await stage.client.call("workflows.get", { params: { name: "routes" } })).rollout?.percent ?? 0;
    assert.equal(await rollout(), 25);
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.setViewportSize({ width: 390, height: 844 });
    const over = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
    assert.ok(Number(over) <= 0, `${over} px wider than a phone`);
    await variant.getByRole("button", { name: "Roll back", exact: true }).click();
    await variant.getByText("new 0 %, old 100 % of new runs").waitFor();
    assert.equal(await rollout(), 0);
    await page.context().close();
  });
});
