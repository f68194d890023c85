// @ts-check

// A README of a project, followed to the letter: its commands in order, each compared with the output below it.
//
// 1. A command is a line `$ …` in a block of text. Lines below it are its output, where `…` stands for anything.
// 2. Tutti and workers run until the end of the README. Every other command ends by itself, with exit code 0 unless the README
//    shows that a run failed.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assertShown } from "../../../apps/platform/test/docs/expected.ts";
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
      const worker = spawn("sh", ["-c", `exec ${line}`], { cwd, env: there, stdio: "ignore" });
      t.after(() => worker.kill("SIGKILL"));
    } else {
      const ran = await run("sh", ["-c", line], { cwd, env: there });
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
