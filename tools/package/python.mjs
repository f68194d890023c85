// @ts-check

// The wheel of sdk/python. pip builds in the folder that it is given, so it is given a copy.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workspaceRoot } from "../setup.mjs";

const source = join(workspaceRoot, "sdk", "python");

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
    execFileSync("python3", words, { stdio: ["ignore", "ignore", "inherit"] });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const wheel = readdirSync(out).find((name) => name.endsWith(`-${version}-py3-none-any.whl`));
  if (wheel === undefined) throw new Error(`pip made no wheel of version ${version} in ${out}`);
  return join(out, wheel);
}
