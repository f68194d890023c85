/** The documentation as served by the platform: reading, search, dark theme, phone size. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { needsProgram } from "../../../../tools/programs.mjs";
import { accessibilityProblems, Stage } from "./stage.ts";

const browser = await needsProgram("chromium-headless-shell");
const builder = join(import.meta.dirname, "..", "..", "..", "site", "src", "main.ts");

describe("the documentation site", { skip: browser.skip }, () => {
  let stage: Stage;
  let pages: readonly string[];
  let out: string;
  before(async () => {
    out = mkdtempSync(join(tmpdir(), "docs-site-"));
    await promisify(execFile)(process.execPath, [builder, "--out", out]);
    pages = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".html"));
    stage = await Stage.open({
      ...{ chromium: browser.path, settings: [`--gateway.docs=${out}`] },
      handlers: { "docs.read": async () => "read" },
    });
  });
  after(async () => {
    await stage?.[Symbol.asyncDispose]();
    rmSync(out, { recursive: true });
  });

  const opened = async (path: string, options: Parameters<Stage["context"]>[0] = {}): Promise<Page> => {
    const page = await (await stage.context(options)).newPage();
    await page.goto(`${stage.url}/docs/${path}`);
    return page;
  };

  it("opens without a sign-in, and finds a page by words from any page", async () => {
    const page = await opened("guides/workflows.html");
    await page.getByRole("heading", { level: 1, name: "Workflows" }).waitFor();
    await page.keyboard.press("/");
    await page.getByRole("combobox").fill("fencing token");
    await page.getByRole("option").first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/docs\/(?!guides\/workflows)/);
    await page
      .getByText(/fencing token/i)
      .first()
      .waitFor();
    await page.getByRole("combobox").fill("zzzz");
    await page.getByText("No page matches.").waitFor();
    await page.context().close();
  });

  it("keeps the chosen theme on the next page", async () => {
    const page = await opened("index.html");
    const paper = () => page.evaluate<string>("getComputedStyle(document.body).color");
    const before = await paper();
    await page.getByRole("button", { name: "Theme: auto" }).click();
    await page.getByRole("button", { name: "Theme: light" }).click();
    await page.getByRole("button", { name: "Theme: dark" }).waitFor();
    assert.notEqual(await paper(), before);
    await page.getByRole("main").getByRole("link", { name: "first steps", exact: true }).first().click();
    await page.getByRole("button", { name: "Theme: dark" }).waitFor();
    await page.context().close();
  });

  it("serves an index and the Markdown of each page for models", async () => {
    const index = await (await fetch(`${stage.url}/docs/llms.txt`)).text();
    const links = [...index.matchAll(/\]\(([^)]+\.md)\)/g)].map(([, link]) => link ?? "");
    assert.ok(links.includes("guides/workflows.md"), index);
    for (const link of links) {
      const reply = await fetch(`${stage.url}/docs/${link}`);
      assert.equal(reply.status, 200, link);
      assert.match(await reply.text(), /^(<!--.*-->\n+)?# /, link);
    }
  });

  it("has no accessibility problem, light and dark", async () => {
    for (const path of ["index.html", "start.html", "guides/workflows.html", "reference/defaults.html"]) {
      const page = await opened(path, { colorScheme: "light" });
      assert.deepEqual(await accessibilityProblems(page), [], path);
      await page.emulateMedia({ colorScheme: "dark" });
      assert.deepEqual(await accessibilityProblems(page), [], `${path}, dark`);
      await page.context().close();
    }
  });

  it("fits a phone: no page is wider than 390 pixels", async () => {
    const page = await opened("index.html", { viewport: { width: 390, height: 844 } });
    const read = pages.filter((path) => !/^(adr|files)\//.test(path));
    const wide: string[] = [];
    for (const path of read) {
      await page.goto(`${stage.url}/docs/${path}`, { waitUntil: "domcontentloaded" });
      const width = await page.evaluate<number>("document.documentElement.scrollWidth");
      if (width > 390) wide.push(`${path}: ${width}`);
    }
    assert.ok(read.length > 50);
    assert.deepEqual(wide, []);
    await page.context().close();
  });
});
