import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { registryService, WatchReply } from "@tutti/contracts/registry/v1";
import { TuttiError } from "@tutti/kernel";
import { testFoundation } from "@tutti/kernel/testing";
import type { Client } from "../client/types.ts";
import { RegistryDiscovery } from "./registry.ts";

const unavailable = new TuttiError({ code: "test.away", status: "UNAVAILABLE", message: "nobody there" });

/** Returns a registry with the given streams, one after the other. The last one continues for ever. */
function following(...streams: readonly ("breaks at once" | "breaks after news" | "goes on")[]) {
  const foundation = testFoundation();
  const remaining = [...streams];
  const ends = new AbortController();
  const watch = async function* (_request: unknown, { signal }: { signal: AbortSignal }) {
    const stream = remaining.shift() ?? "goes on";
    if (stream === "breaks at once") throw unavailable;
    yield news;
    if (stream === "breaks after news") throw unavailable;
    await new Promise<void>((_resolve, reject) => {
      const end = () => reject(signal.reason ?? unavailable);
      for (const each of [signal, ends.signal]) each.addEventListener("abort", end, { once: true });
    });
  };
  const registry = { watch } as unknown as Client<typeof registryService>;
  const discovery = new RegistryDiscovery({ foundation, registry: () => registry });
  return { foundation, discovery, breakStream: () => ends.abort() };
}

const news: WatchReply = {
  position: { history: "hist_1", revision: 1 },
  complete: true,
  news: { $case: "snapshot", value: { instances: [], last: true } },
};

describe("following the registry", () => {
  it("logs no warning for a stream that breaks once and reconnects", async () => {
    const { foundation, discovery } = following("breaks after news", "goes on");
    discovery.start();

    await foundation.time.advanceAsync(1_000);

    assert.equal(discovery.health().level, "healthy");
    assert.deepEqual(foundation.logger.messages("warn"), []);
    await discovery.stop();
  });

  it("calls a registry that is silent unreachable", async () => {
    const { foundation, discovery } = following("goes on");
    discovery.start();

    await foundation.time.advanceAsync(15_000);

    assert.match(
      discovery.health().reason,
      /^the registry cannot be followed \(The server cannot be reached: no message within 15 s\./,
    );
    await discovery.stop();
  });

  it("warns once about an unavailable registry, and is degraded until the registry returns", async () => {
    const { foundation, discovery } = following("breaks at once", "breaks at once", "breaks at once");
    discovery.start();

    await foundation.time.advanceAsync(150);
    assert.equal(discovery.health().level, "degraded");
    await foundation.time.advanceAsync(5_000);

    assert.equal(discovery.health().level, "healthy");
    assert.deepEqual(foundation.logger.messages("warn"), [
      "registry unavailable, using the last known instances",
    ]);
    await discovery.stop();
  });

  it("logs no warning for a stream that breaks because this process stops", async () => {
    const { foundation, discovery, breakStream } = following("goes on");
    discovery.start();
    await foundation.time.advanceAsync(10);

    breakStream();
    await discovery.stop();

    assert.deepEqual(foundation.logger.messages("warn"), []);
  });
});
