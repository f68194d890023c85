// @ts-check

// The table of compatible versions by release: docs/reference/compatibility.md. The row `Unreleased` is of the sources.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export const compatibilityPage = "docs/reference/compatibility.md";

/** @param {string} root @returns {string[]} the cells of the row after the name of the release */
export function factsOf(root) {
  const found = (/** @type {string} */ file, /** @type {RegExp} */ pattern) => {
    const [, value] = pattern.exec(readFileSync(join(root, file), "utf8")) ?? [];
    if (value === undefined) throw new Error(`${file}: expected ${pattern}, got none`);
    return value;
  };
  const format = Number(found("libs/host/src/storage/about.ts", /^export const dataFormat = (\d+);/m));
  const link = "libs/sdk/src/worker/agent.ts";
  const links = [found(link, /versionMin: (\d+)/), found(link, /versionMax: (\d+)/)];
  return [
    `${format}`,
    format === 1 ? "1" : `1 to ${format}`,
    [...new Set(links)].join(" to "),
    found("package.json", /"node": ">=([\d.]+)"/),
    found("sdk/python/pyproject.toml", /^requires-python = ">=([\d.]+)"/m),
    found("libs/nats/src/connection/version.ts", /leastServerVersion = "([\d.]+)"/),
  ];
}

/** @param {string} name @param {readonly string[]} cells */
const rowOf = (name, cells) => `| ${[name, ...cells].join(" | ")} |`;

const unreleased = /^\| Unreleased \|.*\|$/m;

/** @param {string} page @param {readonly string[]} facts @param {string} [version] of the release. Default: only the row is updated */
export function withRow(page, facts, version) {
  if (!unreleased.test(page)) throw new Error(`${compatibilityPage}: expected a row Unreleased, got none`);
  const rows = [rowOf("Unreleased", facts), ...(version === undefined ? [] : [rowOf(version, facts)])];
  return page.replace(unreleased, () => rows.join("\n"));
}
