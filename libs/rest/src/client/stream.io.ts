import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { Client } from "./client.ts";
import { RestError } from "./problem-error.ts";
import type { ConnectionState, Followed, FollowOptions } from "./stream.ts";

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/**
 * A server with a scripted response for each connection, in order. The last one applies to all further
 * connections.
 */
class ScriptedServer {
  readonly cursors: string[] = [];
  readonly #answers: Answer[];
  #server: Server | undefined;
  #port = 0;

  constructor(...answers: Answer[]) {
    this.#answers = answers;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.cursors.push(String(request.headers["last-event-id"] ?? ""));
      const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
      answer?.(response, request);
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  }
}

const respondsWith =
  (text: string, then: (response: ServerResponse) => void = () => undefined): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(text, () => then(response));
  };
const event = (number: number) => `id: c${number}\ndata: {"id":"${number}"}\n\n`;
const ends = (response: ServerResponse) => void response.end();
const disconnects = (response: ServerResponse) => void response.destroy();

describe("a stream that is followed", () => {
  const stops: (() => Promise<unknown> | undefined)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  /** Follows a stream, records it, and advances the time whenever it waits before another attempt. */
  async function follow(server: ScriptedServer, options: FollowOptions = {}) {
    await server.start();
    stops.push(() => server.stop());
    const time = new VirtualTime();
    const over = new AbortController();
    const states: ConnectionState[] = [];
    const errors: unknown[] = [];
    const client = new Client({
      url: server.url,
      time: { after: (ms, call) => time.after(ms, call), random: () => 1 },
    });
    const items = client.follow(
      "events",
      {},
      {
        ...options,
        signal: over.signal,
        onConnectionChange: (state, error) => {
          states.push(state);
          if (error !== undefined) errors.push(error);
        },
      },
    );
    stops.push(async () => {
      over.abort();
      await items.return();
    });
    const next = async (): Promise<Followed<unknown> | undefined> => {
      const { value, done } = await items.next();
      return done ? undefined : value;
    };
    /** Returns the next item, regardless of the pause before another attempt. */
    const nextInTime = async () => {
      const pending = next();
      let isThere = false;
      const there = () => {
        isThere = true;
      };
      pending.then(there, there);
      while (!isThere) {
        if (states.at(-1) === "broken") time.advance(100);
        await time.flush();
      }
      return pending;
    };
    return { time, states, errors, next, nextInTime, over };
  }
  const idOf = (item: Followed<unknown> | undefined) =>
    item?.kind === "event" ? (item.value as { readonly id: string }).id : item?.kind;

  it("continues after the last cursor when the connection is cut", async () => {
    const server = new ScriptedServer(respondsWith(event(1) + event(2), disconnects), respondsWith(event(3)));
    const { nextInTime, states } = await follow(server);
    assert.deepEqual(
      [idOf(await nextInTime()), idOf(await nextInTime()), idOf(await nextInTime())],
      ["1", "2", "3"],
    );
    assert.deepEqual(server.cursors, ["", "c2"]);
    assert.deepEqual(states, ["connecting", "open", "broken", "connecting", "open"]);
  });

  it("starts after the given cursor", async () => {
    const server = new ScriptedServer(respondsWith(event(8)));
    const { nextInTime } = await follow(server, { cursor: "c7" });
    await nextInTime();
    assert.deepEqual(server.cursors, ["c7"]);
  });

  it("continues from a cursor that was sent without an event", async () => {
    const server = new ScriptedServer(respondsWith("id: c5\n\n", ends), respondsWith(event(6)));
    const { nextInTime } = await follow(server);
    await nextInTime();
    assert.deepEqual(server.cursors, ["", "c5"]);
  });

  it("reconnects after an outage of the server", async () => {
    const server = new ScriptedServer(respondsWith(event(1)), respondsWith(event(2)));
    const { next, nextInTime, states, time } = await follow(server);
    await next();
    await server.stop();
    const pending = nextInTime();
    for (let brokenCount = 0; brokenCount < 3; ) {
      await time.flush();
      brokenCount = states.filter((state) => state === "broken").length;
    }
    await server.start();
    assert.equal(idOf(await pending), "2");
    assert.equal(server.cursors.at(-1), "c1");
  });

  it("reconnects if the server sends nothing for too long", async () => {
    const server = new ScriptedServer(respondsWith(event(1)), respondsWith(event(2)));
    const { next, nextInTime, time } = await follow(server);
    await next();
    const pending = nextInTime();
    for (let turn = 0; turn < 10; turn++) await time.flush();
    time.advance(25_000);
    assert.equal(idOf(await pending), "2");
  });

  it("reconnects if the server does not respond, with an error that names the address", async () => {
    const server = new ScriptedServer(() => undefined, respondsWith(event(1)));
    const { nextInTime, time, states, errors } = await follow(server);
    const pending = nextInTime();
    while (server.cursors.length === 0) await time.flush();
    time.advance(25_000);
    assert.equal(idOf(await pending), "1");
    assert.deepEqual(states, ["connecting", "broken", "connecting", "open"]);
    assert.equal(String(errors[0]), `Error: ${server.url}/v1/events sent nothing for 25 s`);
  });

  it("does not time out while the caller reads nothing", async () => {
    const server = new ScriptedServer(respondsWith(event(1) + event(2)));
    const { next, time, states } = await follow(server);
    await next();
    time.advance(3_600_000);
    assert.equal(idOf(await next()), "2");
    assert.deepEqual(states, ["connecting", "open"]);
  });

  it("waits longer after each failure, and briefly again after a connection that was good", async () => {
    const server = new ScriptedServer(respondsWith("", disconnects));
    const { next, time, states } = await follow(server);
    void next();
    const brokenBefore = () => states.filter((state) => state === "broken").length;
    const pauses: number[] = [];
    for (let failures = 1; failures <= 7; failures++) {
      while (brokenBefore() < failures) await time.flush();
      await time.flush();
      const dueMs = time.nextDueMs ?? assert.fail("it waits");
      pauses.push(dueMs - time.monotonic());
      time.advance(dueMs - time.monotonic());
    }
    assert.deepEqual(pauses, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it("passes gaps on with their cursor", async () => {
    const server = new ScriptedServer(
      respondsWith(
        'id: c1\nevent: ready\ndata: {"cursor":"c1"}\n\nevent: gap\ndata: {"reason":"slow","missed":3}\n\n',
      ),
    );
    const { next } = await follow(server);
    assert.deepEqual(await next(), { kind: "ready", cursor: "c1" });
    assert.deepEqual(await next(), { kind: "gap", reason: "slow", missed: 3, cursor: "c1" });
  });

  it("marks the first and the last part of a snapshot, in each connection", async () => {
    const part = (live: boolean) => `event: snapshot\ndata: {"live":${live}}\n\n`;
    const change = "event: change\ndata: {}\n\n";
    const server = new ScriptedServer(
      respondsWith(part(false) + part(true) + change, disconnects),
      respondsWith(part(true)),
    );
    const { nextInTime } = await follow(server);
    const received: unknown[] = [];
    for (let count = 0; count < 4; count++) {
      const item = await nextInTime();
      received.push(item?.kind === "snapshot" ? [item.isFirst, item.isLast] : item?.kind);
    }
    assert.deepEqual(received, [[true, false], [false, true], "change", [true, true]]);
  });

  it("ends after the end event of the server", async () => {
    const server = new ScriptedServer(respondsWith("event: end\ndata: {}\n\n"));
    const { next } = await follow(server);
    assert.equal(await next(), undefined);
  });

  it("ends with the problem when asking again would be answered the same", async () => {
    const problem = { code: "workflow.run_unknown", status: 404, detail: "no such run", retry: "never" };
    const server = new ScriptedServer((response) => {
      response.writeHead(404, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
    });
    const { next } = await follow(server);
    await assert.rejects(
      next,
      (error) => error instanceof RestError && error.code === "workflow.run_unknown",
    );
  });

  it("retries after a temporary problem, also within a stream", async () => {
    const problem = { code: "mesh.draining", status: 503, detail: "elsewhere", retry: "elsewhere" };
    const server = new ScriptedServer(
      (response) => response.writeHead(503).end(JSON.stringify(problem)),
      respondsWith(`event: problem\ndata: ${JSON.stringify(problem)}\n\n`),
      respondsWith(event(1)),
    );
    const { nextInTime } = await follow(server);
    assert.equal(idOf(await nextInTime()), "1");
  });

  it("ends quietly when it is aborted, while it reads as while it waits", async () => {
    const reading = new ScriptedServer(respondsWith(event(1)));
    const one = await follow(reading);
    await one.next();
    const pending = one.next();
    one.over.abort();
    assert.equal(await pending, undefined);
    const brokenServer = new ScriptedServer(respondsWith("", disconnects));
    const other = await follow(brokenServer);
    const waiting = other.next();
    while (!other.states.includes("broken")) await other.time.flush();
    other.over.abort();
    assert.equal(await waiting, undefined);
  });
});
