import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testFoundation } from "@tutti/kernel/testing";
import type { Program, ProgramExit, RunningProgram } from "./program.ts";
import { Supervised } from "./supervised.ts";

const program = (command: string): Program => ({ command, arguments: [], environment: {} });

/** Programs that end when the test ends them. */
class Stage {
  readonly foundation = testFoundation();
  readonly launched: string[] = [];
  readonly signals: string[] = [];
  readonly reasons: string[] = [];
  #running: { readonly onLine: (line: string) => void; readonly ended: PromiseWithResolvers<ProgramExit> }[] =
    [];

  supervise(...programs: readonly [string, ...string[]]): Supervised {
    const [first, ...others] = programs;
    return new Supervised({
      name: "worker-test",
      programs: [program(first), ...others.map(program)],
      foundation: this.foundation,
      onFallback: (reason) => this.reasons.push(reason),
      launch: ({ command }, onLine): RunningProgram => {
        const ended = Promise.withResolvers<ProgramExit>();
        this.launched.push(command);
        this.#running.push({ onLine, ended });
        return {
          pid: this.launched.length,
          ended: ended.promise,
          signal: (signal) => this.signals.push(signal),
        };
      },
    });
  }

  print(line: string): void {
    this.#running.at(-1)?.onLine(line);
  }

  async exit(exit: Partial<ProgramExit> | Error): Promise<void> {
    const latest = this.#running.at(-1);
    if (exit instanceof Error) latest?.ended.reject(exit);
    else latest?.ended.resolve({ code: null, signal: null, ...exit });
    await this.foundation.time.advance(0);
  }

  /** Returns the pause until the next program is launched. */
  async pause(): Promise<number> {
    const before = this.launched.length;
    const from = this.foundation.time.monotonic();
    while (this.launched.length === before) await this.foundation.time.advance(10);
    return this.foundation.time.monotonic() - from;
  }

  warnings(): unknown[] {
    return this.foundation.logger.lines
      .filter(({ level }) => level === "warn")
      .map(({ fields }) => fields["said"]);
  }
}

describe("a supervised worker", () => {
  it("is started again when it ends, after pauses that grow as long as it does not last", async () => {
    const stage = new Stage();
    stage.supervise("node").start();
    const pauses: number[] = [];
    for (let round = 0; round < 8; round++) {
      await stage.exit({ signal: "SIGKILL" });
      pauses.push(await stage.pause());
    }
    assert.ok((pauses[0] ?? 0) <= 210, `${pauses}`);
    assert.ok((pauses[7] ?? 0) >= 5_000, `${pauses}`);

    await stage.foundation.time.advance(60_000);
    await stage.exit({ code: 1 });
    assert.ok((await stage.pause()) <= 210, "it had lasted");
    assert.equal(stage.launched.length, 10);
  });

  it("falls back to the next program if one cannot run, with the reason, and stays with the last one", async () => {
    const stage = new Stage();
    stage.supervise("python3", "other-python", "node").start();
    await stage.exit(new Error("there is no python3"));
    stage.print('{"level":"info","message":"/usr/bin/python3 cannot import grpc"}');
    await stage.exit({ code: 69 });
    assert.deepEqual(stage.launched, ["python3", "other-python", "node"]);
    assert.deepEqual(stage.reasons, ["there is no python3", "/usr/bin/python3 cannot import grpc"]);
    assert.deepEqual(stage.warnings(), []);

    await stage.exit({ code: 69 });
    await stage.pause();
    assert.deepEqual(stage.launched.slice(3), ["node"]);
  });

  it("may finish its work when it must stop and is not restarted, and a kill ends it at once", async () => {
    const stage = new Stage();
    const worker = stage.supervise("node");
    worker.start();
    let isStopped = false;
    const stopped = worker.stop().then(() => {
      isStopped = true;
    });
    await stage.foundation.time.advance(60_000);
    assert.equal(isStopped, false);
    const killed = worker.kill();
    await stage.exit({ signal: "SIGKILL" });
    await Promise.all([stopped, killed]);
    await stage.foundation.time.advance(60_000);
    assert.deepEqual([stage.signals, stage.launched.length], [["SIGTERM", "SIGKILL"], 1]);
  });

  it("is not started again after a pause that its stop cut short", async () => {
    const stage = new Stage();
    const worker = stage.supervise("node");
    worker.start();
    await stage.exit({ code: 1 });
    await worker.stop();
    await stage.foundation.time.advance(60_000);
    assert.equal(stage.launched.length, 1);
  });

  it("has its errors logged as warnings, except while it stops", async () => {
    const stage = new Stage();
    const worker = stage.supervise("node");
    worker.start();
    stage.print('{"level":"info","message":"linked"}');
    stage.print('{"level":"error","message":"worker stopped","error":{"message":"refused"}}');
    stage.print(
      '{"level":"error","message":"a handler failed","error":"Traceback:\\n  line 1\\nValueError: no"}',
    );
    stage.print("Error: Cannot find module");
    stage.print("{not json");
    const stopped = worker.stop();
    stage.print('{"level":"warn","message":"the link broke"}');
    await stage.exit({ code: 0 });
    await stopped;
    assert.deepEqual(stage.warnings(), [
      "worker stopped: refused",
      "a handler failed: ValueError: no",
      "Error: Cannot find module",
      "{not json",
    ]);
  });
});
