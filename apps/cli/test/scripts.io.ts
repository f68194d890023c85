import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { addScripts } from "@tutti/sdk/shell";
import { Worker } from "@tutti/sdk/worker";
import { commandAtWork } from "./support/at-work.ts";

describe("adopt compare", () => {
  const at = commandAtWork({});
  let worker: Worker | undefined;
  let folder = "";

  before(() => {
    folder = join(at.command.folder, "scripts");
    mkdirSync(folder);
    writeFileSync(join(folder, "hello.sh"), '#!/bin/sh\necho "Hello ${1:-world}"\n', { mode: 0o755 });
  });
  after(() => worker?.stop());

  /** A worker with the scripts of the list. */
  const work = async (): Promise<void> => {
    worker = new Worker(
      { address: at.platform.grpc, agentId: "scripts", slots: 4, handleSignals: false },
      { logger: silentLogger },
    );
    await addScripts(worker, folder);
    await worker.start();
  };

  it("reports differences of exit code, outputs and files", async () => {
    const text = '#!/bin/sh\necho "$PPID" > pid.txt\necho $$\nexit $(($$ % 100 + 1))\n';
    writeFileSync(join(folder, "varies.sh"), text, { mode: 0o755 });
    writeFileSync(join(folder, "region.sh"), '#!/bin/sh\necho "$TEST_REGION"\n', { mode: 0o755 });
    writeFileSync(join(folder, "binary.sh"), "#!/bin/sh\nprintf '\\377\\376'\n", { mode: 0o755 });
    await at.printed("adopt scripts scripts");
    await work();
    process.env["TEST_REGION"] = "eu";
    const ended = await at.tutti(
      "adopt compare scripts scripts.varies-sh scripts.hello-sh scripts.binary-sh scripts.region-sh",
    );
    assert.equal(ended.exitCode, 1);
    assert.match(ended.output, /scripts\.varies-sh: stdout differs in line 1: before "\d+", now "\d+"/);
    assert.match(ended.output, /scripts\.varies-sh: file pid\.txt differs/);
    assert.match(ended.output, /scripts\.binary-sh: stdout is not UTF-8/);
    assert.match(ended.output, /scripts\.region-sh: stdout differs in line 1: before "eu", now ""/);
    assert.match(ended.output, /1 of 4 scripts equal/);
  });

  it("adopts links and scripts in other encodings, and lists what it cannot adopt", async () => {
    const mixed = join(at.command.folder, "mixed");
    mkdirSync(mixed);
    const put = (name: string, content: string | Buffer) => writeFileSync(join(mixed, name), content);
    put("logo.png", Buffer.of(0x89, 0xff, 0xfe));
    put("umlaut.py", Buffer.from('# -*- coding: latin-1 -*-\nprint("\u00e4")\n', "latin1"));
    put("old.pl", '#!/usr/bin/perl -w\nprint "a";\n');
    put("bad.crontab", Buffer.from("0 6 * * * echo \u00e4\n", "latin1"));
    symlinkSync("umlaut.py", join(mixed, "link.py"));
    symlinkSync("nowhere.sh", join(mixed, "broken.sh"));
    const { scripts, notAdopted } = JSON.parse(await at.printed("adopt scripts mixed --json"));
    assert.deepEqual(
      scripts.map(({ command }: { command: string[] }) => command.join(" ")),
      ["python3 ./link.py", "python3 ./umlaut.py"],
    );
    assert.deepEqual(
      notAdopted.map(({ file, reason }: { file: string; reason: string }) => `${file}: ${reason}`),
      [
        "bad.crontab: it is not UTF-8: save it in this encoding",
        "broken.sh: the link leads to no file",
        "old.pl: scripts of this program are not adopted: write a handler, or call it from a shell script",
      ],
    );
    put("old-pl.sh", "echo\n");
    put("old.pl.sh", "echo\n");
    const { errors } = await at.tutti("adopt scripts mixed");
    assert.match(errors, /`old-pl\.sh` and `old\.pl\.sh` would both be the capability `scripts\.old-pl-sh`/);
    assert.match((await at.tutti("adopt scripts mixed/old.pl")).errors, /`mixed\/old\.pl` is a file/);
  });

  it("refuses a folder without scripts, and a script that it does not know", async () => {
    assert.match((await at.tutti("adopt scripts nowhere")).errors, /`nowhere` not found/);
    assert.match((await at.tutti("adopt compare nowhere")).errors, /Adopt its scripts first/);
    mkdirSync(join(at.command.folder, "empty"));
    await at.tutti("adopt scripts empty");
    for (const step of ["compare empty", "flip empty --percent 10"]) {
      const { errors, exitCode } = await at.tutti(`adopt ${step}`);
      assert.deepEqual([exitCode, /Adopt its scripts first/.test(errors)], [2, true], errors);
    }
    assert.match((await at.tutti("adopt compare scripts scripts.no")).errors, /`scripts.no` not found/);
  });

  it("runs the lines of a crontab as cron does, directly and as a task", async () => {
    const home = join(at.command.folder, "home");
    mkdirSync(home);
    const line = "0 6 * * * pwd; echo $SHELL $PATH $REPORT; cat%50\\% of%words";
    writeFileSync(join(folder, "jobs.crontab"), `HOME=${home}\nREPORT=full\n${line}\n`);
    await at.printed("adopt scripts scripts");
    await worker?.stop();
    await work();
    const compared = await at.printed("adopt compare scripts scripts.cron-pwd");
    assert.match(compared, /scripts\.cron-pwd ran twice in .*home\. Its files were not compared/);
    assert.match(
      compared,
      /1 of 1 script equal\nNext: tutti adopt flip scripts scripts\.cron-pwd --percent 10/,
    );
    const flipped = await at.printed("adopt flip scripts scripts.cron-pwd --percent 100");
    assert.match(flipped, /tutti adopt run \S+\/scripts scripts\.cron-pwd\n/);
    const called = () => at.printed("adopt run scripts scripts.cron-pwd", { input: "" });
    const expected = `${home}\n/bin/sh /usr/bin:/bin full\n50% of\nwords\n`;
    assert.equal(await called(), expected);
    await at.printed("adopt flip scripts scripts.cron-pwd");
    assert.equal(await called(), expected);
  });

  it("callers run a percentage of their calls as tasks, and run all calls directly after one command", async () => {
    const echo = '#!/bin/sh\necho "$1 of $(cat) by ${CALLER:-Tutti}"\necho noted >&2\nexit 3\n';
    writeFileSync(join(folder, "call.sh"), echo, { mode: 0o755 });
    await at.printed("adopt scripts scripts");
    await worker?.stop();
    await work();
    const called = async (environment: Record<string, string> = {}) => {
      const { exitCode, output, errors } = await at.tutti("adopt run scripts scripts.call-sh -- --full", {
        ...{ input: "words", environment: { CALLER: "cron", ...environment } },
      });
      return [exitCode, output, errors];
    };
    await at.printed("adopt flip scripts scripts.call-sh --percent 100");
    assert.deepEqual(await called(), [3, "--full of words by Tutti\n", "noted\n"]);
    await at.printed("adopt flip scripts");
    assert.deepEqual(await called(), [3, "--full of words by cron\n", "noted\n"]);
    await at.printed("adopt flip scripts --percent 100");
    await at.printed("variant rollback scripts.call-sh");
    assert.deepEqual(await called(), [3, "--full of words by cron\n", "noted\n"]);
    const [, output, errors] = await called({ TUTTI_SERVER: "http://127.0.0.1:1" });
    assert.deepEqual(
      [output, errors],
      [
        "--full of words by cron\n",
        "tutti: the platform is not reachable, scripts.call-sh runs without it\nnoted\n",
      ],
    );
  });
});
