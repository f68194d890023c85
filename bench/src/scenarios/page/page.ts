import { setTimeout as pause } from "node:timers/promises";
import { Client } from "@tutti/rest/client";
import lighthouse, { desktopConfig } from "lighthouse";
import type { BrowserContext, Page } from "playwright-core";
import { median, rounded } from "../../measure/statistics.ts";
import { cpuMs } from "../../processes/figures.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Result, Scenario } from "../../scenario.ts";
import { type SignedIn, signedIn } from "./browser.ts";
import { builtPage } from "./built-page.ts";

const tasks = 10_000;
const wide = `workflow: wide
input: {schema: {type: object, properties: {parts: {type: array}}}}
tasks:
  part: {forEach: "\${{ input.parts }}", set: "\${{ item }}"}
`;

const runs = 5_000;
const small = "workflow: small\ntasks: {say: {set: hello}}\n";

/**
 * The page as it is served, in a real browser that has signed in, of a platform that has done what it had to do: what of
 * its program the first page needs, how soon it stands, what Lighthouse says, how soon a run of many tasks is open, and how
 * a long list scrolls. Beside it the floor: what such a browser takes for a picture of 700 bytes by the same server.
 */
export const page: Scenario = {
  name: "page",
  about: "the page in a real browser: its size, how soon it stands, what Lighthouse says of it",
  goals: [
    {
      ...{ line: { variant: "first page" }, figure: "loadMs", atMost: 400, unit: "ms" },
      known: { issue: 28, worst: 3_000 },
    },
    {
      ...{ line: { variant: `run of ${tasks} tasks` }, figure: "openMs", atMost: 800, unit: "ms" },
      known: { issue: 28, worst: 5_000 },
    },
    {
      ...{ line: { variant: "list that scrolls" }, figure: "frameP95Ms", atMost: 17, unit: "ms" },
      known: { issue: 28, worst: 200 },
    },
  ],
  async *run({ rounds: count, isBrief = false }) {
    await using page = await builtPage();
    await using platform = await startPlatform(`--gateway.page=${page.folder}`);
    const client = new Client({ url: platform.http });
    await fill(client);
    await resting(platform.pid);
    await using browser = await signedIn(platform.http);
    yield await floor(browser.context, platform.http, count);
    yield await first(browser.context, platform.http, count);
    yield await run(browser.context, platform.http, count);
    yield await scrolled(browser.context, platform.http);
    for (const path of isBrief ? [] : ["/", "/runs"]) yield await judged(browser, platform.http, path);
  },
};

async function fill(client: Client): Promise<void> {
  for (const text of [wide, small]) await client.call("workflows.register", { body: { text } });
  const parts = Array.from({ length: tasks }, (_, part) => part);
  await client.call("runs.start", { body: { runId: "wide", definition: "wide", input: { parts } } });
  await client.call("runs.result", { params: { id: "wide" }, query: { waitMs: 60_000 } });
  const specs = [{ definition: { name: "small" } }];
  const items = Array.from({ length: 1_000 }, () => ({ spec: 1 }));
  for (let sent = 0; sent < runs; sent += items.length)
    await client.call("runs.batch", { body: { specs, items } });
}

const lookMs = 1_000;
const restingCpuMs = 50;

/** Until the platform has told and indexed what it was filled with: who opens the page does not wait for that. */
async function resting(pid: number): Promise<void> {
  for (let before = cpuMs(pid); ; ) {
    await pause(lookMs);
    const now = cpuMs(pid);
    if (now - before < restingCpuMs) return;
    before = now;
  }
}

interface Opened {
  /** From the navigation's begin until what was wanted stood there. */
  readonly ms: number;
  /** What of it the page's main thread worked: on a busy machine that says more. */
  readonly threadMs: number;
}

/** Opens an address in a tab of its own, with nothing in the browser's cache. */
async function opened<Result>(
  context: BrowserContext,
  url: string,
  selector: string,
  look: (page: Page, opened: Opened) => Promise<Result>,
): Promise<Result> {
  const page = await context.newPage();
  try {
    const session = await context.newCDPSession(page);
    await session.send("Network.clearBrowserCache");
    await session.send("Performance.enable");
    await page.goto(url, { waitUntil: "commit" });
    await page.locator(selector).first().waitFor();
    const ms = await page.evaluate<number>("performance.now()");
    const { metrics } = await session.send("Performance.getMetrics");
    const threadSec = metrics.find(({ name }) => name === "ThreadTime")?.value ?? 0;
    return await look(page, { ms, threadMs: threadSec * 1_000 });
  } finally {
    await page.close();
  }
}

