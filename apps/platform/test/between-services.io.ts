import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { HealthState, registryService } from "@tutti/contracts/registry/v1";
import { until } from "@tutti/kernel/testing";
import { note, noteService } from "@tutti/mesh/testing";
import { failureOf, OutsideClient } from "./support/outside-client.ts";
import type { LogLine } from "./support/process.ts";
import { registriesAt, type Service, start } from "./support/services.ts";

const { findCapabilities } = registryService.methods;
const { get } = noteService.methods;
const query = { namespace: "", name: "pay.charge", versionRange: "^2", labels: undefined };
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

describe("services in processes of their own, found by a registry", () => {
  let registry: Service;
  /** Answers a relayed note by asking the registry, then the notes. */
  let desk: Service;
  let notes: Service;
  let bank: Service;
  let till: Service;
  let atRegistry: OutsideClient;
  let atDesk: OutsideClient;

  before(async () => {
    registry = await start("registry", ["--log.level=debug"]);
    const flags = [registriesAt(registry), "--log.level=debug", "--mesh.timeouts.discoveryMs=20000"];
    const notesWith = (...more: readonly string[]) => start("notes", [...flags, ...more]);
    [desk, notes, bank, till] = await Promise.all([
      notesWith("--notes.service=desk", "--notes.version="),
      notesWith("--notes.version=2.1.0", "--notes.money=1"),
      notesWith("--notes.service=bank", "--notes.version=2.10.3", "--notes.money=7"),
      notesWith("--notes.service=till", "--notes.version=1.9.0"),
    ]);
    atRegistry = new OutsideClient(registry.grpc);
    atDesk = new OutsideClient(desk.grpc);
  });

  after(async () => {
    for (const client of [atRegistry, atDesk]) client?.[Symbol.dispose]();
    await Promise.all([desk, notes, bank, till, registry].map((each) => each?.[Symbol.asyncDispose]()));
  });

  it("one trace id finds the log lines of all services, in order", async () => {
    await atDesk.call(get, note({ key: "relay", text: "pay 7" }), {
      headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    });

    const lines = new Map([
      ...(await linesOf("desk", desk)),
      ...(await linesOf("registry", registry)),
      ...(await linesOf("notes", notes)),
    ]);
    const story = [
      "desk, NoteService.Get: note asked for",
      "registry, RegistryService.ListServices: call answered",
      "desk, NoteService.Get: services looked up",
      "notes, NoteService.Get: note asked for",
      "notes, NoteService.Get: note answered",
      "notes, NoteService.Get: call answered",
      "desk, NoteService.Get: note answered",
      "desk, NoteService.Get: call answered",
    ];
    assert.deepEqual([...lines.keys()].sort(), story.toSorted());
    // Log lines of the same millisecond have no order.
    const times = story.map((line) => lines.get(line));
    assert.deepEqual(times, times.toSorted());
  });

  it("a deadline that passes stops the work, including calls to other services", async () => {
    // All processes are discovered at this point.
    await atDesk.call(get, note({ key: "relay" }));

    const { code } = await failureOf(
      atDesk.call(get, note({ key: "relay", text: "forever" }), { timeoutMs: 500 }),
    );

    assert.equal(code, status.DEADLINE_EXCEEDED);
    const { error } = await notes.line("work on the note stopped");
    assert.match(JSON.stringify(error), /"kernel\.(deadline_exceeded|cancelled)"/);
  });

  it("a handler that breaks is an error in the log with its trace, and INTERNAL to the caller", async () => {
    using atBank = new OutsideClient(bank.grpc);
    await atBank.call(noteService.methods.put, note({ key: "failing", text: "yes" }));

    const { code } = await failureOf(
      atBank.call(get, note(), { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } }),
    );

    assert.equal(code, status.INTERNAL);
    const line = await bank.line(({ level }) => level === "error");
    assert.equal(line["traceId"], traceId);
    assert.match(JSON.stringify(line["error"]), /the pencil broke.*notes\.ts/);
  });

  it("a search for pay.charge@^2 returns versions, load and cost of its providers", async () => {
    const { versions } = await until(
      "two versions that will do",
      () => atRegistry.call(findCapabilities, query),
      (reply) => reply.versions.length === 2,
    );

    const inputSchema = '{"type":"object","required":["amount"]}';
    assert.deepEqual(
      versions.map(({ capability, providersTotal }) => [
        capability?.version,
        capability?.inputSchema,
        providersTotal,
      ]),
      [
        ["2.10.3", inputSchema, 1],
        ["2.1.0", inputSchema, 1],
      ],
    );
    assert.deepEqual(
      versions.flatMap(({ providers }) =>
        providers.map(({ service, address, health, cost }) => ({ service, address, health, ...cost })),
      ),
      [
        { service: "bank", address: bank.grpc, money: 7 },
        { service: "notes", address: notes.grpc, money: 1 },
      ].map((each) => ({
        ...each,
        ...{ health: HealthState.HEALTH_STATE_READY, durationMs: 20, tokens: 0, by: [] },
      })),
    );
    for (const load of versions.flatMap(({ providers }) => providers.map((provider) => provider.load)))
      assert.deepEqual(Object.keys(load ?? {}), ["inFlight", "queued", "utilization"]);
  });

  it("a search for workers with pay.charge lists every version, and is empty for a capability without workers", async () => {
    const { versions } = await until(
      "three versions",
      () => atRegistry.call(findCapabilities, { ...query, versionRange: "" }),
      (reply) => reply.versions.length === 3,
    );
    const missing = await atRegistry.call(findCapabilities, { ...query, name: "pay.refund" });

    assert.deepEqual(
      versions.map(({ capability, providers }) => [capability?.version, providers[0]?.service]),
      [
        ["2.10.3", "bank"],
        ["2.1.0", "notes"],
        ["1.9.0", "till"],
      ],
    );
    assert.deepEqual(missing.versions, []);
  });
});

/** Returns the messages that a service logged in the trace, with their times. */
async function linesOf(name: string, service: Service): Promise<[string, string][]> {
  const isPart = (line: LogLine) => line["traceId"] === traceId;
  await service.line((line) => isPart(line) && line.msg === "call answered");
  return service.lines.filter(isPart).map((line) => [`${name}, ${line["rpc"]}: ${line.msg}`, line.time]);
}
