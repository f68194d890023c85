import assert from "node:assert/strict";
import { createHook } from "node:async_hooks";
import { generateKeyPairSync, scrypt, sign, webcrypto } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as realPause } from "node:timers/promises";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { RunningTime, runningTime } from "./running-time.ts";
import { until } from "./until.ts";

const hourMs = 3_600_000;

describe("RunningTime", () => {
  it("passes hours at once if no work is pending", async () => {
    using running = RunningTime.open();
    const { time } = running;
    const sinceMs = performance.now();
    await time.pass(hourMs);
    assert.equal(time.monotonic(), hourMs);
    assert.ok(performance.now() - sinceMs < 5_000);
  });

  it("fires timers in the order in which they are due, with any work between them", async () => {
    using running = RunningTime.open();
    const { time } = running;
    const fired: string[] = [];
    const after = async (ms: number) => {
      await time.pass(ms);
      fired.push(`${ms} at ${time.monotonic()}`);
      if (ms === 10) await time.pass(15).then(() => fired.push(`25 at ${time.monotonic()}`));
    };
    await Promise.all([after(30), after(10), after(20)]);
    assert.deepEqual(fired, ["10 at 10", "20 at 20", "25 at 25", "30 at 30"]);
  });

  const work: Readonly<Record<string, () => Promise<unknown>>> = {
    "files are written and read": async () => {
      const folder = await mkdtemp(join(tmpdir(), "running-time-"));
      for (let n = 0; n < 20; n++) await writeFile(join(folder, "file"), Buffer.alloc(100_000, n));
      const read = await readFile(join(folder, "file"));
      await rm(folder, { recursive: true });
      return read;
    },
    "the thread pool derives a key": () => promisify(scrypt)("word", "salt", 32),
    "a signature is made and checked": async () => {
      const { subtle } = webcrypto;
      const kind = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
      const { privateKey, publicKey } = await subtle.generateKey(kind, true, ["sign", "verify"]);
      const signed = await subtle.sign(kind, privateKey, Buffer.from("word"));
      return subtle.verify(kind, publicKey, signed, Buffer.from("word"));
    },
    "a server of this process answers": async () => {
      const server = createServer((_request, reply) => setImmediate(() => reply.end("x".repeat(300_000))));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      // The cast: it listens at a port.
      const { port } = server.address() as AddressInfo;
      for (let n = 0; n < 5; n++) await (await fetch(`http://127.0.0.1:${port}/`)).text();
      server.closeAllConnections();
      server.close();
    },
    "immediates follow each other": async () => {
      for (let n = 0; n < 50; n++) await new Promise(setImmediate);
    },
  };
  for (const [name, run] of Object.entries(work))
    it(`stands still while ${name}`, async () => {
      using running = RunningTime.open();
      const { time } = running;
      let ticks = 0;
      const ticking = time.every(1, () => ticks++);
      const startMs = time.monotonic();
      await run();
      ticking.cancel();
      assert.equal(time.monotonic() - startMs, 0, `${ticks} ticks`);
    });

  it("stands still while a thread that keeps the process alive works on a request", async () => {
    const source = `const { parentPort } = require("node:worker_threads");
      parentPort.on("message", () => setTimeout(() => parentPort.postMessage("answer"), 50));`;
    const worker = new Worker(source, { eval: true });
    await new Promise((resolve) => worker.once("online", resolve));
    using running = RunningTime.open();
    const { time } = running;
    time.every(1, () => {});
    const startMs = time.monotonic();
    await new Promise((resolve) => {
      worker.once("message", resolve).ref();
      worker.postMessage("question");
    });
    assert.equal(time.monotonic() - startMs, 0);
    await worker.terminate();
  });

  it("advances while a client waits for a delayed reply", async () => {
    using running = RunningTime.open();
    const { time } = running;
    const server = createServer((_request, reply) => time.after(hourMs, () => reply.end("late")));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // The cast: it listens at a port.
    const { port } = server.address() as AddressInfo;
    const answer = new Promise((resolve, reject) => {
      get({ port, host: "127.0.0.1", agent: false }, (reply) => resolve(reply.resume().statusCode)).on(
        "error",
        reject,
      );
    });
    assert.equal(await answer, 200);
    server.close();
  });

  it("advances after cryptography that ran at once, also while its job is not collected", async () => {
    using running = RunningTime.open();
    const jobs: object[] = [];
    const hook = createHook({
      init: (_id, _type, _trigger, job) => void jobs.push(job),
      trackPromises: false,
    });
    hook.enable();
    const { privateKey } = generateKeyPairSync("ed25519");
    assert.equal(sign(null, Buffer.from("text"), privateKey).length, 64);
    hook.disable();
    assert.ok(jobs.length >= 2, `${jobs.length} jobs`);
    await running.time.pass(hourMs);
  });

  it("advances even if a caller polls in each turn of the event loop", async () => {
    using running = RunningTime.open();
    let isOver = false;
    running.time.after(hourMs, () => {
      isOver = true;
    });
    for (let turn = 0; turn < 1_000_000; turn++) {
      if (isOver) break;
      await new Promise(setImmediate);
    }
    assert.equal(running.time.monotonic(), hourMs);
  });

  it("lets promises continue between timers that schedule the next timer without a delay", async () => {
    using running = RunningTime.open();
    const { time } = running;
    let isOver = false;
    let checks = 0;
    const check = () => {
      checks++;
      if (!isOver) time.after(0, check);
    };
    check();
    await new Promise(setImmediate);
    isOver = true;
    await time.pass(1);
    assert.ok(checks < 1_000, `${checks} looks`);
  });

  it("moves `until` from one due timer to the next", async () => {
    using running = RunningTime.open();
    const { time } = running;
    let seconds = 0;
    const ticking = time.every(1_000, () => seconds++);
    const requests: number[] = [];
    const sinceMs = performance.now();
    await until("an hour", () => requests.push(seconds) > 0 && seconds >= 3_600);
    ticking.cancel();
    assert.equal(requests.length, 3_601, "asked once each second");
    assert.ok(performance.now() - sinceMs < 10_000);
  });

  it("leaves the processor idle while only periodic timers fire", async () => {
    using running = RunningTime.open();
    running.time.every(10, () => {});
    // The free moves are used up by then.
    await realPause(300);
    const before = process.cpuUsage();
    await realPause(300);
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 200_000, `${user + system} µs of processor in 300 ms`);
  });

  it("is shared by all that are open, and stops with the last", async () => {
    const first = RunningTime.open();
    const second = RunningTime.open();
    assert.equal(first.time, second.time);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    assert.equal(runningTime(), second.time);
    await second.time.pass(1_000);
    second[Symbol.dispose]();
    assert.equal(runningTime(), undefined);
  });
});
