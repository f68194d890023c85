import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { silentCronWords, silentMakeWords, silentValues } from "./completeness.fixture.ts";
import {
  type Imported,
  importCrontab,
  importGithubActions,
  importMakefile,
  NotImported,
  readCrontab,
} from "./index.ts";

type Members = { readonly [key: string]: never };

const named = ({ documents }: Imported) =>
  documents.map((each) =>
    Object.entries(each as Members)
      .slice(0, 1)
      .flat()
      .join(" "),
  );
const untranslatedOf = ({ untranslated }: Imported) =>
  untranslated.map(({ line, construct }) => `${line} ${construct}`);
const taskOf = (imported: Imported, workflow: string, task: string) => {
  const found = imported.documents.find((each) => (each as Members)["workflow"] === workflow) as Members;
  return (found["tasks"] as unknown as Record<string, Record<string, unknown>>)[task];
};

describe("a crontab", () => {
  const imported = importCrontab(
    [
      "# nightly jobs",
      "MAILTO=ops@example.org",
      "PATH=/usr/bin:/bin",
      "CRON_TZ=Europe/Berlin",
      "30 2 * * 1-5 /opt/backup.sh --full > /dev/null 2>&1",
      "@daily mail -s 50\\% ops%hello%there",
      "@reboot /opt/start.sh",
      "61 * * * * /opt/never.sh",
      "*/5 * * * * echo ${{ x }}",
      "not a line",
      "* * * * * echo \0",
    ].join("\n"),
  );

  it("passes TZ to the commands and lists it, because cron evaluates times in the time zone of its machine", () => {
    const imported = importCrontab("TZ=America/New_York\n0 3 * * * /opt/a.sh\n", {
      timeZone: "Europe/Berlin",
    });
    assert.deepEqual(untranslatedOf(imported), ["1 TZ=America/New_York", "2 HOME", "2 PATH"]);
    assert.deepEqual(taskOf(imported, "cron-a-sh", "run")?.["with"], {
      command: ["/bin/sh", "-c", "/opt/a.sh"],
      env: { TZ: "America/New_York" },
    });
    assert.equal((imported.documents[1] as { timeZone: string }).timeZone, "Europe/Berlin");
  });

  it("lists HOME, because the worker must allow this folder", () => {
    const imported = importCrontab("HOME=/srv\nPATH=/bin\n0 3 * * * ./a.sh\n");
    assert.deepEqual(untranslatedOf(imported), ["1 HOME=/srv"]);
    const command = {
      command: ["/bin/sh", "-c", "./a.sh"],
      cwd: "/srv",
      env: { HOME: "/srv", PATH: "/bin" },
    };
    assert.deepEqual(taskOf(imported, "cron-a-sh", "run")?.["with"], command);
  });

  it("creates a workflow and a schedule for each command, with variables, time zone and standard input", () => {
    assert.deepEqual(named(imported), [
      "workflow cron-backup-sh",
      "schedule cron-backup-sh",
      "workflow cron-mail",
      "schedule cron-mail",
    ]);
    assert.deepEqual(taskOf(imported, "cron-mail", "run"), {
      uses: "shell",
      with: {
        command: ["/bin/sh", "-c", "mail -s 50% ops"],
        env: { PATH: "/usr/bin:/bin" },
        stdin: "hello\nthere\n",
      },
      retry: 1,
    });
    assert.deepEqual(imported.documents[1], {
      ...{ schedule: "cron-backup-sh", workflow: "cron-backup-sh" },
      ...{ cron: "30 2 * * 1-5", timeZone: "Europe/Berlin", overlap: "allow" },
    });
  });

  it("lists all other lines with their numbers", () => {
    assert.deepEqual(untranslatedOf(imported), [
      "2 MAILTO=ops@example.org",
      "5 HOME",
      "7 @reboot /opt/start.sh",
      "8 61 * * * * /opt/never.sh",
      "9 */5 * * * * echo ${{ x }}",
      "10 not a line",
      "11 * * * * * echo \0",
    ]);
  });

  it("of the system names users", () => {
    const system = importCrontab("0 4 * * * www-data /opt/a.sh", { hasUser: true });
    assert.deepEqual(named(system), ["workflow cron-a-sh", "schedule cron-a-sh"]);
    assert.deepEqual(untranslatedOf(system), ["1 user www-data", "1 HOME", "1 PATH"]);
  });

  it("passes the text behind a percent sign as cron 3.0 of Debian does", () => {
    const inputs = ["cat%a\\%b\\\\c%d\\e%", "cat%", "cat%x", "cat", "echo 50\\%%y\\"].map((command) => {
      const [item] = readCrontab(`* * * * * ${command}`);
      return item?.kind === "command" ? [item.command, item.stdin] : item;
    });
    assert.deepEqual(inputs, [
      ["cat", "a%b\\\\c\nd\\e\n"],
      ["cat", ""],
      ["cat", "x\n"],
      ["cat", undefined],
      ["echo 50%", "y\\\n"],
    ]);
  });
});

