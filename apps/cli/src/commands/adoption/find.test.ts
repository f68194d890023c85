import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { linesOf, named, scriptOf, targetsOf, usesIn } from "./find.ts";

describe("scripts that are adopted", () => {
  it("list programs that they start by other names", () => {
    const text = [
      "from os import path, popen as p",
      "import subprocess as sp",
      "from subprocess import run",
      "import os, sys",
      'await asyncio.create_subprocess_exec("echo")',
      'create_subprocess_shell("echo")',
      "from os import path",
    ].join("\n");
    assert.deepEqual(
      usesIn("a.py", text).map(({ line, kind }) => `${line} ${kind}`),
      ["1 popen", "2 subprocess", "3 subprocess", "5 subprocess", "6 subprocess"],
    );
  });

  it("run with the shell of their name if they have no first line", () => {
    const programs = ["a.sh", "a.bash"].map((file) => scriptOf(file, "echo <(true)\n")?.command);
    assert.deepEqual(programs, [
      ["sh", "./a.sh"],
      ["bash", "./a.bash"],
    ]);
  });
});

describe("the lines of a crontab", () => {
  const anna = { user: { name: "anna", home: "/home/anna" } };
  const cron = { SHELL: "/bin/sh", PATH: "/usr/bin:/bin", HOME: "/home/anna", LOGNAME: "anna" };

  it("have the folder, the shell and the variables that cron gives them", () => {
    const text = [
      "MAILTO=ops",
      "@reboot ./start.sh",
      "HOME=/srv",
      "SHELL=/bin/bash",
      "REPORT='full week'",
      "0 4 * * * mail -s 50\\% ops%hello%there",
    ].join("\n");
    assert.deepEqual(linesOf("crontab", text, anna).scripts, [
      {
        ...{ name: "scripts.cron-start-sh", file: "crontab", isNumbered: true },
        command: ["/bin/sh", "-c", "./start.sh"],
        ...{ cwd: "/home/anna", env: { ...cron, MAILTO: "ops" } },
      },
      {
        ...{ name: "scripts.cron-mail", file: "crontab", isNumbered: true },
        ...{ command: ["/bin/bash", "-c", "mail -s 50% ops"], stdin: "hello\nthere\n" },
        cwd: "/srv",
        env: { ...cron, MAILTO: "ops", HOME: "/srv", SHELL: "/bin/bash", REPORT: "full week" },
      },
    ]);
  });

  it("keep their names when lines are added, changed or replaced by a call", () => {
    const read = (text: string, former: ReturnType<typeof named> = []) =>
      named(linesOf("crontab", text, anna, former).scripts, former);
    const namesOf = (scripts: ReturnType<typeof named>) =>
      scripts.map(({ name, command }) => `${name} ${command.at(-1)}`);
    const first = read("0 1 * * * python3 a.py\n0 2 * * * python3 b.py\n");
    assert.deepEqual(namesOf(first), [
      "scripts.cron-python3 python3 a.py",
      "scripts.cron-python3-2 python3 b.py",
    ]);
    const call = "0 2 * * * tutti adopt run /srv scripts.cron-python3-2";
    const second = read(`0 0 * * * python3 new.py\n0 1 * * * python3 a.py\n${call}\n`, first);
    assert.deepEqual(namesOf(second), [
      "scripts.cron-python3-3 python3 new.py",
      "scripts.cron-python3 python3 a.py",
      "scripts.cron-python3-2 python3 b.py",
    ]);
    const changed = read("0 1 * * * python3 a.py --full\n0 2 * * * python3 b.py\n", first);
    assert.deepEqual(namesOf(changed), [
      "scripts.cron-python3 python3 a.py --full",
      "scripts.cron-python3-2 python3 b.py",
    ]);
  });

  it("with users are adopted for the user of the command, and listed for others", () => {
    const text = "0 1 * * * anna ./a.sh --full\n0 2 * * * root ./b.sh\n";
    const { scripts, notAdopted } = linesOf("crontab", text, { ...anna, hasUser: true });
    assert.deepEqual(
      scripts.map(({ name, command }) => `${name} ${command.at(-1)}`),
      ["scripts.cron-a-sh ./a.sh --full"],
    );
    const reason = "the line runs as another user. Adopt it as `root`";
    assert.deepEqual(notAdopted, [{ file: "crontab", line: 2, text: "0 2 * * * root ./b.sh", reason }]);
  });

  it("that cron refuses are listed", () => {
    assert.deepEqual(linesOf("crontab", "61 * * * * ./a.sh\n", anna).notAdopted, [
      { file: "crontab", line: 1, text: "61 * * * * ./a.sh", reason: "cron would refuse the times" },
    ]);
  });
});

describe("the targets of a Makefile", () => {
  it("are those that are phony, also behind a continued line and before a comment", () => {
    const text =
      ".PHONY: all \\\n  test/unit test-unit # not this\n.PHONY: $(MODULES)\nall: app\napp: a.c\n\tcc a.c\ndocs:\n\t./docs\n";
    const { scripts, notAdopted } = targetsOf("Makefile", text);
    assert.deepEqual(
      named(scripts, []).map(({ name, command }) => `${name} ${command.at(-1)}`),
      ["scripts.make-all all", "scripts.make-test-unit test/unit", "scripts.make-test-unit-2 test-unit"],
    );
    assert.deepEqual(
      notAdopted.map(({ line, text, reason }) => `${line} ${text}: ${reason}`),
      [
        "3 .PHONY: $(MODULES): make computes the names of the targets",
        "7 docs: the target is not declared `.PHONY`",
      ],
    );
  });
});
