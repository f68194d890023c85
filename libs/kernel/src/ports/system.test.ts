import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileNameProblem } from "../testing/file-names.ts";
import {
  ifPresent,
  ownGroup,
  type ReplaceEdge,
  replaceFile,
  signalGroup,
  startInStat,
  startOfProcess,
  startQuestion,
  systemOf,
} from "./system.ts";

const [linux, darwin, win32] = [systemOf("linux"), systemOf("darwin"), systemOf("win32")];

describe("a program with a group of its own", () => {
  it("is detached, except on Windows, where it would open a window", () => {
    assert.deepEqual(
      [linux, darwin, win32].map((system) => ownGroup(system).detached),
      [true, true, false],
    );
  });

  const callsOf = (system: typeof linux, signal: NodeJS.Signals) => {
    const calls: unknown[] = [];
    signalGroup(7, signal, system, {
      kill: (...call) => void calls.push(call),
      run: (...call) => void calls.push(call),
    });
    return calls;
  };

  it("is signalled as a group, and on Windows ended with its tree", () => {
    for (const system of [linux, darwin]) assert.deepEqual(callsOf(system, "SIGTERM"), [[-7, "SIGTERM"]]);
    for (const signal of ["SIGTERM", "SIGKILL"] as const)
      assert.deepEqual(callsOf(win32, signal), [["taskkill", ["/pid", "7", "/t", "/f"]]]);
  });

  it("that has ended, or never started, is no error", () => {
    const fail = () => {
      throw new Error("kill ESRCH");
    };
    signalGroup(7, "SIGKILL", linux, { kill: fail, run: fail });
    signalGroup(undefined, "SIGKILL", linux, { kill: fail, run: fail });
  });
});

describe("the start of a process", () => {
  it("is read from /proc on Linux, from ps on macOS and from PowerShell on Windows", () => {
    assert.equal(startQuestion(7, linux), undefined);
    assert.deepEqual(startQuestion(7, darwin), ["ps", "-o", "lstart=", "-p", "7"]);
    assert.equal(startQuestion(7, win32)?.[0], "powershell");
    assert.match(startQuestion(7, win32)?.at(-1) ?? "", /Get-Process -Id 7 .*ToFileTimeUtc/);
  });

  it("in /proc/PID/stat is found behind a name with spaces and parentheses", () => {
    const fields = Array.from({ length: 20 }, (_, index) => (index === 0 ? "S" : String(index + 100)));
    assert.equal(startInStat(`7 (a (b) c) ${fields.join(" ")}`), "119");
    assert.equal(startInStat(`7 (a) ${["Z", ...fields.slice(1)].join(" ")}`), undefined);
    assert.equal(startInStat(""), undefined);
  });

  it("of this process is the same each time, and of none is undefined", async () => {
    assert.match((await startOfProcess(process.pid)) ?? "", /\d/);
    assert.equal(await startOfProcess(process.pid), await startOfProcess(process.pid));
    assert.equal(await startOfProcess(2 ** 22 + 1), undefined);
  });
});

describe("replacing a file", () => {
  const edge = (codes: string[]) => {
    const pauses: number[] = [];
    const replaceEdge: ReplaceEdge = {
      async rename() {
        const code = codes.shift();
        if (code !== undefined) throw Object.assign(new Error(code), { code });
      },
      pause: async (durationMs) => void pauses.push(durationMs),
    };
    return { ...replaceEdge, pauses };
  };

  it("is repeated on Windows while a reader has it", async () => {
    const busy = edge(["EPERM", "EBUSY", "EACCES"]);
    await replaceFile("new", "old", win32, busy);
    assert.deepEqual(busy.pauses, [5, 10, 20]);
  });

  it("fails at last, with the reason of the system", async () => {
    const never = edge(Array.from({ length: 8 }, () => "EPERM"));
    await assert.rejects(replaceFile("new", "old", win32, never), /EPERM/);
    assert.equal(never.pauses.length, 7);
  });

  for (const [system, code] of [
    [win32, "ENOENT"],
    [linux, "EPERM"],
    [darwin, "EACCES"],
  ] as const)
    it(`fails at once with ${code} on ${system.name}`, async () => {
      const failing = edge([code]);
      await assert.rejects(replaceFile("new", "old", system, failing), new RegExp(code));
      assert.deepEqual(failing.pauses, []);
    });
});

describe("a file that may not exist", () => {
  const failing = (code: string) => Promise.reject(Object.assign(new Error(code), { code }));

  it("is undefined only if it does not exist: any other error is thrown", async () => {
    assert.equal(await ifPresent(Promise.resolve("text")), "text");
    assert.equal(await ifPresent(failing("ENOENT")), undefined);
    await assert.rejects(ifPresent(failing("EMFILE")), /EMFILE/);
  });
});

describe("signals that stop a process", () => {
  it("are SIGTERM and Ctrl-C, on Windows Ctrl-C, Ctrl-Break and a closed console", () => {
    assert.deepEqual(linux.stopSignals, ["SIGTERM", "SIGINT"]);
    assert.deepEqual(darwin.stopSignals, linux.stopSignals);
    assert.deepEqual(win32.stopSignals, ["SIGINT", "SIGBREAK", "SIGHUP"]);
  });
});

describe("names of files on every system", () => {
  const table: readonly [name: string, isFine: boolean][] = [
    ["000000000001.log", true],
    ["data.json", true],
    ["console.log", true],
    ["a:b", false],
    ["what?", false],
    ["trailing.", false],
    ["trailing ", false],
    ["NUL", false],
    ["com1.txt", false],
    ["tab\there", false],
    ["x".repeat(256), false],
  ];
  for (const [name, isFine] of table)
    it(`${JSON.stringify(name.slice(0, 20))} is ${isFine ? "fine" : "refused"}`, () => {
      assert.equal(fileNameProblem(name) === undefined, isFine);
    });
});