describe("a Makefile", () => {
  const imported = importMakefile(
    [
      "CC := gcc",
      ".PHONY: all build test clean",
      "all: build test",
      "build: main.o \\",
      "       $(EXTRA)",
      "\tcc -o main main.o",
      "test: MODE = fast",
      "test: build",
      "\t./main",
      "%.o: %.c",
      "\t$(CC) -c $<",
      "include rules.mk",
      "clean:",
      "\trm -f main",
    ].join("\n"),
  );

  it("creates a workflow for each phony target that no other target needs, and leaves files to make", () => {
    assert.deepEqual(named(imported), ["workflow make-all", "workflow make-clean"]);
    const command = ["make", "-f", "Makefile", "-o", "build", "test"];
    assert.deepEqual(taskOf(imported, "make-all", "test"), {
      uses: "shell",
      with: { command },
      retry: 1,
      needs: ["build"],
    });
    assert.deepEqual(taskOf(imported, "make-all", "all")?.["needs"], ["build", "test"]);
  });

  it("runs targets one after the other, in the order of make, unless the file sets -j", () => {
    const text =
      ".PHONY: release clean all lint test\nrelease: clean all\nall: lint test\nclean:\nlint:\ntest:\n";
    const needsIn = (imported: Imported) =>
      ["clean", "lint", "test", "all", "release"].map(
        (id) => taskOf(imported, "make-release", id)?.["needs"],
      );
    assert.deepEqual(needsIn(importMakefile(text)), [
      undefined,
      ["clean"],
      ["lint"],
      ["lint", "test"],
      ["clean", "all"],
    ]);
    const parallel = importMakefile(`MAKEFLAGS += -j4\n${text}`);
    assert.deepEqual(needsIn(parallel), [
      undefined,
      undefined,
      undefined,
      ["lint", "test"],
      ["clean", "all"],
    ]);
    assert.deepEqual(needsIn(importMakefile(`MAKEFLAGS += -j4\n.NOTPARALLEL:\n${text}`))[1], ["clean"]);
  });

  it("leaves the prerequisites of a target with its own variable to the task of that target", () => {
    const text =
      "V ?= 0\n.PHONY: release push lint\nrelease: lint push\nrelease: V = 1\npush: lint\n\techo $(V)\nlint:\n\techo $(V)\n";
    const imported = importMakefile(text);
    assert.deepEqual(named(imported), ["workflow make-release"]);
    assert.deepEqual(taskOf(imported, "make-release", "release"), {
      uses: "shell",
      with: { command: ["make", "-f", "Makefile", "release"] },
      retry: 1,
    });
    assert.deepEqual(untranslatedOf(imported), ["1 V", "4 variable of release"]);
  });

  it("lists non-phony targets that no phony target needs", () => {
    const imported = importMakefile(".PHONY: test\ntest: app\n\tjest\napp:\n\tcc\nclean:\n\trm app\n");
    assert.deepEqual(untranslatedOf(imported), ["6 clean"]);
    const withoutPhony = importMakefile("all: app\n\tls\napp:\nclean:\n\trm app\n");
    assert.deepEqual(untranslatedOf(withoutPhony), ["1 Makefile", "1 all", "4 clean"]);
  });

  it("lists patterns, variables and other files with their lines", () => {
    assert.deepEqual(untranslatedOf(imported), [
      "4 build: $(EXTRA)",
      "4 EXTRA",
      "10 %.o: %.c",
      "12 include rules.mk",
    ]);
  });

  it("lists variables from the environment of the worker, and none that the file or make sets", () => {
    const imported = importMakefile(
      [
        "VERSION ?= 1.0",
        "MODE ?= fast",
        "MODE = slow",
        "export GOFLAGS := -mod=vendor",
        "# $(IGNORED)",
        "define banner",
        "echo $(1) $(STAGE)",
        "endef",
        ".PHONY: all deploy",
        "all: deploy",
        "\techo $(VERSION) $(MODE) $(GOFLAGS) $@ $(@D) $(call banner,x) $(OUT:.c=.o)",
        "\tfor p in a b; do echo $$p $${p}; done; $(MAKE) -C $(CURDIR) CC=$(CC)",
        "deploy: ENV = prod",
        "deploy:",
        "\tapply $(ENV) $" + "{NAMESPACE} $(MAKECMDGOALS) $(foreach p,a b,echo $(p);)",
      ].join("\n"),
    );
    assert.deepEqual(untranslatedOf(imported), [
      "1 VERSION",
      "7 STAGE",
      "11 OUT",
      "15 NAMESPACE",
      "15 MAKECMDGOALS",
    ]);
  });
});

