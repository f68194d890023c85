/** Each page as a user sees it: in both themes, on a desk and on a phone. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import type { Page } from "playwright-core";
import { accessibilityProblems, type Stage } from "./stage.ts";

const places = {
  ...{ overview: "/", runs: "/runs", start: "/start?workflow=order", inbox: "/inbox" },
  ...{ workflows: "/workflows", workflow: "/workflows/order", editor: "/editor", workers: "/workers" },
  ...{ templates: "/templates", template: "/templates/sessions/report" },
  ...{ pools: "/pools", schedules: "/schedules", triggers: "/triggers" },
  explore: "/explore?sql=SELECT%20status%2C%20count(*)%20FROM%20runs%20GROUP%20BY%201",
  ...{ services: "/services", metrics: "/series", incidents: "/incidents" },
  ...{ analysis: "/analysis?workflow=order", advice: "/advice", models: "/models", cache: "/cache" },
  ...{ capabilities: "/capabilities", capacity: "/capacity?day=monday" },
  "a replay": "/what-if?workers=3&load=2",
  "one metric": "/series?metric=process_resident_memory_bytes&range=5m",
  ...{ access: "/access", policy: "/policy", "a new rule": "/rule", audit: "/audit" },
  ...{ policies: "/access?view=policies", decisions: "/access?view=decisions", keys: "/access?view=keys" },
  ...{ "sign-ins": "/access?view=sign-ins", "locked-out callers": "/access?view=kept-out" },
  ...{ "refused requests": "/audit?view=refused", checkpoints: "/audit?view=checkpoints" },
  compliance: "/audit?view=compliance",
  "an address of nothing": "/nowhere",
} as const;

export function describeLooks(stageOf: () => Stage): void {
  describe("in both themes", () => {
    let page: Page;
    before(async () => {
      page = await stageOf().signedIn();
    });
    after(() => page?.context().close());

    for (const [name, path] of Object.entries(places))
      it(`has no accessibility problem on ${name}, and fits a phone`, async () => {
        await open(page, stageOf().url, name, path);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          await page.setViewportSize({ width: 1440, height: 900 });
          assert.deepEqual(await accessibilityProblems(page), [], `${name}, ${colorScheme}`);
          await page.setViewportSize({ width: 390, height: 844 });
          assert.deepEqual(await accessibilityProblems(page), [], `${name}, ${colorScheme}, phone`);
        }
        await assertFits(page, name);
        const rows = await page.evaluate(
          "new Set([...document.querySelectorAll('.places .place')].map((each) => each.getBoundingClientRect().top)).size",
        );
        assert.equal(rows, 1, `${name}: the navigation of a phone has one row`);
      });
  });
}

/** For a namespace that has no data. */
export function describeLooksOfNamespace(stageOf: () => Stage, namespace: string): void {
  describe("in a namespace", () => {
    let page: Page;
    before(async () => {
      page = await stageOf().signedIn(`/?namespace=${namespace}`);
      await page.setViewportSize({ width: 768, height: 1024 });
    });
    after(() => page?.context().close());

    for (const [name, path] of Object.entries(places))
      it(`sends no request that the platform refuses on ${name}, and fits a tablet`, async () => {
        const refused: string[] = [];
        const record = (answer: { status(): number; url(): string }) => {
          if (answer.status() >= 400 && answer.status() !== 404)
            refused.push(`${answer.status()} ${answer.url()}`);
        };
        page.on("response", record);
        await open(page, stageOf().url, name, path);
        page.off("response", record);
        assert.deepEqual(refused, []);
        await assertFits(page, name);
      });
  });
}

async function open(page: Page, url: string, name: string, path: string): Promise<void> {
  await page.goto(`${url}${path}`);
  await page.locator("main h1").waitFor();
  await until(
    `${name} to be there`,
    () => page.locator(".waiting").count(),
    (many) => many === 0,
  );
}

async function assertFits(page: Page, name: string): Promise<void> {
  const over = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
  assert.ok(Number(over) <= 0, `${name}: ${over} px wider than the window`);
}
