// @ts-check

// Builds the wheel of sdk/python. pip writes into the folder that it builds, so it builds a copy.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workspaceRoot } from "../setup.mjs";

const source = join(workspaceRoot, "sdk", "python");

/** pip built no wheel, because pip is missing or cannot reach its index. The npm packages do not need a wheel. */
export class WheelNotMade extends Error {}

/** Returns the last error in the output of pip. @param {any} error */
function reasonOf({ code, stderr = "", message }) {
  if (code === "ENOENT") return "python3 not found";
  const lines = String(stderr).split("\n");
  const reported = lines.filter((line) => /\b(ERROR|No module named)\b/.test(line)).at(-1);
  return (reported ?? message).replace(/^.*?(ERROR: |: (?=No module))/, "").trim();
}

/** @param {string} out @returns {string} the wheel */
export function makeWheel(out) {
  const { version } = JSON.parse(readFileSync(join(workspaceRoot, "package.json"), "utf8"));
  const [, stated] = /^version = "(.+)"$/m.exec(readFileSync(join(source, "pyproject.toml"), "utf8")) ?? [];
  if (stated !== version)
    throw new Error(`sdk/python/pyproject.toml: expected version ${version} of package.json, got ${stated}`);
  const copy = mkdtempSync(join(tmpdir(), "tutti-wheel-"));
  try {
    for (const name of ["pyproject.toml", "README.md", "src"])
      cpSync(join(source, name), join(copy, name), {
        recursive: true,
        filter: (file) => !/__pycache__|\.egg-info/.test(file),
      });
    const words = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", out, copy];
    execFileSync("python3", words, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  } catch (error) {
    throw new WheelNotMade(reasonOf(error));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const wheel = readdirSync(out).find((name) => name.endsWith(`-${version}-py3-none-any.whl`));
  if (wheel === undefined) throw new Error(`pip built no wheel of version ${version} in ${out}`);
  return join(out, wheel);
}
