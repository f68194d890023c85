import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { registryService } from "@tutti/contracts/registry/v1";
import { until } from "@tutti/kernel/testing";
import { note, noteService } from "@tutti/mesh/testing";
import { freePort } from "@tutti/nats/testing";
import { type Caller, Load, openCaller } from "./support/caller.ts";
import { metricsOf, readyz, samplesOf } from "./support/operations.ts";
import { OutsideClient } from "./support/outside-client.ts";
import { registriesAt, type Service, start } from "./support/services.ts";

const { listServices } = registryService.methods;

describe("several instances of a service", () => {
  let registry: Service;
  let registryFlags: string[];
  let flags: string[];
  let one: Service;
  let two: Service;
  let caller: Caller;

  before(async () => {
    const port = await freePort();
    registryFlags = [`--mesh.listen=127.0.0.1:${port}`];
    registry = await start("registry", registryFlags);
    flags = [registriesAt(registry), "--log.level=warn"];
    const notes = [...flags, "--log.level=info"];
    [one, two] = await Promise.all([start("notes", notes), start("notes", notes)]);
    caller = await openCaller([...flags, "--mesh.breaker.openMs=600000", "--log.level=fatal"]);
    using outsider = new OutsideClient(registry.grpc);
    await until(
      "both to be registered",
      () => outsider.call(listServices, { page: undefined }),
      ({ services }) => services.find(({ name }) => name === "notes")?.instances === 2,
    );
  });

  after(async () => {
    await caller?.[Symbol.asyncDispose]();
    for (const each of [one, two, registry]) await each?.[Symbol.asyncDispose]();
  });

  it("a new instance receives calls immediately, and a kill under load fails no call", async (test) => {
    const load = new Load(caller);
    await load.more(100);
    const third = await start("notes", [...flags, "--log.level=info"]);
    const readyMs = performance.now();
    await until("the third one to take work", () => load.answeredBy(third.processId) > 0);
    test.diagnostic(
      `the third instance took work ${Math.round(performance.now() - readyMs)} ms after it was ready`,
    );

    await load.more(300);
    await third.kill();
    await load.more(1_000);
    await load.stop();

    assert.deepEqual(load.failures, []);
    for (const each of [one, two]) assert.ok(load.answeredBy(each.processId) > 0);
    test.diagnostic(`${load.calls} calls, none failed`);
  });

  it("an instance that stops under load fails no call", async () => {
    await using fourth = await start("notes", [...flags, "--log.level=info"]);
    const load = new Load(caller);
    await until("the fourth one to take work", () => load.answeredBy(fourth.processId) > 0);

    const exit = await fourth.stop();
    await load.more(500);
    await load.stop();

    assert.deepEqual(exit, { code: 0, signal: null });
    assert.deepEqual(load.failures, []);
    assert.deepEqual(
      fourth.lines.filter(({ level }) => level === "warn" || level === "error"),
      [],
    );
  });

  it("an instance that reports itself unhealthy gets no calls until it is healthy", async () => {
    using direct = new OutsideClient(one.grpc);
    const setHealth = (text: string) => direct.call(noteService.methods.put, note({ key: "shelf", text }));
    const answeredCount = async () => {
      const load = new Load(caller);
      await load.more(100);
      await load.stop();
      assert.deepEqual(load.failures, []);
      return load.answeredBy(one.processId);
    };

    await setHealth("unhealthy");
    const { status, body } = await readyz(one.http);
    await until("calls to go elsewhere", answeredCount, (answered) => answered === 0);
    await setHealth("healthy");
    await readyz(one.http);
    await until("calls to come back", answeredCount);

    assert.equal(status, 503);
    assert.deepEqual(body.problems, [{ component: "notes.notes.shelf", reason: "the shelf fell down" }]);
  });

  it("calls succeed while the registry restarts, and all instances register again", async () => {
    const load = new Load(caller);
    await load.more(100);

    await registry.kill();
    await load.more(500);
    registry = await start("registry", registryFlags);
    using outsider = new OutsideClient(registry.grpc);
    const { services } = await until(
      "both to register again",
      () => outsider.call(listServices, { page: undefined }),
      (reply) => reply.services.find(({ name }) => name === "notes")?.instances === 2,
    );
    await load.more(500);
    await load.stop();

    assert.deepEqual(load.failures, []);
    assert.equal(services.find(({ name }) => name === "notes")?.ready, 2);
    for (const each of [one, two]) assert.ok(load.answeredBy(each.processId) > 0);
  });

  it("the breaker of a failing instance opens, which the metrics show, and calls continue at the other", async (test) => {
    assert.deepEqual(await openBreakers(caller), 0);
    using direct = new OutsideClient(one.grpc);
    await direct.call(noteService.methods.put, note({ key: "failing", text: "yes" }));
    const load = new Load(caller);

    await until(
      "a breaker to open",
      () => openBreakers(caller),
      (open) => open === 1,
    );
    await load.stop();
    test.diagnostic(`${load.failures.length} calls failed before the breaker opened`);
    const calm = new Load(caller);
    await calm.more(500);
    await calm.stop();

    assert.deepEqual(calm.failures, []);
    assert.equal(calm.answeredBy(one.processId), 0);
    assert.ok(calm.answeredBy(two.processId) > 300);
  });
});

/** Returns the number of open breakers towards the notes. */
async function openBreakers({ http }: Caller): Promise<number> {
  const states = samplesOf(await metricsOf(http), "tutti_mesh_breaker_state");
  return [...states].filter(([labels, state]) => labels.includes('service="notes"') && state === 2).length;
}
