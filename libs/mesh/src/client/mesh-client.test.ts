import assert from "node:assert/strict";
import { getEventListeners, setMaxListeners } from "node:events";
import { describe, it } from "node:test";
import {
  errorFromUnknown,
  localAdministrator,
  type Owner,
  silentLogger,
  systemFoundation,
} from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import { Deadlines } from "../calls/deadlines.ts";
import { StaticDiscovery } from "../discovery/static.ts";
import { meshErrors } from "../errors.ts";
import { MemoryOwnership } from "../routing/memory-ownership.ts";
import { resolveMeshSettings } from "../settings.ts";
import { type Note, note, noteService } from "../testing/index.ts";
import { MeshClient } from "./mesh-client.ts";

/** A client of processes that accept no connection, except for the address "up". */
function clientOf(addresses: readonly string[] = []) {
  const time = new VirtualTime();
  const discovery = new StaticDiscovery({ notes: addresses });
  const ownership = new MemoryOwnership({ partitions: 1 });
  const foundation = systemFoundation({
    ...{ clock: time, timers: time, chance: seededChance(1), logger: silentLogger },
  });
  const mesh = new MeshClient({
    ...{
      settings: resolveMeshSettings(),
      foundation,
      deadlines: new Deadlines(time, time),
      discovery,
      ownership,
    },
    principal: localAdministrator,
    prepare: () => undefined,
    link: ({ service, address }) => ({
      ...{ transport: "grpc", state: "ready", connect() {}, close() {} },
      unary: async ({ method: { label: rpc } }, input) => {
        if (address === "up") return input;
        throw meshErrors.noConnection({ service, rpc, address, reason: "refused" });
      },
      stream() {
        throw new Error("no test opens a stream");
      },
    }),
  });
  const notes = mesh.client(noteService, { service: "notes" });
  const place = ownership.placeOf({ service: "notes", namespace: "default", kind: "note", id: "k1" });
  return {
    ...{ time, discovery, notes },
    own: (owner: Owner) => ownership.learn(place, owner),
    /** Returns the reply or error, and the seconds that it took. */
    async outcome(calling: Promise<Note>) {
      const reply = await time.settle(calling.catch((error: unknown) => errorFromUnknown(error)));
      return { reply, afterSec: Math.round(time.monotonic() / 1_000) };
    },
  };
}

const away =
  "The service notes is away: no process of it found. Work that does not need it continues. Start it, or find the cause in its log. `tutti instances` lists the running processes.";

describe("a call of a service without a process", () => {
  it("waits once for a first process, and names the service", async () => {
    const { notes, outcome } = clientOf();
    const { reply, afterSec } = await outcome(notes.get(note({ key: "k1" })));
    assert.ok(reply instanceof Error);
    assert.equal(reply.message, away);
    assert.equal(afterSec, 2);
  });

  it("succeeds when a process appears in time", async () => {
    const { notes, outcome, time, discovery } = clientOf();
    time.after(1_500, () => discovery.set("notes", ["up"]));
    const { reply } = await outcome(notes.get(note({ key: "k1" })));
    assert.ok(!(reply instanceof Error));
    assert.equal(reply.key, "k1");
  });

  it("to an owner fails as early, without an owner and with one that left", async () => {
    const unowned = clientOf();
    const first = await unowned.outcome(unowned.notes.change(note({ key: "k1" })));
    const left = clientOf();
    left.own({ instance: "gone", address: "gone", epoch: 1 });
    const second = await left.outcome(left.notes.change(note({ key: "k1" })));
    for (const { reply, afterSec } of [first, second]) {
      assert.ok(reply instanceof Error);
      assert.equal(reply.message, away);
      assert.equal(afterSec, 2);
    }
  });

  it("to an owner waits until its deadline for the next owner among running processes", async () => {
    const { notes, outcome } = clientOf(["up"]);
    const { reply, afterSec } = await outcome(notes.change(note({ key: "k1" })));
    assert.ok(reply instanceof Error && meshErrors.noOwner.is(errorFromUnknown(reply)));
    assert.equal(afterSec, 30);
  });

  it("names the service in the error of a process that accepts no connection", async () => {
    const { notes, outcome } = clientOf(["10.0.0.1:7401"]);
    const { reply, afterSec } = await outcome(notes.get(note({ key: "k1" })));
    assert.ok(reply instanceof Error);
    assert.match(
      reply.message,
      /^No connection to the service notes at 10\.0\.0\.1:7401 for NoteService\.Get/,
    );
    assert.ok(afterSec <= 5);
  });

  it("causes no warning of a leak when many calls share one signal, and leaves no listener", async (t) => {
    const { notes, outcome } = clientOf(["up"]);
    const { signal } = new AbortController();
    // The default of Node 20.
    setMaxListeners(10, signal);
    const warned = t.mock.method(process, "emitWarning", () => {});
    await Promise.all(Array.from({ length: 11 }, () => outcome(notes.get(note(), { signal }))));
    assert.equal(warned.mock.callCount(), 0);
    assert.deepEqual(getEventListeners(signal, "abort"), []);
  });
});
