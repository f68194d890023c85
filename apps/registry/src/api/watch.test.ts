import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WatchReply, WatchRequest } from "@tutti/contracts/registry/v1";
import { instance, offer } from "../../test/fixtures.ts";
import { openRegistry, renewal, revisionOf, type TestRegistry } from "../../test/registry.fixture.ts";
import { watch } from "./watch.ts";

/** Returns a watcher that takes a reply only on request. */
function watcher(dependencies: TestRegistry, request: Partial<WatchRequest> = {}) {
  const stopping = new AbortController();
  const replies = watch(dependencies, WatchRequest.fromPartial(request), stopping.signal);
  return {
    next: async (): Promise<WatchReply> => {
      const { value } = await dependencies.foundation.time.settle(replies.next());
      assert.ok(value, "the watch continued");
      return value;
    },
    pending: () => replies.next(),
    stop: async () => {
      stopping.abort();
      await replies.return(undefined);
    },
  };
}

const idsOf = ({ news }: WatchReply): readonly string[] => {
  switch (news?.$case) {
    case "snapshot":
      return news.value.instances.map(({ id }) => id);
    case "changes":
      return news.value.changes.map(({ what }) =>
        what?.$case === "put" ? what.value.id : `-${what?.value.instanceId}`,
      );
    case "figures":
      return news.value.instances.map(({ instanceId }) => `~${instanceId}`);
    case undefined:
      return [];
  }
};

