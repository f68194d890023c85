// @ts-check
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { releaseChangelog } from "../release/changelog.mjs";
import { compatibilityPage, factsOf, withRow } from "../release/compatibility.mjs";
import { nextVersion, withVersion } from "../release/versions.mjs";
import { workspaceRoot } from "../setup.mjs";

describe("a release", () => {
  it("has a version above the one before", () => {
    const cases = [
      ["minor", "0.2.0"],
      ["major", "1.0.0"],
      ["patch", "0.1.10"],
      ["0.1.10", "0.1.10"],
      ["2.0.0", "2.0.0"],
    ];
    for (const [wanted = "", expected] of cases) assert.equal(nextVersion("0.1.9", wanted), expected);
    for (const wanted of ["0.1.9", "0.0.20", "1.0", "v2.0.0", "next"])
      assert.throws(() => nextVersion("0.1.9", wanted), /^Error: expected /, wanted);
  });

  it("takes what is unreleased into its section, and leaves an empty one", () => {
    const before = "# Changelog\n\n## Unreleased\n\n### Added\n\n- One.\n\n## 0.1.0\n\n- First.\n";
    const { text, section } = releaseChangelog(before, "0.2.0", "2026-01-31");
    assert.equal(section, "## 0.2.0 - 2026-01-31\n\n### Added\n\n- One.\n");
    assert.equal(text, `# Changelog\n\n## Unreleased\n\n${section}\n## 0.1.0\n\n- First.\n`);
    assert.throws(() => releaseChangelog(text, "0.3.0", "2026-02-01"), /Unreleased of CHANGELOG.md is empty/);
    assert.throws(() => releaseChangelog(before, "0.1.0", "2026-02-01"), /already has a section 0\.1\.0/);
    assert.throws(() => releaseChangelog("# Changelog\n", "0.2.0", "2026-02-01"), /no section Unreleased/);
    const alone = releaseChangelog("## Unreleased\n\n- One.\n", "0.1.0", "2026-01-31");
    assert.equal(alone.text, "## Unreleased\n\n## 0.1.0 - 2026-01-31\n\n- One.\n");
  });

  it("states its version in every file that states one, and changes nothing else in them", () => {
    const { version } = JSON.parse(readFileSync(join(workspaceRoot, "package.json"), "utf8"));
    const edits = withVersion(workspaceRoot, "9.8.7");
    assert.ok(edits.size > 50);
    for (const [file, text] of edits) {
      assert.match(text, /9\.8\.7/, file);
      if (file === "package-lock.json") continue;
      assert.equal(text.replaceAll("9.8.7", version), readFileSync(join(workspaceRoot, file), "utf8"), file);
    }
    const lock = JSON.parse(edits.get("package-lock.json") ?? "");
    assert.equal(lock.packages[""].version, "9.8.7");
    assert.equal(lock.packages["libs/sdk"].version, "9.8.7");
    for (const [folder, { version: locked }] of Object.entries(lock.packages))
      if (folder.startsWith("node_modules/")) assert.notEqual(locked, "9.8.7", folder);
  });

  it("names its least Node in the same way on the pages that users start with", () => {
    const { engines } = JSON.parse(readFileSync(join(workspaceRoot, "package.json"), "utf8"));
    const least = `Node ${engines.node.replace(">=", "")} or newer`;
    const starters = globSync("examples/starters/*/README.md", { cwd: workspaceRoot });
    const pages = [
      "README.md",
      "docs/start.md",
      "docs/guides/install.md",
      "docs/tutorials/1-first-workflow.md",
    ];
    for (const page of [...pages, ...starters, "tools/package/sdk.mjs"]) {
      const text = readFileSync(join(workspaceRoot, page), "utf8");
      assert.ok(text.includes(least), `${page}: expected \`${least}\``);
      assert.doesNotMatch(text, /any Node|Node (?:18|20) or newer/, page);
    }
  });

  it("has a row of compatibility, that of the sources", () => {
    const page = readFileSync(join(workspaceRoot, compatibilityPage), "utf8");
    const facts = factsOf(workspaceRoot);
    assert.equal(withRow(page, facts), page, "the row Unreleased is stale: set it to what factsOf returns");
    const released = withRow(page, facts, "9.8.7");
    const cells = facts.join(" | ");
    assert.ok(released.includes(`| Unreleased | ${cells} |\n| 9.8.7 | ${cells} |\n| 0.1.0 | 1 |`));
  });
});
