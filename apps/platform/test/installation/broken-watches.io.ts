/** Watches of a client whose connections are cut repeatedly while they report changes. */
import assert from "node:assert/strict";
import { type AddressInfo, connect as connectTo, createServer, type Server, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { connect, type Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

/** A proxy between a client and the platform that cuts its connections. */
class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  cuts = 0;

  private constructor(port: number) {
    this.#server = createServer((downstream) => {
      const upstream = connectTo(port, "127.0.0.1");
      for (const [socket, other] of [
        [downstream, upstream],
        [upstream, downstream],
      ] as const) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
  }

  static async open(address: string): Promise<Wire> {
    const wire = new Wire(Number(address.split(":").at(-1)));
    await new Promise<void>((resolve) => wire.#server.listen(0, "127.0.0.1", resolve));
    return wire;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  disconnect(): void {
    this.cuts++;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.disconnect();
    this.#server.close();
  }
}

describe("watches of a client whose connections are cut", () => {
  let installation: Installation;
  let wire: Wire;
  let interrupted: Tutti;
  let direct: Tutti;
  before(async () => {
    installation = await Installation.open([], { time: "real" });
    wire = await Wire.open(installation.address);
    direct = await connect({ address: installation.address });
    interrupted = await connect({ address: wire.address });
  });
  after(async () => {
    await interrupted?.close();
    await direct?.close();
    wire.close();
    await installation?.[Symbol.asyncDispose]();
  });

  it("of a mission lose no message, repeat none, and report each task once in each state", async () => {
    const mission = await direct.missions.start({ id: "cut", goal: "to be watched" });
    const texts = Array.from({ length: 12 }, (_, index) => `message ${index}`);
    const received: unknown[] = [];
    const states: string[] = [];
    const numbers: number[] = [];
    await direct.missions.get("cut").addTasks([{ id: "t0", uses: "test.nobody" }]);
    for await (const { messages, tasks } of interrupted.missions.get("cut").watch()) {
      for (const { number } of messages) numbers.push(number);
      for (const { spec, status } of tasks) states.push(`${spec?.id} ${status}`);
      received.push(...messages);
      if (received.length === texts.length) break;
      const text = texts[received.length];
      // A watch that is cut after each reply continues after that reply.
      wire.disconnect();
      await mission.messages.send("everybody", text);
      await mission.addTasks([{ id: `t${received.length + 1}`, uses: "test.nobody" }]);
    }
    assert.ok(wire.cuts >= 3);
    assert.deepEqual(
      numbers,
      texts.map((_, index) => index + 1),
    );
    assert.equal(new Set(states).size, states.length, "nothing twice");
    await mission.terminate("it was watched");
  });

  it("of a mission's blackboard and messages report each change and each message once", async () => {
    const mission = await direct.missions.start({ id: "shared", goal: "to be shared" });
    const versions: string[] = [];
    await mission.board.put("key", 1);
    for await (const { key, version } of interrupted.missions.get("shared").board.watch()) {
      versions.push(`${key} ${version}`);
      if (versions.length === 4) break;
      wire.disconnect();
      await mission.board.put(versions.length === 2 ? "other" : "key", versions.length);
    }
    assert.deepEqual(versions, ["key 1", "key 2", "other 1", "key 3"]);
    const numbers: number[] = [];
    await mission.messages.send("everybody", 1);
    for await (const { number } of interrupted.missions.get("shared").messages.watch()) {
      numbers.push(number);
      if (numbers.length === 3) break;
      wire.disconnect();
      await mission.messages.send("everybody", numbers.length);
    }
    assert.deepEqual(numbers, [1, 2, 3]);
    await mission.terminate("it was shared");
  });

  it("of a run report its tasks to the end", async () => {
    const names = ["one", "two", "three"];
    const tasks = names.map((name) => `  ${name}: {wait: {signal: ${name}}}\n`).join("");
    await direct.workflows.register(`workflow: watched\ntasks:\n${tasks}`);
    const run = await direct.run("watched", { id: "watched" });
    const ended: string[] = [];
    for await (const change of interrupted.runs.get("watched").watch()) {
      for (const { taskId, endTime } of change.tasks) if (endTime !== undefined) ended.push(taskId);
      wire.disconnect();
      const next = names[ended.length];
      if (next !== undefined) await run.signal(next);
    }
    assert.deepEqual(ended, names);
  });
});
