import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { systemTimers, type Timers } from "@tutti/kernel";
import { type RecordingLogger, recordingLogger, recordingMetrics } from "@tutti/kernel/testing";
import { type ConnectionState, NatsConnection, natsErrors } from "../src/index.ts";
import {
  connectionTo,
  freePort,
  type NatsServer,
  natsServerProgram,
  startGreeter,
  startNatsServer,
  testSettings,
} from "../src/testing/index.ts";

const program = await natsServerProgram();

/** Resolves when the connection is or enters this state. */
function inState(connection: NatsConnection, kind: ConnectionState["kind"]): Promise<ConnectionState> {
  return new Promise((resolve) => {
    const check = (state: ConnectionState): void => {
      if (state.kind !== kind) return;
      stop();
      resolve(state);
    };
    const stop = connection.onState(check);
    check(connection.state);
  });
}

const never = (): AbortSignal => new AbortController().signal;

describe("NatsConnection", { skip: program.skip }, () => {
  let server: NatsServer;
  before(async () => {
    server = await startNatsServer();
  });
  after(() => server?.[Symbol.asyncDispose]());

  it("connects, logs it once, and drains at its stop", async () => {
    const logger = recordingLogger();
    const metrics = recordingMetrics();
    const connection = await connectionTo([server.address], { foundation: { logger, metrics } });
    assert.equal(connection.health().level, "healthy");
    assert.equal(metrics.value("tutti_nats_connected"), 1);
    assert.equal(logger.line("connected to NATS").fields["server"], server.address);
    const client = connection.client("test");
    client.publish("a", "b");
    await connection.stop(never());
    assert.equal(client.isClosed(), true);
    assert.equal(connection.health().level, "unhealthy");
    assert.throws(() => connection.client("ping"), natsErrors.stopped.is);
  });

  it("waits at its start for an unavailable server, logs one warning, and connects when the server starts", async () => {
    const port = await freePort();
    const logger = recordingLogger();
    const connection = new NatsConnection({
      settings: testSettings([`127.0.0.1:${port}`]),
      foundation: { logger },
    });
    const started = connection.start({ signal: never() });
    await attempts(connection, 4);
    assert.equal(connection.health().level, "degraded");
    assert.match(connection.health().reason, /no connection since the start, after \d+ attempts/);
    assert.throws(() => connection.client("ping"), natsErrors.unavailable.is);
    const late = await startNatsServer({ port });
    await started;
    assert.equal(connection.health().level, "healthy");
    assert.deepEqual(logger.messages("warn"), ["NATS is away, trying again"]);
    await connection.stop(never());
    await late[Symbol.asyncDispose]();
  });

  it("stops its start when it is aborted", async () => {
    const port = await freePort();
    const connection = new NatsConnection({ settings: testSettings([`127.0.0.1:${port}`]) });
    const stop = new AbortController();
    const started = connection.start({ signal: stop.signal });
    await attempts(connection, 1);
    stop.abort(new Error("enough"));
    await assert.rejects(started, /enough/);
    await connection.stop(never());
    assert.equal(connection.state.kind, "stopped");
  });

  it("is degraded while the server is lost, and reconnects with all subscriptions", async () => {
    const logger = recordingLogger();
    const metrics = recordingMetrics();
    const own = await startNatsServer();
    await using connection = await connectionTo([own.address], { foundation: { logger, metrics } });
    const received = Promise.withResolvers<string>();
    connection.subscribe("greetings", (message) => received.resolve(message.string()));
    await own.down("kill");
    await inState(connection, "disconnected");
    assert.equal(connection.health().level, "degraded");
    assert.equal(metrics.value("tutti_nats_connected"), 0);
    await assert.rejects(
      connection.run("ping", async () => 1),
      (error) => {
        assert.ok(natsErrors.unavailable.is(error));
        assert.equal(error.retry, "same-key");
        return true;
      },
    );
    await attempts(connection, 3);
    await own.up();
    await inState(connection, "connected");
    connection.client("test").publish("greetings", "hello");
    assert.equal(await received.promise, "hello");
    assert.equal(metrics.value("tutti_nats_reconnects_total"), 1);
    assert.deepEqual(logger.messages("warn"), ["lost the connection to NATS, reconnecting"]);
    await own[Symbol.asyncDispose]();
  });

  it("reconnects to available servers after half a second at most, and to unavailable servers after the configured pause", async () => {
    const delays: number[] = [];
    const timers: Timers = {
      ...systemTimers,
      after(delayMs, callback) {
        delays.push(delayMs);
        return systemTimers.after(0, callback);
      },
    };
    await using lost = await startNatsServer();
    await using connection = await connectionTo([lost.address], {
      settings: { retryFirstMs: 250, retryMaxMs: 10_000 },
      foundation: { timers },
    });
    const pauseOf = async (failures: number): Promise<number> => {
      delays.length = 0;
      await connection.pause(failures);
      return delays[0] ?? 0;
    };
    for (const failures of [2, 7, 20]) {
      const pauseMs = await pauseOf(failures);
      assert.ok(pauseMs >= 250 && pauseMs <= 500, `${pauseMs}`);
    }
    const disconnected = inState(connection, "disconnected");
    await lost.down("kill");
    await disconnected;
    assert.ok((await pauseOf(20)) >= 5_000);
  });

  it("stops at once if the server is down", async () => {
    const own = await startNatsServer();
    const connection = await connectionTo([own.address]);
    await own[Symbol.asyncDispose]();
    await connection.stop(never());
    assert.equal(connection.state.kind, "stopped");
  });

  it("refuses a server that is too old, with the reason", async () => {
    await using old = await startGreeter({ version: "2.9.10" });
    const connection = new NatsConnection({ settings: testSettings([old.address]) });
    await assert.rejects(connection.start({ signal: never() }), (error) => {
      assert.ok(natsErrors.serverTooOld.is(error));
      assert.match(
        error.message,
        /The NATS server .* has version 2\.9\.10, older than 2\.10\.27, and may acknowledge two conflicting writers/,
      );
      assert.equal(error.retryable, false);
      return true;
    });
  });

  it("writes nothing to a server that is too old after a reconnect, and continues with a suitable server", async () => {
    const logger = recordingLogger();
    const own = await startNatsServer();
    await using connection = await connectionTo([own.address], { foundation: { logger } });
    await own.down("kill");
    const old = await startGreeter({ version: "2.9.10", port: own.port });
    await inState(connection, "refused");
    assert.equal(connection.health().level, "unhealthy");
    assert.throws(() => connection.client("ping"), natsErrors.serverTooOld.is);
    assert.doesNotMatch(old.received, /PUB/);
    assert.deepEqual(logger.messages("error"), ["NATS server is not usable, trying another one"]);
    await old[Symbol.asyncDispose]();
    await own.up();
    await inState(connection, "connected");
    assert.equal(connection.health().level, "healthy");
    await own[Symbol.asyncDispose]();
  });

  it("refuses a server without JetStream if JetStream is required", async () => {
    const own = await startNatsServer({ jetstream: false });
    const settings = testSettings([own.address]);
    const refused = new NatsConnection({ settings });
    await assert.rejects(refused.start({ signal: never() }), natsErrors.jetstreamMissing.is);
    const content = new NatsConnection({ settings, jetstream: false });
    await content.start({ signal: never() });
    await content.stop(never());
    await own[Symbol.asyncDispose]();
  });

  it("fails to start with wrong credentials, and connects with correct credentials", async () => {
    const own = await startNatsServer({ configuration: "authorization { user: u, password: secret }" });
    const wrong = { kind: "password", user: "u", password: () => "guess" } as const;
    const refused = new NatsConnection({ settings: testSettings([own.address], { credentials: wrong }) });
    await assert.rejects(refused.start({ signal: never() }), (error) => {
      assert.ok(natsErrors.notAuthenticated.is(error));
      assert.doesNotMatch(error.message, /guess/);
      return true;
    });
    const right = { kind: "password", user: "u", password: () => "secret" } as const;
    const connection = await connectionTo([own.address], { settings: { credentials: right } });
    await connection.stop(never());
    await own[Symbol.asyncDispose]();
  });

  it("starts a new client if the old client closed, and keeps its subscriptions", async () => {
    const logger: RecordingLogger = recordingLogger();
    await using connection = await connectionTo([server.address], { foundation: { logger } });
    const received = Promise.withResolvers<string>();
    connection.subscribe("after", (message) => received.resolve(message.string()));
    await connection.client("test").close();
    await inState(connection, "disconnected");
    await inState(connection, "connected");
    connection.client("test").publish("after", "hello");
    assert.equal(await received.promise, "hello");
    assert.deepEqual(logger.messages("error"), ["NATS client closed, starting a new one"]);
  });

  it("isolates a failing listener from the other listeners", async () => {
    const logger = recordingLogger();
    const connection = new NatsConnection({
      settings: testSettings([server.address]),
      foundation: { logger },
    });
    const states: string[] = [];
    connection.onState(() => {
      throw new Error("broken");
    });
    connection.onState((state) => states.push(state.kind));
    await connection.start({ signal: never() });
    await connection.stop(never());
    assert.deepEqual(states, ["connecting", "connected", "stopped"]);
    assert.equal(logger.messages("error").length, 3);
  });
});

/** Resolves when this many attempts have failed. */
function attempts(connection: NatsConnection, count: number): Promise<void> {
  return new Promise((resolve) => {
    const check = (state: ConnectionState): void => {
      if (!("attempts" in state) || state.attempts < count) return;
      stop();
      resolve();
    };
    const stop = connection.onState(check);
    check(connection.state);
  });
}
