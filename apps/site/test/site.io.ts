/** Tests the builder on a small tree: its output, and the faults that it reports. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { createContext, runInContext } from "node:vm";
import { buildSite, workspaceRoot } from "../src/site.ts";

describe("the site", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "site-"));
    write("package.json", '{"version": "0.9.0"}');
    write("apps/dashboard/src/style/tokens.css", ":root {}");
    write("apps/dashboard/public/tutti.svg", "<svg/>");
    write("examples/a/flow.yaml", "workflow: a");
    write("docs/README.md", "# Docs\n\nHello. See [locks](guides/locks.md#use), [a](../examples/a).\n");
    write("docs/guides/README.md", "# Guides\n\n[Locks](locks.md)\n");
    write(
      "docs/guides/locks.md",
      "# Locks\n\nOne holder.\n\n## Use\n\n<!-- search: mutex -->\n\nTake it: [flow](../../examples/a/flow.yaml).\n",
    );
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  const build = (repository?: string) => buildSite({ root, out: join(root, "out"), repository });
  const output = (name: string) => readFileSync(join(root, "out", name), "utf8");

  it("has pages, their Markdown, the linked files, a search index and an index for models", async () => {
    assert.deepEqual((await build()).problems, []);
    assert.match(output("index.html"), /href="guides\/locks.html#use"/);
    assert.match(output("guides/locks.html"), /href="\.\.\/files\/examples\/a\/flow.yaml.html"/);
    assert.match(
      output("guides/locks.html"),
      /<section>\s+<h2 id="use">.*Take it: .*<\/section>\s+<footer>/s,
    );
    assert.match(output("guides/locks.md"), /\(\.\.\/files\/examples\/a\/flow.yaml.txt\)/);
    assert.match(output("files/examples/a/index.html"), /flow\.yaml\.html/);
    assert.equal(output("files/examples/a/flow.yaml.txt"), "workflow: a");
    assert.match(output("llms.txt"), /- \[Locks\]\(guides\/locks.md\): One holder\./);
    const locks = JSON.parse(output("search.json")).find(
      ([address]: string[]) => address === "guides/locks.html",
    );
    assert.deepEqual(locks[2][1].slice(0, 2), ["use", "Use"]);
    assert.equal(locks[2][1][3], "mutex");
    assert.doesNotMatch(output("index.html"), /Edit this page/);
  });

  it("reserves the place of each picture", async () => {
    write("docs/images/lock.svg", '<svg xmlns="x" width="720" height="250"/>');
    write("docs/guides/locks.md", "# Locks\n\n![A lock](../images/lock.svg)\n\n## Use\n\nTake it.\n");
    assert.deepEqual((await build()).problems, []);
    assert.match(output("guides/locks.html"), /<img src="\.\.\/images\/lock\.svg" width="720" height="250"/);
  });

  it("links each page to its source in the repository, if there is one", async () => {
    await build("https://git.example/tutti");
    assert.match(
      output("guides/locks.html"),
      /https:\/\/git\.example\/tutti\/edit\/main\/docs\/guides\/locks\.md/,
    );
  });

  it("is stored next to other versions, which are listed from the newest", async () => {
    const versioned = () => buildSite({ root, out: join(root, "out"), isVersioned: true });
    await versioned();
    write("package.json", '{"version": "0.10.0"}');
    await versioned();
    assert.equal(output("versions.json"), '["0.10.0","0.9.0"]');
    assert.match(output("index.html"), /url=0\.10\.0\/index\.html/);
    assert.match(output("0.9.0/guides/locks.html"), /data-version="0\.9\.0" data-versioned/);
    await build();
    assert.doesNotMatch(output("guides/locks.html"), /data-versioned/);
  });

  for (const [fault, text, problem] of [
    ["a link to no file", "# Locks\n\n[x](gone.md)\n", /locks\.md: the link gone\.md leads to no file/],
    ["a link to no heading", "# Locks\n\n[x](../README.md#gone)\n", /index\.html has no heading #gone/],
    ["a page without a title", "Nothing.\n", /locks\.md: expected a title/],
  ] as const)
    it(`is not built with ${fault}`, async () => {
      write("docs/guides/locks.md", text);
      write("docs/README.md", "# Docs\n");
      assert.match((await build()).problems.join("\n"), problem);
    });

  it("is not built with a page that no section lists", async () => {
    write("docs/lost.md", "# Lost\n");
    assert.match((await build()).problems.join("\n"), /docs\/lost\.md: expected a place in the navigation/);
  });
});

/** The global scope of `search.js`. */
interface Search {
  sectionsOf(pages: unknown): unknown;
  search(sections: unknown, query: string): readonly { readonly address: string }[];
}

describe("the search of the documentation", () => {
  const out = mkdtempSync(join(tmpdir(), "site-"));
  const scope = createContext({}) as unknown as Search;
  let sections: unknown;
  before(async () => {
    assert.deepEqual((await buildSite({ root: workspaceRoot, out })).problems, []);
    runInContext(readFileSync(join(out, "search.js"), "utf8"), scope);
    sections = scope.sectionsOf(JSON.parse(readFileSync(join(out, "search.json"), "utf8")));
  });
  after(() => rmSync(out, { recursive: true }));

  for (const [query, expected] of [
    ["quickstart", "start.html"],
    ["hello world", "guides/install.html#the-first-run"],
    ["queued forever", "production/troubleshooting.html"],
    ["stuck", "production/troubleshooting.html"],
    ["wrong pool", "production/troubleshooting.html"],
    ["no worker offers", "production/troubleshooting.html"],
    ["approval reject", "tutorials/4-approval-and-saga.html#an-approval"],
    ["approval reject", "guides/workflows.html#waiting"],
  ] as const)
    it(`finds ${expected} by "${query}" among the first three`, () => {
      const addresses = scope.search(sections, query).map(({ address }) => address);
      assert.ok(addresses.slice(0, 3).includes(expected), addresses.join("\n"));
    });
});
