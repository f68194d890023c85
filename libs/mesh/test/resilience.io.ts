/** Effects on callers when instances come, go, break and die: none, as long as there is another instance. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger, TuttiError } from "@tutti/kernel";
import { recordingMetrics, until } from "@tutti/kernel/testing";
import { Mesh, type MeshSettingsInput, StaticDiscovery } from "../src/index.ts";
import type { Handlers } from "../src/server/types.ts";
import { type Note, note, noteHandlers, noteService } from "../src/testing/index.ts";
import { quietFoundation } from "./pairs.ts";

type NoteHandlers = Partial<Handlers<typeof noteService>>;

async function serve(handlers: NoteHandlers = {}): Promise<Mesh> {
  const mesh = new Mesh({
    foundation: quietFoundation,
    settings: { transport: "grpc", listen: "127.0.0.1:0" },
  });
  mesh.serve(noteService, noteHandlers(handlers));
  await mesh.start();
  return mesh;
}

function callerOf(servers: readonly Mesh[], settings: MeshSettingsInput = {}) {
  const discovery = new StaticDiscovery({ notes: servers.map(({ address }) => address) });
  const metrics = recordingMetrics();
  const mesh = new Mesh({
    foundation: { logger: silentLogger, metrics },
    settings: { transport: "grpc", ...settings },
    discovery,
  });
  return { mesh, discovery, metrics, notes: mesh.client(noteService) };
}

/** Makes concurrent calls until it is stopped. Returns the errors. */
function load(call: (number: number) => Promise<unknown>, callers = 32) {
  const errors: unknown[] = [];
  let calls = 0;
  let ending = false;
  const running = Promise.all(
    Array.from({ length: callers }, async () => {
      while (!ending) {
        await call(calls++).catch((error: unknown) => errors.push(error));
      }
    }),
  );
  return {
    errors,
    /** Resolves when this many more calls have been made. */
    async further(count: number): Promise<void> {
      const enough = calls + count;
      await until("further calls", () => calls >= enough);
    },
    async stop(): Promise<number> {
      ending = true;
      await running;
      return calls;
    },
  };
}

async function stopAll(...meshes: readonly Mesh[]): Promise<void> {
  for (const mesh of meshes) await mesh.stop();
}

describe("instances that start and stop", () => {
  it("an instance that stops without a drain under load fails no repeatable call", async () => {
    const slow = async (request: Note) => {
      await new Promise((resolve) => setImmediate(resolve));
      return request;
    };
    const servers = [await serve({ get: slow, put: slow }), await serve({ get: slow, put: slow })] as const;
    const { mesh, notes } = callerOf(servers);
    const traffic = load((number) =>
      number % 2 === 0 ? notes.get(note()) : notes.put(note({ key: `k${number}`, count: number })),
    );
    await traffic.further(300);
    // No drain: sockets are closed in the middle of calls.
    await servers[0].stop();
    await traffic.further(600);
    await traffic.stop();
    assert.deepEqual(traffic.errors, []);
    await stopAll(mesh, servers[1]);
  });

  it("a draining instance fails no call, and finishes its running calls", async () => {
    let finished = 0;
    const handlers: NoteHandlers = {
      async put(request) {
        await new Promise((resolve) => setImmediate(resolve));
        finished++;
        return request;
      },
    };
    const servers = [await serve(handlers), await serve(handlers)] as const;
    const { mesh, notes } = callerOf(servers);
    // Without a key: none of them may be repeated.
    const traffic = load(() => notes.put(note()));
    await traffic.further(300);
    await servers[0].drain();
    assert.equal(servers[0].server.load.calls, 0);
    await traffic.further(300);
    const calls = await traffic.stop();
    assert.deepEqual(traffic.errors, []);
    assert.equal(finished, calls, "each call was handled exactly once");
    await stopAll(mesh, ...servers);
  });

  it("a new instance receives calls as soon as it is known", async () => {
    const counts = [0, 0];
    const counting = (index: number): NoteHandlers => ({
      get(request) {
        counts[index] = (counts[index] ?? 0) + 1;
        return request;
      },
    });
    const first = await serve(counting(0));
    const { mesh, discovery, notes } = callerOf([first]);
    const traffic = load(() => notes.get(note()));
    await traffic.further(200);
    const second = await serve(counting(1));
    discovery.set("notes", [first.address, second.address]);
    await traffic.further(1_000);
    await traffic.stop();
    assert.deepEqual(traffic.errors, []);
    assert.ok((counts[1] ?? 0) > 100, `the second got ${counts[1]}`);
    await stopAll(mesh, first, second);
  });

  it("a call waits for the first known instance", async () => {
    const { mesh, discovery, notes } = callerOf([]);
    const calling = notes.get(note({ text: "patience" }));
    const server = await serve();
    discovery.set("notes", [server.address]);
    assert.equal((await calling).text, "patience");
    await stopAll(mesh, server);
  });

  it("a call fails with a remedy if no instance appears", async () => {
    const { mesh, notes } = callerOf([], { timeouts: { discoveryMs: 20 }, retry: { attempts: 1 } });
    await assert.rejects(notes.get(note()), {
      code: "mesh.no_instance",
      message:
        "The service notes is away: no process of it found. Work that does not need it continues. Start it, or find the cause in its log. `tutti instances` lists the running processes.",
    });
    await stopAll(mesh);
  });

  it("a call with a shorter timeout than the wait for an instance fails with the same error", async () => {
    const { mesh, notes } = callerOf([], { timeouts: { discoveryMs: 60_000 }, retry: { attempts: 1 } });
    await assert.rejects(notes.get(note(), { timeoutMs: 300 }), { code: "mesh.no_instance" });
    await stopAll(mesh);
  });

  it("a call to a port without a listener fails differently from a broken connection", async () => {
    const server = await serve();
    await server.stop();
    const { mesh, notes } = callerOf([server], { retry: { attempts: 1 } });
    await assert.rejects(notes.put(note()), { code: "mesh.no_connection", retry: "elsewhere" });
    await stopAll(mesh);
  });
});

