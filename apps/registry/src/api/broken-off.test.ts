import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HealthState, ListServicesRequest, WatchRequest } from "@tutti/contracts/registry/v1";
import { openDesk, renewal, type TestDesk } from "../../test/desk.ts";
import { instance } from "../../test/fixtures.ts";
import { listServices } from "./instances.ts";
import { watch } from "./watch.ts";

const ready = { state: HealthState.HEALTH_STATE_READY, reason: "" };

/** Two instances of a service, the stream of the one's process, and how many are ready. */
async function openWatched(desk: TestDesk) {
  for (const id of ["a", "b"]) await desk.registrar.register(instance(id), 0);
  const stream = new AbortController();
  const replies = watch(desk, WatchRequest.fromPartial({ instanceIds: ["a"] }), stream.signal);
  await desk.foundation.time.settle(replies.next());
  return {
    breakOff: async () => {
      stream.abort();
      await replies.return(undefined);
    },
    end: () => replies.return(undefined),
    readyCount: () => {
      const { services } = listServices(desk.registrar.directory, ListServicesRequest.fromPartial({}));
      return services.map((one) => `${one.ready}/${one.instances}`).join();
    },
  };
}

describe("an instance whose process broke off its stream", () => {
  it("is not responding two seconds later, and ready again with its next renewal", async () => {
    await using desk = await openDesk();
    const { registrar, foundation } = desk;
    const { breakOff, readyCount } = await openWatched(desk);
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

  it("stays ready if it is heard again, if it said good-bye, or if its stream ended in order", async () => {
    await using desk = await openDesk();
    const { registrar, foundation } = desk;
    const one = await openWatched(desk);
    await one.breakOff();
    await foundation.time.advanceAsync(1_000);
    await registrar.renew([renewal("a")]);
    await foundation.time.advanceAsync(1_500);
    assert.equal(one.readyCount(), "2/2");
    const other = await openWatched(desk);
    await other.end();
    await foundation.time.advanceAsync(2_500);
    assert.equal(other.readyCount(), "2/2");
    const last = await openWatched(desk);
    await registrar.deregister("a", "drained");
    await last.breakOff();
    await foundation.time.advanceAsync(2_500);
    assert.equal(last.readyCount(), "1/1");
  });

  it("is not judged by a registry that stops", async () => {
    const desk = await openDesk();
    const { breakOff, readyCount } = await openWatched(desk);
    await desk[Symbol.asyncDispose]();
    await breakOff();
    await desk.foundation.time.advanceAsync(5_000);
    assert.equal(readyCount(), "2/2");
  });
});
