/**
 * Adopts sixty scripts in shell, Python and TypeScript, and compares them with the originals. They are older than the
 * commands, and use pipes, exit codes, traps, temporary files, tmux, make and other scripts.
 */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { addScripts } from "@tutti/sdk/shell";
import { Worker } from "@tutti/sdk/worker";
import { commandAtWork } from "./support/at-work.ts";

const sixty = readFileSync(new URL("./support/sixty-scripts.txt", import.meta.url), "utf8");

describe("adopt", () => {
  const at = commandAtWork({});
  let worker: Worker | undefined;
  let folder = "";

  before(() => {
    folder = join(at.command.folder, "scripts");
    for (const part of sixty.split(/^=== /m).slice(1)) {
      const [name = "", ...lines] = part.split("\n");
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), lines.join("\n"));
      chmodSync(join(folder, name), 0o755);
    }
    writeFileSync(join(folder, "lib.ts"), "export const one = 1;\n");
    writeFileSync(join(folder, "jobs.crontab"), `HOME=${folder}\n0 3 * * * ./hello.sh night\n`);
  });
  after(() => worker?.stop());

  /** A worker with the scripts of the list. */
  const work = async (): Promise<void> => {
    await worker?.stop();
    worker = new Worker(
      { address: at.platform.grpc, agentId: "scripts", slots: 4, handleSignals: false },
      { logger: silentLogger },
    );
    await addScripts(worker, folder);
    await worker.start();
  };

  it("adopts sixty scripts without manual changes, and all return the same outputs", async () => {
    const { scripts, uses } = await at.json("adopt scripts scripts");
    const own = scripts.filter(({ file }: { file: string }) => /\.(sh|py|ts)$/.test(file));
    assert.equal(own.length, 60);
    assert.deepEqual(
      scripts
        .slice()
        .filter((each: { file: string }) => !own.includes(each))
        .map(({ name }: { name: string }) => name)
        .sort(),
      ["scripts.cron-hello-sh", "scripts.make-greet"],
    );
    const kinds = new Set(uses.map(({ kind }: { kind: string }) => kind));
    assert.deepEqual([...kinds].sort(), ["make", "popen", "subprocess", "tmux"]);

    await work();
    const compared = await at.json("adopt compare scripts");
    assert.deepEqual(
      compared.scripts.filter(({ differences }: { differences: unknown[] }) => differences.length > 0),
      [],
    );
    assert.equal(compared.equal, 62);
  });
});
