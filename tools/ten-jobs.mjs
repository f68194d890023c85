#!/usr/bin/env node
// @ts-check

// Counts the lines of the ten jobs in docs/ten-jobs.md and writes the table of that page:
//
//   node tools/ten-jobs.mjs

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceRoot } from "./setup.mjs";

const others = ["Temporal", "Restate", "Inngest", "LangGraph"];
const table = /(?<=<!-- table -->\n).*?(?=<!-- end of table -->)/s;

/** @typedef {{ readonly job: string, readonly ours: number, readonly theirs: readonly (number | undefined)[] }} Counted */

/** @param {string} [root] @returns {Counted[]} */
export function countJobs(root = workspaceRoot) {
  const ours = linesByJob(readFileSync(join(root, "docs/ten-jobs.md"), "utf8"));
  const theirs = others.map((name) =>
    linesByJob(readFileSync(join(root, `docs/ten-jobs/${name.toLowerCase()}.md`), "utf8")),
  );
  const known = [...ours].filter(([job]) => theirs.some((each) => each.has(job)));
  return known.map(([job, lines]) => ({ job, ours: lines, theirs: theirs.map((each) => each.get(job)) }));
}

/** Counts lines of code under each heading, without blank lines and comments. @param {string} page */
function linesByJob(page) {
  /** @type {Map<string, number>} */
  const found = new Map();
  for (const section of page.split(/^## /m).slice(1)) {
    const [job = ""] = section.split("\n");
    const code = [...section.matchAll(/^```.*?\n(.*?)^```$/gms)].flatMap(([, text = ""]) => text.split("\n"));
    const lines = code.filter((line) => line.trim() !== "" && !line.trim().startsWith("//"));
    found.set(job, lines.length);
  }
  return found;
}

/** Whether no other system needs fewer lines. @param {Counted} counted */
export function isFewest({ ours, theirs }) {
  return theirs.every((lines) => lines === undefined || ours <= lines);
}

/** @param {readonly Counted[]} jobs @param {string} page */
export function withTable(jobs, page) {
  const rows = jobs.map((counted) => {
    const { job, ours, theirs } = counted;
    const cells = [isFewest(counted) ? `**${ours}**` : ours, ...theirs.map((lines) => lines ?? "–")];
    return `| [${job}](#${job.toLowerCase().replaceAll(" ", "-")}) | ${cells.join(" | ")} |`;
  });
  const fewest = jobs.filter(isFewest).length;
  const text = [
    "",
    `| job | Tutti | ${others.join(" | ")} |`,
    `|---|${"--:|".repeat(others.length + 1)}`,
    ...rows,
    "",
    `Tutti has the fewest lines, or as few as the best, in ${fewest} of ${jobs.length} jobs.`,
    "",
    "",
  ].join("\n");
  return page.replace(table, () => text);
}

if (import.meta.main) {
  const file = join(workspaceRoot, "docs/ten-jobs.md");
  writeFileSync(file, withTable(countJobs(), readFileSync(file, "utf8")));
}
