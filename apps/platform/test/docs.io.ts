/**
 * Tests that the documentation is true: every block of every page runs, every link has a target. The kind of a block
 * determines its test (`docs/kinds.ts`). A block of an unknown kind fails. Pages that start a default platform share one
 * platform, one page after the other. Pages that start one of their own are tested nightly, except the first steps.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { after, before, describe, it } from "node:test";
import { allPages, type Page, root } from "./docs/page.ts";
import { pageTests } from "./docs/page-tests.ts";
import { typecheckPrograms } from "./docs/typecheck.ts";
import { commandsOf, sharesPlatform, startsOwnPlatform } from "./docs/workshop.ts";
import { type Service, start } from "./support/services.ts";

const pages = allPages();
const shared = pages.filter(sharesPlatform);

describe("documentation", { concurrency: 2 }, () => {
  const tests = pageTests();

  it("has programs that pass the compiler", async () => {
    await typecheckPrograms(pages, join(tests.folder.path, "typecheck"));
  });

  for (const { path, blocks } of pages) {
    const lines = blocks.filter(({ kind }) => kind === "sh").flatMap(({ text }) => commandsOf(text));
    if (!lines.includes("npx tutti dev")) continue;
    it(`${path}: every command starts with npx, as its platform does`, () => {
      assert.deepEqual(
        lines.filter((line) => line.startsWith("tutti ")),
        [],
      );
    });
  }

  for (const page of pages)
    if (!shared.includes(page) && (!startsOwnPlatform(page) || page.path === "docs/start.md"))
      tests.itPasses(page);

  // Pages register workflows with the same names, so pages that run concurrently would start each other's workflows.
  describe("of a platform as it is by default", { concurrency: 1 }, () => {
    let platform: Service;
    before(async () => {
      platform = await start("platform", [], { directory: tests.folder.path });
    });
    after(() => platform?.[Symbol.asyncDispose]());

    for (const page of shared)
      it(`${page.path}: every block passes its check on the shared platform`, () =>
        tests.tryPage(page, platform));

    it("knows every metric of a running platform", async () => {
      const metricsText = await (await fetch(`${platform.http}/metrics`)).text();
      const page = readFileSync(join(root, "docs/reference/metrics.md"), "utf8");
      const names = [...metricsText.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
        ([, name, kind]) => `\`${name}\` | ${kind}`,
      );
      assert.ok(names.length > 20, metricsText);
      assert.deepEqual(
        names.filter((name) => !page.includes(name)),
        [],
      );
    });
  });

  it("has links that lead somewhere", () => {
    const missing = pages.flatMap((page) =>
      page.links
        .filter(({ target }) => !leadsSomewhere(target, page))
        .map(({ place, target }) => `${place}: ${target}`),
    );
    assert.deepEqual(missing, []);
  });

  it("lists every decision, each under a number of its own", () => {
    const listed = pages.find(({ path }) => path === "docs/adr/README.md")?.links.map(({ target }) => target);
    const written = pages
      .map(({ path }) => path.replace("docs/adr/", ""))
      .filter((path) => /^\d{4}-[^/]*$/.test(path));
    assert.deepEqual(listed?.sort(), written.sort());
    assert.equal(new Set(written.map((path) => path.slice(0, 4))).size, written.length);
  });

  it("names files and folders that are there", () => {
    const missing = pages.flatMap(({ paths }) =>
      paths
        .filter(({ target }) => !existsSync(join(root, target)))
        .map(({ place, target }) => `${place}: ${target}`),
    );
    assert.deepEqual(missing, []);
  });
});

function leadsSomewhere(target: string, from: Page): boolean {
  if (/^https?:/.test(target)) return URL.canParse(target);
  const [file = "", anchor] = target.split("#");
  const path = file === "" ? from.path : normalize(join(dirname(from.path), file));
  if (!existsSync(join(root, path))) return false;
  return anchor === undefined || (pages.find((page) => page.path === path)?.anchors.has(anchor) ?? false);
}