describe("an instance that breaks", () => {
  it("has its breaker opened: calls continue, the state is in the metrics, and it closes again", async () => {
    let broken = true;
    const breaking: NoteHandlers = {
      get(request) {
        if (broken)
          throw new TuttiError({
            code: "notes.ill",
            status: "UNAVAILABLE",
            message: "ill",
            retry: "same-key",
          });
        return note({ ...request, text: "first" });
      },
    };
    const servers = [await serve(breaking), await serve()] as const;
    const { mesh, metrics, notes } = callerOf(servers, {
      breaker: { volume: 5, openMs: 150 },
      retry: { backoffMs: 1, backoffMaxMs: 2 },
    });
    const states = () =>
      ["0", "1"].map((slot) => metrics.value("tutti_mesh_breaker_state", { service: "notes", slot }));
    const traffic = load(() => notes.get(note()), 4);
    while (!states().includes(2)) await traffic.further(10);
    await traffic.further(50);
    assert.equal(metrics.value("tutti_mesh_breaker_opened_total", { service: "notes" }) >= 1, true);
    broken = false;
    while (states().some((state) => state !== 0)) await traffic.further(10);
    // The recovered instance is used again. How soon depends on the earlier cost of its calls.
    while ((await notes.get(note())).text !== "first") await traffic.further(1);
    await traffic.stop();
    assert.deepEqual(traffic.errors, []);
    await stopAll(mesh, ...servers);
  });

  it("has its breaker opened by streams that are refused, or have no instance to go to, as well", async () => {
    const ill: NoteHandlers = {
      // biome-ignore lint/correctness/useYield: it fails before its first reply
      async *talk() {
        throw new TuttiError({ code: "notes.ill", status: "UNAVAILABLE", message: "ill", retry: "same-key" });
      },
    };
    const silent = await serve();
    await silent.stop();
    for (const server of [silent, await serve(ill)]) {
      const { mesh, metrics, notes } = callerOf([server], {
        breaker: { volume: 3, openMs: 60_000 },
        retry: { attempts: 1 },
      });
      const state = () => metrics.value("tutti_mesh_breaker_state", { service: "notes", slot: "0" });
      async function* nothing(): AsyncGenerator<Note> {}
      const talk = async () => {
        for await (const reply of notes.talk(nothing())) assert.fail(`expected no reply, got ${reply.text}`);
      };
      for (let call = 0; call < 3; call++) await assert.rejects(talk());
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(state(), 2);
      await assert.rejects(talk(), { code: "mesh.no_usable_instance" });
      await stopAll(mesh, server);
    }
  });

  it("does not overload other instances by retries, which stay within the budget", async () => {
    let attempts = 0;
    const failing: NoteHandlers = {
      get() {
        attempts++;
        throw new TuttiError({ code: "notes.busy", status: "ABORTED", message: "busy", retry: "same-key" });
      },
    };
    const server = await serve(failing);
    const { mesh, notes } = callerOf([server], {
      retry: { reserve: 10, share: 0.2, perSec: 0, backoffMs: 1, backoffMaxMs: 1 },
    });
    for (let call = 0; call < 100; call++) await notes.get(note()).catch(() => {});
    assert.ok(attempts <= 100 + 10 + 100 * 0.2 + 1, `${attempts} attempts for 100 calls`);
    await stopAll(mesh, server);
  });
});

describe("a server that stops", () => {
  it("ends streams that resume at once, and the others when they are through", async () => {
    let more = () => {};
    const server = await serve({
      async *follow(request, { signal }) {
        yield request;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
      async *list(request) {
        yield request;
        await new Promise<void>((resolve) => {
          more = resolve;
        });
        yield request;
      },
    });
    const { mesh, notes } = callerOf([server]);
    const following = notes.follow(note());
    const listing = notes.list(note());
    await Promise.all([following.next(), listing.next()]);
    const drained = server.drain();
    await assert.rejects(following.next(), { code: "mesh.draining", retry: "elsewhere" });
    more();
    assert.equal((await listing.next()).done, false);
    assert.equal((await listing.next()).done, true);
    await drained;
    await stopAll(mesh, server);
  });

  it("interrupts the remaining calls at its timeout, with an unknown outcome", async () => {
    const server = await serve({ put: () => new Promise<Note>(() => {}) });
    const { mesh, notes } = callerOf([server], { retry: { attempts: 1 } });
    const failing = assert.rejects(notes.put(note({ key: "k" })), {
      code: "mesh.interrupted",
      retry: "same-key",
    });
    await until("the call", () => server.server.load.calls > 0);
    await server.drain(AbortSignal.timeout(10));
    await failing;
    await stopAll(mesh, server);
  });

  it("continues serving its own process while it drains", async () => {
    const mesh = new Mesh({
      foundation: quietFoundation,
      settings: { transport: "auto", listen: "127.0.0.1:0" },
    });
    mesh.serve(noteService, noteHandlers());
    await mesh.start();
    await mesh.drain();
    assert.equal((await mesh.client(noteService).get(note({ text: "still" }))).text, "still");
    await mesh.stop();
    await assert.rejects(mesh.client(noteService).get(note()), { code: "mesh.stopped" });
  });
});
