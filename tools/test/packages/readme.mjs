// @ts-check

// Follows the README of a project: runs its commands in order, and compares each with the output below it.
//
// 1. A command is a line `$ …` in a block of text. Lines below it are its output, in which `…` matches any text.
// 2. Tutti and workers run until the end of the README. Every other command ends by itself. Its exit code is 0, except
//    if the README shows a failed run.
// 3. Commands that only show something are repeated until the output matches, as a reader would do.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assertShown } from "../../../apps/platform/test/docs/expected.ts";
import { until } from "../../../libs/kernel/src/testing/until.ts";
import { run } from "../tree.mjs";
import { startDev } from "./installed.mjs";

/** @typedef {{ readonly line: string, readonly output: string }} Command */

/**
 * Returns the commands of a page, in their order.
 *
 * @param {string} text
 * @returns {Command[]}
 */
export function commandsOf(text) {
  const blocks = [...text.matchAll(/^```text\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [line = "", ...output] = part.split("\n");
        return { line, output: output.join("\n").trim() };
      }),
  );
}

const showsOnly = /^npx tutti (adapter list|show|why) |^npx tutti approve$/;

/**
 * Follows the README of a folder.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Command[]>} what was run
 */
export async function followReadme(t, cwd, env) {
  const commands = commandsOf(readFileSync(join(cwd, "README.md"), "utf8"));
  /** @type {Awaited<ReturnType<typeof startDev>> | undefined} */
  let platform;
  for (const { line, output } of commands) {
    const there = platform === undefined ? env : { ...env, TUTTI_URL: platform.http };
    if (line === "npx tutti dev") {
      platform = await startDev(t, cwd, env);
    } else if (/^\S+ worker\.\w+$/.test(line)) {
      const worker = spawn("sh", ["-c", `exec ${line} 2>&1`], {
        cwd,
        env: there,
        stdio: ["ignore", "pipe", "inherit"],
      });
      t.after(() => worker.kill("SIGKILL"));
      let said = "";
      worker.stdout.on("data", (text) => {
        said += text;
      });
      await until(
        `$ ${line} to say that it is linked`,
        () => said.includes("linked") || worker.exitCode !== null,
      );
    } else {
      const ask = () => run("sh", ["-c", line], { cwd, env: there });
      const isShown = (/** @type {Awaited<ReturnType<typeof ask>>} */ { output: shown }) =>
        showsOutput(output, shown, `$ ${line}`);
      const ran = showsOnly.test(line) ? await until(`$ ${line}`, ask, isShown) : await ask();
      assert.equal(
        ran.code,
        /^✗ \S+ failed in /m.test(output) ? 1 : 0,
        `$ ${line}\n${ran.output}${platform?.said() ?? ""}`,
      );
      assertShown(output, ran.output, `$ ${line}`);
    }
  }
  await platform?.stop();
  return commands;
}

/** @param {Parameters<typeof assertShown>} shown */
function showsOutput(...shown) {
  try {
    assertShown(...shown);
    return true;
  } catch {
    return false;
  }
}
