import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HealthState, ListServicesRequest, WatchRequest } from "@tutti/contracts/registry/v1";
import { instance } from "../../test/fixtures.ts";
import { openRegistry, renewal, type TestRegistry } from "../../test/registry.fixture.ts";
import { listServices } from "./instances.ts";
import { watch } from "./watch.ts";

const ready = { state: HealthState.HEALTH_STATE_READY, reason: "" };

/** Opens two instances of a service with the stream of one of them, and counts the ready ones. */
async function openWatched(dependencies: TestRegistry) {
  for (const id of ["a", "b"]) await dependencies.registrar.register(instance(id), 0);
  const stream = new AbortController();
  const replies = watch(dependencies, WatchRequest.fromPartial({ instanceIds: ["a"] }), stream.signal);
  await dependencies.foundation.time.settle(replies.next());
  return {
    breakOff: async () => {
      stream.abort();
      await replies.return(undefined);
    },
    end: () => replies.return(undefined),
    readyCount: () => {
      const { services } = listServices(
        dependencies.registrar.directory,
        ListServicesRequest.fromPartial({}),
      );
      return services.map((service) => `${service.ready}/${service.instances}`).join();
    },
  };
}

describe("an instance whose process broke off its watch", () => {
  it("is not responding two seconds later, and ready again with its next renewal", async () => {
    await using dependencies = await openRegistry();
    const { registrar, foundation } = dependencies;
    const { breakOff, readyCount } = await openWatched(dependencies);
    await foundation.time.advanceAsync(1_000);
    await breakOff();
    await foundation.time.advanceAsync(1_999);
    assert.equal(readyCount(), "2/2");
    await foundation.time.advanceAsync(1);
    assert.equal(readyCount(), "1/2");
    assert.match(registrar.directory.get("a")?.health?.reason ?? "", /does not respond/);
    await registrar.renew([renewal("a", { health: ready })]);
    assert.equal(readyCount(), "2/2");
  });

  it("stays ready if it renews, if it deregistered, or if the watch ended normally", async () => {
    await using dependencies = await openRegistry();
    const { registrar, foundation } = dependencies;
    const watched = await openWatched(dependencies);
    await watched.breakOff();
    await foundation.time.advanceAsync(1_000);
    await registrar.renew([renewal("a")]);
    await foundation.time.advanceAsync(1_500);
    assert.equal(watched.readyCount(), "2/2");
    const other = await openWatched(dependencies);
    await other.end();
    await foundation.time.advanceAsync(2_500);
    assert.equal(other.readyCount(), "2/2");
    const last = await openWatched(dependencies);
    await registrar.deregister("a", "drained");
    await last.breakOff();
    await foundation.time.advanceAsync(2_500);
    assert.equal(last.readyCount(), "1/1");
  });

  it("is not judged by a registry that stops", async () => {
    const dependencies = await openRegistry();
    const { breakOff, readyCount } = await openWatched(dependencies);
    await dependencies[Symbol.asyncDispose]();
    await breakOff();
    await dependencies.foundation.time.advanceAsync(5_000);
    assert.equal(readyCount(), "2/2");
  });
});
