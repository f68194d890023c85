/** How long a person waits for the command: from starting its process to its end. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { quantile, rounded } from "../../measure/statistics.ts";
import { workspace } from "../../processes/child.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Scenario } from "../../scenario.ts";

const run = promisify(execFile);
const perRound = 8;

const definition = `workflow: order
tasks:
  reserve: {uses: shop.reserve, with: {articles: "\${{ input.articles }}"}}
  charge: {uses: shop.charge, needs: [reserve]}
`;

export const cli: Scenario = {
  name: "cli",
  about:
    "start-up of the command, from its process to its end, on the Node that people have, beside a Node that does nothing",
  async *run({ rounds }) {
    const folder = await mkdtemp(join(tmpdir(), "tutti-bench-"));
    const platform = await startPlatform();
    try {
      const program = await built(folder);
      const file = join(folder, "order.yaml");
      await writeFile(file, definition);
      const node = await systemNode();
      const variants = {
        empty: ["-e", "0"],
        version: [program, "--version"],
        help: [program, "help", "run"],
        list: [program, "list", "--server", platform.http],
        check: [program, "workflow", "check", file],
      };
      const taken = await inTurns(node.path, variants, rounds);
      const emptyMs = quantile(taken.get("empty") ?? [], 0.5);
      for (const [variant, times] of taken) {
        const startMs = quantile(times, 0.5);
        yield {
          variant,
          startMs: rounded(startMs),
          p95Ms: rounded(quantile(times, 0.95)),
          ownMs: rounded(startMs - emptyMs),
          startedBy: node.version,
        };
      }
    } finally {
      await platform[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** The command as it is packed. */
async function built(folder: string): Promise<string> {
  const source = join(workspace, "apps/cli");
  await run(process.execPath, [join(source, "build.mjs"), "--out", join(folder, "dist")]);
  await cp(join(source, "bin"), join(folder, "bin"), { recursive: true });
  return join(folder, "bin", "tutti.mjs");
}

/** The first Node on PATH that is not the workspace's own, else that one. */
async function systemNode(): Promise<{ readonly path: string; readonly version: string }> {
  for (const folder of (process.env["PATH"] ?? "").split(":")) {
    if (folder.includes("node_modules")) continue;
    const path = join(folder, "node");
    const version = await run(path, ["--version"]).then(
      ({ stdout }) => stdout.trim(),
      () => undefined,
    );
    if (version !== undefined) return { path, version };
  }
  return { path: process.execPath, version: process.version };
}

/** One after the other, again and again, so that a noisy moment hits all alike; sorted. The first turn does not count. */
async function inTurns(
  node: string,
  variants: Readonly<Record<string, readonly string[]>>,
  rounds: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const taken = new Map<string, number[]>(Object.keys(variants).map((name) => [name, []]));
  for (let turn = 0; turn <= rounds * perRound; turn++)
    for (const [name, words] of Object.entries(variants)) {
      const startMs = performance.now();
      await run(node, [...words]);
      if (turn > 0) taken.get(name)?.push(performance.now() - startMs);
    }
  return new Map([...taken].map(([name, times]) => [name, times.sort((one, other) => one - other)]));
}
