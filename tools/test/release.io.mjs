// @ts-check
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { it } from "node:test";
import { workspaceRoot } from "../setup.mjs";

it("a dry run of a release prints what it would do, and changes no file", () => {
  const status = () =>
    execFileSync("git", ["status", "--porcelain"], { cwd: workspaceRoot, encoding: "utf8" });
  const before = status();
  const words = [
    join(workspaceRoot, "tools", "release.mjs"),
    "9.8.7",
    "--dry-run",
    "--skip=packages,upgrade",
  ];
  const output = execFileSync(process.execPath, words, { cwd: workspaceRoot, encoding: "utf8" });
  assert.match(output, /^Dry run of release 9\.8\.7, after /);
  assert.match(output, /^ {2}libs\/sdk\/package\.json$/m);
  assert.match(output, /^## 9\.8\.7 - \d{4}-\d\d-\d\d$/m);
  assert.match(output, /no file of the working tree was changed\.\n$/);
  assert.equal(status(), before);
});
