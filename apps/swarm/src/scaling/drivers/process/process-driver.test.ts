/** With real programs, which need real time: no assertion depends on a duration. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ProcessDriver as ProcessSettings } from "@tutti/contracts/swarm/v1";
import { IdSource, startOfProcess, systemFoundation } from "@tutti/kernel";
import { recordingLogger, seededChance, until } from "@tutti/kernel/testing";
import type { Crashes } from "@tutti/machine-entities/pool";
import { ScriptedWindow } from "../../../../test/support/agent-window.ts";
import { launch } from "./launcher.ts";
import { endLeftovers, LaunchRecords } from "./leftovers.ts";
import { processDriver } from "./process-driver.ts";

const real = systemFoundation();

const waits = ["node", "-e", "setInterval(() => {}, 1000)"];
const stubborn = [
  "node",
  "-e",
  "process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000)",
];

describe("agents as programs of this machine", () => {
  let directory = "";
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "launched-"));
  });
  after(() => rm(directory, { recursive: true }));

  function driverOf(
    settings: Parameters<typeof ProcessSettings.fromPartial>[0],
    quarantineAfter = 3,
    crashes: ReadonlyMap<string, Crashes> = new Map(),
  ) {
    const agents = new ScriptedWindow();
    const logger = recordingLogger();
    const { clock, timers } = real;
    const records = new LaunchRecords(directory);
    const chance = { ...seededChance(1), random: () => 0 };
    const driver = processDriver({
      ...{ scalerId: "crew", agents, records, joinMs: 60_000, crashes },
      quarantineAfter: () => quarantineAfter,
      settings: ProcessSettings.fromPartial({ stopMs: 500, ...settings }),
      agentPool: { address: "127.0.0.1:1", namespace: "default", pool: "gpu", accessToken: "secret" },
      foundation: { ...real, chance, logger },
      ids: new IdSource({ clock, chance }),
    });
    const linesOf = () => logger.lines.map(({ message }) => message);
    return { driver, agents, linesOf, timers };
  }

  it("start as many as requested, with their identity and the address of their pool", async () => {
    const script =
      "const e = process.env; console.log(['ADDRESS','POOL','NAMESPACE','AGENT_ID','ACCESS_TOKEN'].map((n) => e['TUTTI_' + n]).join(), e.MINE, e.TUTTI_LAUNCH_ID.split('.')[0]); setInterval(() => {}, 1000)";
    const { driver, linesOf } = driverOf({ command: ["node", "-e", script], environment: { MINE: "yes" } });
    driver.setCount(2, "");
    await until("both", () => linesOf().length >= 2);
    assert.deepEqual(linesOf().sort(), [
      "127.0.0.1:1,gpu,default,crew-1,secret yes crew",
      "127.0.0.1:1,gpu,default,crew-2,secret yes crew",
    ]);
    assert.deepEqual(driver.status(), { starting: 2, quarantined: 0, error: undefined });
    await driver.close("deleted");
  });

  it("count as starting until they join, and are removed in order: never joined, then least busy", async () => {
    const { driver, agents } = driverOf({ command: waits });
    driver.setCount(3, "");
    agents.joined.set("crew-1", 1).set("crew-3", 5);
    await until("those that joined", () => {
      driver.setCount(3, "");
      return driver.status().starting === 1;
    });
    driver.setCount(2, "");
    await until("crew-2", () => agents.calls.includes("ended crew-2"));
    driver.setCount(1, "");
    await until("crew-1", () => agents.calls.includes("ended crew-1"));
    assert.ok(agents.calls.includes("drain crew-1"), "it drains before it is asked to end");
    driver.setCount(2, "");
    assert.ok(
      agents.calls.filter((call) => call === "started crew-1").length === 2,
      "its name is free again",
    );
    await driver.close("left");
  });

  it("are killed if they do not stop when asked", async () => {
    const { driver, agents, linesOf } = driverOf({ command: stubborn, stopMs: 100 });
    driver.setCount(1, "");
    await until("it", () => linesOf().includes("ready"));
    await driver.close("left");
    assert.ok(agents.calls.includes("ended crew-1"));
  });

  it("that crash are restarted, and quarantined after too many crashes, until they are released", async () => {
    const { driver, agents } = driverOf({ command: ["node", "-e", "process.exit(3)"] }, 2);
    driver.setCount(1, "");
    await until("quarantine", () => driver.status().quarantined === 1);
    assert.equal(agents.calls.filter((call) => call === "started crew-1").length, 2);
    assert.ok(agents.calls.includes("quarantine crew-1: it ended with code 3, 2 times in a row"));
    assert.equal(driver.status().error?.code, "scaling.crashed");
    assert.equal(driver.crashesOf("crew-1"), 2);
    driver.setCount(1, "");
    assert.equal(driver.status().quarantined, 1, "it counts as one that is there");
    driver.release("crew-1");
    assert.equal(driver.status().starting, 1);
    await driver.close("left");
  });

  it("report the last message of a program that crashed, and are released if its scaler starts another program", async () => {
    const script = "console.error('✗ the document names no server.\\n  Set `url`.\\n'); process.exit(3)";
    const { driver, agents } = driverOf({ command: ["node", "-e", script] }, 1);
    driver.setCount(1, "");
    await until("quarantine", () => driver.status().quarantined === 1);
    const reason =
      'it ended with code 3, last output "✗ the document names no server. Set `url`.", 1 time in a row';
    assert.ok(agents.calls.includes(`quarantine crew-1: ${reason}`), agents.calls.join("\n"));
    await driver.close("replaced");
    assert.ok(agents.calls.includes("release crew-1"));
  });

  it("that crashed at the pool's earlier owner are not restarted often enough again, and restart when released", async () => {
    const broken = { command: ["node", "-e", "process.exit(3)"] };
    const { driver, agents } = driverOf(
      broken,
      3,
      new Map([
        ["crew-1", { count: 2, how: "exited with code 9" }],
        ["crew-2", { count: 3, how: "exited with code 9" }],
      ]),
    );
    driver.setCount(2, "");
    assert.match(
      driver.status().error?.message ?? "",
      /`crew-2` stopped unexpectedly 3 times in a row: it exited with code 9/,
    );
    await until("both to be quarantined", () => driver.status().quarantined === 2);
    const started = agents.calls.filter((call) => call.startsWith("started"));
    assert.deepEqual(
      started,
      ["started crew-1"],
      "one more was one too many for it, and the other had had enough",
    );
    assert.ok(agents.calls.includes("crashed crew-1: 3"));
    driver.release("crew-2");
    assert.ok(agents.calls.includes("crashed crew-2: 0"));
    await until("its own row", () => agents.calls.includes("crashed crew-2: 1"));
    driver.setCount(0, "");
    assert.ok(
      agents.calls.includes("crashed crew-1: 0"),
      "the next agent of its name starts without its crashes",
    );
    assert.ok(agents.calls.includes("release crew-1"), "it may be wanted again");
    await driver.close("left");
  });

  it("without an existing program are quarantined too, and the reason is reported", async () => {
    const cases: readonly [Parameters<typeof driverOf>[0], RegExp][] = [
      [
        { command: ["/no/such/program"] },
        /started: the program `\/no\/such\/program` does not exist \(ENOENT\)/,
      ],
      [{ command: ["no-such-program"] }, /`no-such-program` is not in the PATH of the platform/],
      [{ command: ["/"] }, /`\/` is not executable/],
      [{ command: waits, directory: "/no/such/folder" }, /the folder \/no\/such\/folder does not exist/],
    ];
    for (const [settings, message] of cases) {
      const { driver } = driverOf(settings, 1);
      driver.setCount(1, "");
      await until("quarantine", () => driver.status().quarantined === 1);
      assert.match(driver.status().error?.message ?? "", message);
      await driver.close("left");
    }
  });

  it("with unreadable secrets are not started", async () => {
    const { driver } = driverOf({ command: waits, environment: { KEY: "env:NO_SUCH_VARIABLE_HERE" } }, 1);
    driver.setCount(1, "");
    await until("quarantine", () => driver.status().quarantined === 1);
    assert.match(driver.status().error?.message ?? "", /NO_SUCH_VARIABLE_HERE/);
    await driver.close("left");
  });

  it("that end well after they had joined are started again without being blamed", async () => {
    const { driver, agents } = driverOf({ command: ["node", "-e", "setTimeout(() => {}, 300)"] }, 1);
    driver.setCount(1, "");
    agents.joined.set("crew-1", 0);
    await until("that it is seen", () => {
      driver.setCount(1, "");
      return driver.status().starting === 0;
    });
    await until("the next one", () => agents.calls.filter((call) => call === "started crew-1").length === 2);
    assert.equal(driver.status().quarantined, 0);
    await driver.close("left");
  });

  it("stop together with their child processes", async () => {
    const parent =
      "const { spawn } = require('node:child_process'); const c = spawn('node', ['-e', 'setInterval(() => {}, 1000)']); console.log(c.pid); setInterval(() => {}, 1000)";
    const { driver, linesOf } = driverOf({ command: ["node", "-e", parent] });
    driver.setCount(1, "");
    await until("the child", () => linesOf().length > 0);
    const child = Number(linesOf()[0]);
    assert.notEqual(await startOfProcess(child), undefined);
    await driver.close("left");
    await until("the child's end", async () => (await startOfProcess(child)) === undefined);
  });

  it("that a killed process left behind are found and stopped by the next process, and no other program is", async () => {
    const records = new LaunchRecords(directory);
    const earlier = launch({
      command: waits,
      directory: "",
      environment: { PATH: process.env["PATH"] ?? "" },
      onLine() {},
    });
    const other = launch({
      command: waits,
      directory: "",
      environment: { PATH: process.env["PATH"] ?? "" },
      onLine() {},
    });
    assert.ok(earlier.pid !== undefined && other.pid !== undefined);
    await records.add(earlier.pid, "crew-1", 2_000);
    await records.add(process.pid, "not-me", 0);
    // Another process has its number now.
    const { readFile, writeFile } = await import("node:fs/promises");
    const file = join(directory, "launched", `${process.pid}.json`);
    const record = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify({ ...record, began: "1" }));
    const reported: string[] = [];
    await endLeftovers(records, real.timers, (agent) => reported.push(agent));
    assert.deepEqual(reported, ["crew-1"]);
    assert.deepEqual(await earlier.ended, { kind: "killed", signal: "SIGTERM" });
    assert.notEqual(await startOfProcess(other.pid), undefined);
    assert.deepEqual(await records.leftovers(), []);
    other.signal("SIGKILL");
    await other.ended;
  });
});