describe("watch", () => {
  it("starts with all entries, then reports changes in order", async () => {
    await using dependencies = await openRegistry();
    const { registrar } = dependencies;
    await registrar.register(instance("a"), 0);
    const client = watcher(dependencies);
    const snapshot = await client.next();
    assert.equal(snapshot.news?.$case, "snapshot");
    assert.deepEqual(idsOf(snapshot), ["a"]);
    await registrar.register(instance("b"), 0);
    await registrar.deregister("a", "drained");
    assert.deepEqual(idsOf(await client.next()), ["b", "-a"]);
    await client.stop();
  });

  it("sends a burst in few replies", async () => {
    await using dependencies = await openRegistry();
    const client = watcher(dependencies);
    await client.next();
    const next = client.pending();
    await dependencies.foundation.time.flush();
    for (let index = 0; index < 300; index++) await dependencies.registrar.register(instance(`i${index}`), 0);
    const { value } = await dependencies.foundation.time.settle(next);
    assert.equal(idsOf(value as WatchReply).length, 200);
    assert.equal(idsOf(await client.next()).length, 100);
    await client.stop();
  });

  it("sends only the missed changes to a watcher that resumes", async () => {
    await using dependencies = await openRegistry();
    await dependencies.registrar.register(instance("a"), 0);
    const client = watcher(dependencies);
    const { position } = await client.next();
    await client.stop();
    await dependencies.registrar.register(instance("b"), 0);
    const resumed = watcher(dependencies, { after: position });
    const reply = await resumed.next();
    assert.equal(reply.news?.$case, "changes");
    assert.deepEqual(idsOf(reply), ["b"]);
    await resumed.stop();
  });

  for (const { title, after } of [
    { title: "of another history", after: { history: "history-0", revision: 1 } },
    { title: "from the future", after: { history: "history-1", revision: 99 } },
  ]) {
    it(`sends a snapshot to a watcher that resumes at a position ${title}`, async () => {
      await using dependencies = await openRegistry();
      await dependencies.registrar.register(instance("a"), 0);
      const client = watcher(dependencies, { after });
      assert.equal((await client.next()).news?.$case, "snapshot");
      await client.stop();
    });
  }

  it("sends a new snapshot to a watcher that falls behind the stored changes", async () => {
    await using dependencies = await openRegistry({ historyMax: 5 });
    const client = watcher(dependencies);
    await client.next();
    for (let index = 0; index < 20; index++) await dependencies.registrar.register(instance("a"), 0);
    const reply = await client.next();
    assert.equal(reply.news?.$case, "snapshot");
    assert.equal(revisionOf(reply.position), 20);
    await client.stop();
  });

  it("sends a new snapshot to a watcher if the store starts another history", async () => {
    await using dependencies = await openRegistry();
    await dependencies.registrar.register(instance("a"), 0);
    const client = watcher(dependencies);
    await client.next();
    dependencies.registrar.historyStarted({ name: "history-2", startMs: 0 });
    for (const [index, id] of ["b", "c"].entries()) {
      dependencies.registrar.stepped({
        revision: index + 1,
        put: { instance: instance(id), leaseMs: 1_000 },
      });
    }
    dependencies.registrar.loaded();
    const reply = await client.next();
    assert.deepEqual(idsOf(reply), ["b", "c"]);
    assert.deepEqual(reply.position, { history: "history-2", revision: 2 });
    await client.stop();
  });

  it("reports a snapshot as incomplete if it was taken before the registry was complete", async () => {
    await using dependencies = await openRegistry();
    for (let index = 0; index < 250; index++) await dependencies.registrar.register(instance(`i${index}`), 0);
    const client = watcher(dependencies);
    await client.next();
    await dependencies.foundation.time.advanceAsync(dependencies.settings.leaseMs);
    assert.equal(dependencies.registrar.complete, true);
    const last = await client.next();
    assert.equal(last.news?.$case === "snapshot" && last.news.value.last, true);
    assert.equal(last.complete, false);
    await client.stop();
  });

  it("sends a large snapshot in parts, of which only the last moves the position", async () => {
    await using dependencies = await openRegistry();
    for (let index = 0; index < 450; index++) await dependencies.registrar.register(instance(`i${index}`), 0);
    const client = watcher(dependencies);
    const parts = [await client.next(), await client.next(), await client.next()];
    assert.deepEqual(
      parts.map((part) => idsOf(part).length),
      [200, 200, 50],
    );
    assert.deepEqual(
      parts.map(({ news }) => news?.$case === "snapshot" && news.value.last),
      [false, false, true],
    );
    assert.deepEqual(
      parts.map(({ position }) => position?.revision),
      [undefined, undefined, 450],
    );
    await client.stop();
  });

  it("sends no reply that is too heavy for a message, however much instances offer", async () => {
    await using dependencies = await openRegistry();
    const { capability, ...rest } = offer("pay.charge@1.0.0");
    assert.ok(capability);
    const inputSchema = JSON.stringify({ description: "x".repeat(250_000) });
    const offers = [{ ...rest, capability: { ...capability, inputSchema } }];
    const ids = Array.from({ length: 40 }, (_, index) => `i${index}`);
    for (const id of ids) await dependencies.registrar.register(instance(id, { offers }), 0);
    const received: string[] = [];
    const receive = async (client: ReturnType<typeof watcher>) => {
      const reply = await client.next();
      assert.ok(WatchReply.encode(reply).finish().length < 2_000_000);
      received.push(...idsOf(reply));
      return reply.position;
    };
    const one = watcher(dependencies, { withSchemas: true });
    while (received.length < 40) await receive(one);
    assert.deepEqual(received, ids);
    await one.stop();
    // The same as changes. The position of each reply is that of its last change.
    const resumed = watcher(dependencies, {
      withSchemas: true,
      after: { history: "history-1", revision: 10 },
    });
    received.length = 0;
    const revisions: (number | undefined)[] = [];
    while (received.length < 30) revisions.push((await receive(resumed))?.revision);
    assert.deepEqual(received, ids.slice(10));
    assert.deepEqual(revisions, [14, 18, 22, 26, 30, 34, 38, 40]);
    await resumed.stop();
  });

  it("reports only the requested services, and confirms the position past the others", async () => {
    await using dependencies = await openRegistry();
    const client = watcher(dependencies, { services: ["swarm"] });
    assert.deepEqual(idsOf(await client.next()), []);
    await dependencies.registrar.register(instance("w", { service: "workflow" }), 0);
    const unchanged = await client.next();
    assert.equal(unchanged.news, undefined);
    assert.equal(revisionOf(unchanged.position), 1);
    await dependencies.registrar.register(instance("s", { service: "swarm" }), 0);
    assert.deepEqual(idsOf(await client.next()), ["s"]);
    await client.stop();
  });

  it("breaks a long silence with a heartbeat", async () => {
    await using dependencies = await openRegistry();
    const client = watcher(dependencies);
    await client.next();
    const beforeMs = dependencies.foundation.time.monotonic();
    const sign = await client.next();
    assert.equal(sign.news, undefined);
    assert.equal(dependencies.foundation.time.monotonic() - beforeMs, dependencies.settings.keepaliveMs);
    await client.stop();
  });

  it("breaks a long silence while changes of other services and loads arrive", async () => {
    await using dependencies = await openRegistry();
    const { foundation, registrar, settings } = dependencies;
    await registrar.register(instance("a"), 0);
    const client = watcher(dependencies, { services: ["swarm"] });
    await client.next();
    const renewing = foundation.timers.every(settings.keepaliveMs / 4, () => {
      void registrar.renew([renewal("a")]);
      void registrar.register(instance("b", { address: `b:${foundation.time.monotonic()}` }), 0);
    });
    const beforeMs = foundation.time.monotonic();
    assert.equal((await client.next()).news, undefined);
    assert.equal(foundation.time.monotonic() - beforeMs, settings.keepaliveMs);
    renewing.cancel();
    await client.stop();
  });

  it("reports when a missing instance can be considered removed", async () => {
    await using dependencies = await openRegistry();
    const client = watcher(dependencies);
    assert.equal((await client.next()).complete, false);
    let reply = await client.next();
    while (!reply.complete) reply = await client.next();
    assert.equal(dependencies.foundation.time.monotonic() >= dependencies.settings.leaseMs, true);
    await client.stop();
  });

  it("sends the load of instances only to watchers that request it, in batches", async () => {
    await using dependencies = await openRegistry();
    const { registrar } = dependencies;
    await registrar.register(instance("a", { load: { inFlight: 1, queued: 0, utilization: 0 } }), 0);
    await registrar.register(instance("b"), 0);
    const plain = watcher(dependencies);
    const curious = watcher(dependencies, { withFigures: true });
    const [first] = [await plain.next(), await curious.next()];
    assert.equal(first.news?.$case === "snapshot" && first.news.value.instances[0]?.load, undefined);
    await registrar.renew([renewal("a"), renewal("b")]);
    assert.deepEqual(idsOf(await curious.next()), ["~a", "~b"]);
    assert.equal((await plain.next()).news, undefined);
    await plain.stop();
    await curious.stop();
  });

  it("omits schemas unless they are requested", async () => {
    await using dependencies = await openRegistry();
    const { capability, ...rest } = offer("pay.charge@1.0.0");
    assert.ok(capability);
    const offers = [{ ...rest, capability: { ...capability, inputSchema: '{"type":"object"}' } }];
    await dependencies.registrar.register(instance("a", { offers }), 0);
    for (const withSchemas of [false, true]) {
      const client = watcher(dependencies, { withSchemas });
      const { news } = await client.next();
      const schema =
        news?.$case === "snapshot" && news.value.instances[0]?.offers[0]?.capability?.inputSchema;
      assert.equal(schema, withSchemas ? '{"type":"object"}' : "");
      await client.stop();
    }
  });

  it("counts the watches that are open", async () => {
    await using dependencies = await openRegistry();
    const client = watcher(dependencies);
    await client.next();
    assert.equal(dependencies.foundation.metrics.value("tutti_registry_watchers"), 1);
    await client.stop();
    assert.equal(dependencies.foundation.metrics.value("tutti_registry_watchers"), 0);
  });
});
