import { Client } from "@tutti/rest/client";
import lighthouse, { desktopConfig } from "lighthouse";
import type { Page } from "playwright-core";
import { median, rounded } from "../../measure/statistics.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Result, Scenario } from "../../scenario.ts";
import { type SignedIn, signedIn } from "./browser.ts";

const tasks = 10_000;
const wide = `workflow: wide
input: {schema: {type: object, properties: {parts: {type: array}}}}
tasks:
  part: {forEach: "\${{ input.parts }}", set: "\${{ item }}"}
`;

const runs = 5_000;
const small = "workflow: small\ntasks: {say: {set: hello}}\n";

/**
 * The page as it is served, in a real browser that has signed in: what of its program the first page needs, how soon it
 * stands, what Lighthouse says, how soon a run of many tasks is open, and how a long list scrolls.
 */
export const page: Scenario = {
  name: "page",
  about: "the page in a real browser: its size, how soon it stands, what Lighthouse says of it",
  async *run({ rounds }) {
    await using platform = await startPlatform();
    const client = new Client({ url: platform.http });
    await fill(client);
    await using browser = await signedIn(platform.http);
    yield await first(browser.page, platform.http, rounds);
    yield await run(browser.page, platform.http, rounds);
    yield await scrolled(browser.page, platform.http);
    for (const path of ["/", "/runs"]) yield await judged(browser, platform.http, path);
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

/** From the navigation's begin, with nothing in the browser's cache, until what was wanted stands there. */
async function opened(page: Page, url: string, selector: string): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.clearBrowserCache");
  await session.detach();
  await page.goto("about:blank");
  await page.goto(url, { waitUntil: "commit" });
  await page.locator(selector).first().waitFor();
  return page.evaluate<number>("performance.now()");
}

// What runs in the page is text here: this program has no document.

const scriptsOfPage = `performance.getEntriesByType("resource")
  .filter(({ name }) => name.endsWith(".js"))
  .map(({ encodedBodySize, decodedBodySize }) => ({ encodedBodySize, decodedBodySize }))`;

interface Script {
  readonly encodedBodySize: number;
  readonly decodedBodySize: number;
}

async function first(page: Page, http: string, rounds: number): Promise<Result> {
  const opens: number[] = [];
  for (let round = 0; round < rounds; round++) opens.push(await opened(page, `${http}/`, ".score .staff"));
  await page.waitForTimeout(1_000);
  const scripts = await page.evaluate<readonly Script[]>(scriptsOfPage);
  const sumOf = (figure: (one: Script) => number) =>
    rounded(scripts.reduce((sum, one) => sum + figure(one), 0) / 1_000);
  return {
    ...{ variant: "first page", loadMs: rounded(median(opens)) },
    scriptsKb: sumOf(({ encodedBodySize }) => encodedBodySize),
    scriptsUnpackedKb: sumOf(({ decodedBodySize }) => decodedBodySize),
    scriptCount: scripts.length,
  };
}

/** The picture with all parts of the run in it. */
const wholeRun = '[data-task="part"][aria-label*="10,000 of 10,000 parts over"]';

async function run(page: Page, http: string, rounds: number): Promise<Result> {
  const opens: number[] = [];
  for (let round = 0; round < rounds; round++) opens.push(await opened(page, `${http}/runs/wide`, wholeRun));
  return { variant: `run of ${tasks} tasks`, openMs: rounded(median(opens)) };
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
async function scrolled(page: Page, http: string): Promise<Result> {
  await opened(page, `${http}/runs`, ".run-rows .run-row");
  const frames = await page.evaluate<{ taken: number[]; rows: number }>(scrolling);
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
  const score = (name: string) => rounded((categories[name]?.score ?? 0) * 100);
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