describe("files modelled on real files", () => {
  const folder = new URL("../../test/", import.meta.url);
  const textsIn = (kind: string) =>
    readdirSync(new URL(`${kind}/`, folder)).map(
      (file) => [file, readFileSync(new URL(`${kind}/${file}`, folder), "utf8")] as const,
    );
  const hasUser = (text: string) => importCrontab(text, { hasUser: /^\S+ .*\b(?:root|sadc)\b/m.test(text) });
  const forgetful = () => ({ documents: [], untranslated: [{ line: 1, construct: "a", reason: "" }] });

  it("are translated or listed, word by word, in ten crontabs", () => {
    const files = textsIn("crontab");
    assert.equal(files.length, 10);
    for (const [file, text] of files) assert.deepEqual(silentCronWords(text, hasUser), [], file);
    assert.deepEqual(silentCronWords("A=b\n0 3 * * * ls", forgetful).length, 6);
  });

  it("are translated or listed, target by target, in ten Makefiles", () => {
    const files = textsIn("makefile");
    assert.equal(files.length, 10);
    for (const [file, text] of files) assert.deepEqual(silentMakeWords(text, importMakefile), [], file);
    assert.deepEqual(silentMakeWords("B=c\n.PHONY: a\na: b\n\tls\nb:", forgetful).length, 3);
  });

  it("list constructs with another meaning in make", () => {
    const listOf = (file: string) =>
      untranslatedOf(importMakefile(readFileSync(new URL(`makefile/${file}.mk`, folder), "utf8")));
    assert.deepEqual(listOf("grouped"), ["5 site: $(OUT)", "12 include local.mk"]);
    assert.deepEqual(listOf("circle"), ["1 .PHONY: fox", "2 chicken", "4 egg", "6 farm: barn"]);
    assert.deepEqual(listOf("generated"), [
      "6 $(foreach each,$(MODULES),$(eval $(call module,$(each))))",
      "7 $(MODULES:%=test-%): test-%:",
      "9 build-%: %",
      "11 .PHONY: $(MODULES)",
      "12 all: $(MODULES:%=%/lib.a)",
    ]);
    assert.deepEqual(listOf("release"), ["11 variable of publish", "19 ifdef CI"]);
  });

  it("distinguish targets whose names map to the same id", () => {
    const text = readFileSync(new URL("makefile/node.mk", folder), "utf8");
    assert.deepEqual(taskOf(importMakefile(text), "make-test-unit", "test-unit"), {
      ...{ uses: "shell", retry: 1, needs: ["test-unit-2"] },
      with: { command: ["make", "-f", "Makefile", "-o", "test/unit", "test-unit"] },
    });
  });
});

