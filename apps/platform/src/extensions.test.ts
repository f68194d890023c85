import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Foundation, Orchestrator } from "@tutti/kernel";
import { testFoundation } from "@tutti/kernel/testing";
import { Extensions } from "./extensions.ts";

/** An orchestrator whose start ignores every signal. */
class Deaf extends Orchestrator {
  override start(): Promise<void> {
    return new Promise(() => {});
  }
}

const never = () => new Promise<void>(() => {});

function extensionsOf(foundation: Foundation, ...orchestrators: readonly Orchestrator[]): Extensions {
  const opened = orchestrators.map((orchestrator, index) => ({ path: `./${index + 1}.ts`, orchestrator }));
  return new Extensions(opened, { foundation, version: "1.0.0", startTimeoutMs: 10_000 });
}

describe("Extensions", () => {
  it("become ready without extensions that do not finish their start, and report them", async () => {
    const foundation = testFoundation();
    const slow = new Orchestrator("slow", foundation);
    slow.register("ledger", { start: never });
    const good = new Orchestrator("good", foundation);
    const extensions = extensionsOf(foundation, new Deaf("deaf", foundation), slow, good);

    await foundation.time.settle(extensions.start());

    assert.equal(foundation.time.monotonic(), 20_000);
    assert.equal(good.state, "ready");
    assert.deepEqual(
      extensions.readinessProblems().map(({ component, reason }) => [component, reason.slice(0, 64)]),
      [
        ["extensions.deaf", "its start failed: The start of `deaf` did not finish within 10 s"],
        ["extensions.slow", "its start failed: The start of `slow` did not finish within 10 s"],
      ],
    );
    await foundation.time.settle(extensions.stop());
    assert.equal(good.state, "stopped");
  });

  it("stop although one of them never stops, and report it", async () => {
    const foundation = testFoundation();
    class Endless extends Orchestrator {
      override stop = never;
    }
    const good = new Orchestrator("good", foundation);
    const extensions = extensionsOf(foundation, good, new Endless("endless", foundation));
    await extensions.start();
    await assert.rejects(foundation.time.settle(extensions.stop()), {
      message: /extensions did not stop cleanly: .*The stop of `endless` did not finish within 15 s/,
    });
    assert.equal(good.state, "stopped");
  });

  it("have unique names: two with the same name are refused, with both modules", () => {
    const foundation = testFoundation();
    const twins = [new Orchestrator("billing", foundation), new Orchestrator("billing", foundation)];
    assert.throws(() => extensionsOf(foundation, ...twins), {
      code: "platform.extension_unusable",
      message:
        /The extension \.\/2\.ts .* cannot be used: .* the name `billing`, which that of \.\/1\.ts has too\./,
    });
  });
});