async function rounds(
  context: BrowserContext,
  url: string,
  selector: string,
  count: number,
): Promise<Opened> {
  const all: Opened[] = [];
  for (let round = 0; round < count; round++)
    all.push(await opened(context, url, selector, async (_, taken) => taken));
  return {
    ms: rounded(median(all.map(({ ms }) => ms))),
    threadMs: rounded(median(all.map(({ threadMs }) => threadMs))),
  };
}

// What runs in the page is text here: this program has no document.

const scriptsOfPage = `performance.getEntriesByType("resource")
  .filter(({ name }) => name.endsWith(".js"))
  .map(({ encodedBodySize, decodedBodySize }) => ({ encodedBodySize, decodedBodySize }))`;

interface Script {
  readonly encodedBodySize: number;
  readonly decodedBodySize: number;
}

async function floor(context: BrowserContext, http: string, count: number): Promise<Result> {
  const { ms, threadMs } = await rounds(context, `${http}/tutti.svg`, "svg", count);
  return { variant: "floor", openMs: ms, threadMs };
}

async function first(context: BrowserContext, http: string, count: number): Promise<Result> {
  const selector = ".score .staff";
  const { ms, threadMs } = await rounds(context, `${http}/`, selector, count);
  const scripts = await opened(context, `${http}/`, selector, async (page) => {
    await page.waitForTimeout(1_000);
    return page.evaluate<readonly Script[]>(scriptsOfPage);
  });
  const sumOf = (figure: (one: Script) => number) =>
    rounded(scripts.reduce((sum, one) => sum + figure(one), 0) / 1_000);
  return {
    ...{ variant: "first page", loadMs: ms, threadMs },
    scriptsKb: sumOf(({ encodedBodySize }) => encodedBodySize),
    scriptsUnpackedKb: sumOf(({ decodedBodySize }) => decodedBodySize),
    scriptCount: scripts.length,
  };
}

async function run(context: BrowserContext, http: string, count: number): Promise<Result> {
  const { ms, threadMs } = await rounds(context, `${http}/runs/wide`, ".react-flow__node", count);
  return { variant: `run of ${tasks} tasks`, openMs: ms, threadMs };
}

const scrolling = `(async () => {
  const list = document.querySelector(".run-scroll");
  const taken = [];
  let before = performance.now();
  for (let frame = 0; frame < 300; frame++) {
    list.scrollTop += 500;
    const now = await new Promise((resolve) => requestAnimationFrame(resolve));
    taken.push(now - before);
    before = now;
  }
  return { taken, rows: document.querySelectorAll(".run-rows .run-row").length };
})()`;

/** Scrolls a list as far as it is loaded, a screen per frame, and looks at how long frames took. */
async function scrolled(context: BrowserContext, http: string): Promise<Result> {
  const frames = await opened(context, `${http}/runs`, ".run-rows .run-row", (page) =>
    page.evaluate<{ taken: number[]; rows: number }>(scrolling),
  );
  const sorted = [...frames.taken].sort((one, other) => one - other);
  return {
    ...{ variant: "list that scrolls", rowsDrawn: frames.rows },
    frameP50Ms: rounded(sorted[Math.floor(sorted.length * 0.5)] ?? 0),
    frameP95Ms: rounded(sorted[Math.floor(sorted.length * 0.95)] ?? 0),
  };
}

async function judged({ debuggingPort }: SignedIn, http: string, path: string): Promise<Result> {
  const said = await lighthouse(
    `${http}${path}`,
    {
      ...{ port: debuggingPort, disableStorageReset: true, logLevel: "error", output: "json" },
      onlyCategories: ["performance", "accessibility", "best-practices"],
    },
    desktopConfig,
  );
  if (said === undefined) throw new Error("Lighthouse said nothing");
  const { categories, audits } = said.lhr;
  // Without a score where an audit of the category could not be made.
  const score = (name: string) => rounded((categories[name]?.score ?? Number.NaN) * 100);
  const lacking = Object.values(audits)
    .filter(
      ({ score: each, scoreDisplayMode }) =>
        each !== null && each < 0.9 && scoreDisplayMode !== "informative",
    )
    .map(({ id }) => id);
  return {
    ...{ variant: `Lighthouse ${path}`, performance: score("performance") },
    ...{ accessibility: score("accessibility"), bestPractices: score("best-practices") },
    layoutShift: audits["cumulative-layout-shift"]?.numericValue ?? 0,
    largestPaintMs: rounded(audits["largest-contentful-paint"]?.numericValue ?? 0),
    lacking: lacking.join(" "),
  };
}