describe("a workflow of GitHub Actions", () => {
  const imported = importGithubActions(`name: CI build
on:
  push: {branches: [main]}
  schedule:
    - cron: "0 3 * * *"
env: {CI: true}
permissions: read-all
jobs:
  test:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - name: Unit tests
        run: npm test
        working-directory: app
        timeout-minutes: 5
      - if: failure()
        run: echo failed
  build:
    steps:
      - uses: actions/checkout@v4
      - name: lint
        run: npm run lint
        continue-on-error: true
      - run: echo "v=1" >> $GITHUB_OUTPUT
      - run: npm run build
        shell: bash
  matrix:
    strategy: {matrix: {node: [20, 24]}}
    steps: [{run: node --version}]
`);

  it("creates a task for each command, in the order of the steps and the needs of jobs", () => {
    assert.deepEqual(named(imported), [
      "workflow ci-build-matrix",
      "workflow ci-build",
      "schedule ci-build-schedule",
    ]);
    assert.deepEqual(taskOf(imported, "ci-build", "build-4"), {
      uses: "shell",
      with: {
        command: ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", "npm run build"],
        env: { CI: "true" },
      },
      retry: 1,
      needs: [{ task: "build-lint", on: "always" }],
    });
    assert.deepEqual(taskOf(imported, "ci-build", "test-unit-tests"), {
      title: "Unit tests",
      uses: "shell",
      with: { command: ["bash", "-e", "-c", "npm test"], cwd: "app", env: { CI: "true" } },
      retry: 1,
      timeout: "5m",
      needs: ["build-4"],
    });
  });

  it("lists all other keys with their lines", () => {
    assert.deepEqual(untranslatedOf(imported), [
      "3 on: push",
      '7 permissions: "read-all"',
      "11 runs-on: ubuntu-latest",
      "21 uses: actions/checkout@v4",
      '25 run: echo "v=1" >> $GITHUB_OUTPUT',
    ]);
  });

  it("does not mistake a built-in property name for a shell", () => {
    const imported = importGithubActions("jobs: {a: {steps: [{run: ls, shell: constructor}]}}");
    assert.deepEqual(untranslatedOf(imported), ["1 shell: constructor"]);
  });

  it("lists variables if all steps that use them are left out", () => {
    const text = "env: {A: 1}\njobs:\n  a:\n    env: {B: 2}\n    steps: [{run: 'echo ${{ github.ref }}'}]\n";
    const imported = importGithubActions(text);
    assert.deepEqual(untranslatedOf(imported), ["1 env", "4 env", "5 run: echo ${{ github.ref }}"]);
    assert.deepEqual(silentValues(text, importGithubActions), []);
  });

  const layers = "abcdefghi".split("").map((name, index, all) => {
    const inner = index === 0 ? "lol" : `*${all[index - 1]}`;
    return `${name}: &${name} [${Array.from({ length: 9 }, () => inner).join(", ")}]`;
  });
  for (const [title, text] of [
    ["a bomb of aliases", `${layers.join("\n")}\njobs: {a: {steps: [{run: ls}]}}`],
    ["deep nesting", `jobs: ${"[".repeat(10_000)}`],
    ["a key that is there twice", "jobs: {}\njobs: {}"],
    ["a circle of jobs", "jobs: {a: {needs: b}, b: {needs: a}}"],
    ["something else", "- 1"],
    ["more than a mebibyte", `jobs: {a: ${"x".repeat(1_100_000)}}`],
  ] as const)
    it(`with ${title} is refused`, () => {
      assert.throws(() => importGithubActions(text), NotImported);
    });
});

describe("real workflows of GitHub Actions", () => {
  // Files of packages that are installed for other reasons.
  const folder = new URL("../../../../node_modules/", import.meta.url);
  const files = globSync(["*/.github/workflows/*.yml", "@fastify/*/.github/workflows/*.yml"], {
    cwd: fileURLToPath(folder),
  })
    .sort()
    .filter((_file, index) => index % 3 === 0);

  it(`are translated or listed, value by value, in ${files.length} files`, () => {
    assert.ok(files.length >= 10, String(files.length));
    const silent = files.flatMap((file) =>
      silentValues(readFileSync(new URL(file, folder), "utf8"), importGithubActions)
        // Needs no listing: runs can always be started manually.
        .filter((path) => path !== "on.workflow_dispatch")
        .map((path) => `${file}: ${path}`),
    );
    assert.deepEqual(silent, []);
  });
});
