// @ts-check

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { workspaceRoot } from "../setup.mjs";
import { countJobs, isFewest, withTable } from "../ten-jobs.mjs";

describe("ten jobs", () => {
  const jobs = countJobs();

  it("has a table with the counted lines", () => {
    const page = readFileSync(join(workspaceRoot, "docs/ten-jobs.md"), "utf8");
    assert.equal(page, withTable(jobs, page), "run `node tools/ten-jobs.mjs`");
  });

  it("needs the fewest lines, or as few as the best, in nine of ten", () => {
    assert.equal(jobs.length, 10);
    assert.ok(jobs.filter(isFewest).length >= 9);
  });

  it("counts each job in at least three other systems", () => {
    for (const { job, theirs } of jobs)
      assert.ok(theirs.filter((lines) => lines !== undefined).length >= 3, job);
  });
});
