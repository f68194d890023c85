/** `npm start -- --nats` on a laptop, observed by a NATS client that knows nothing of Tutti. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { connect, createInbox, type Msg, type NatsConnection } from "@nats-io/transport-node";
import { until } from "@tutti/kernel/testing";
import { freePort, natsServerProgram } from "@tutti/nats/testing";
import { Client } from "@tutti/rest/client";
import { TestProcess } from "./support/process.ts";
import { makeFolder, ready, type Service } from "./support/services.ts";

const nats = await natsServerProgram();
const program = fileURLToPath(new URL("../../../tools/start.mjs", import.meta.url));
const anyPort = ["--operations.port=0", "--mesh.listen=127.0.0.1:0", "--log.format=json", "--empty"];
const source = "workflow: heard\ntasks: {first: {set: {a: 1}}, then: {needs: [first], wait: 1ms}}\n";
const isOfRun = /^tutti\.events\.default\.workflow\.run\./;

const startPlatform = (directory: string, ...args: readonly string[]): TestProcess =>
  new TestProcess({ program, arguments: [...anyPort, ...args], directory });

async function run({ http }: Service, runId: string): Promise<void> {
  const client = new Client({ url: http });
  await client.call("workflows.register", { body: { text: source } });
  await client.call("runs.start", { body: { definition: "heard", runId } });
  await until(
    "the run to end",
    () => client.call("runs.get", { params: { id: runId } }),
    ({ endTimeMs }) => endTimeMs !== undefined,
  );
}

/** Returns the messages of the stream from a number on, through a plain consumer of the protocol. */
async function storedMessages(
  connection: NatsConnection,
  first: number,
  count: number,
): Promise<readonly Msg[]> {
  const inbox = createInbox();
  const subscription = connection.subscribe(inbox, { max: count });
  const config = {
    ...{ deliver_subject: inbox, ack_policy: "none", filter_subject: "tutti.events.default.workflow.run.>" },
    ...{ deliver_policy: "by_start_sequence", opt_start_seq: first },
  };
  const request = JSON.stringify({ stream_name: "TUTTI_EVENTS", config });
  const answer = (await connection.request("$JS.API.CONSUMER.CREATE.TUTTI_EVENTS", request)).json<{
    error?: unknown;
  }>();
  assert.equal(answer.error, undefined);
  const messages: Msg[] = [];
  for await (const message of subscription) messages.push(message);
  return messages;
}

const header = (message: Msg, name: string): string => message.headers?.get(name) ?? "";
/** `$JS.ACK.TUTTI_EVENTS.consumer.delivered.NUMBER.…` */
const numberOf = ({ reply = "" }: Msg): number => Number(reply.split(".")[5]);

describe("npm start -- --nats", { skip: nats.skip, concurrency: 2 }, () => {
  it("lets any client of NATS read the CloudEvents of a run in order, resume, and continue after a restart", async () => {
    await using folder = await makeFolder();
    const port = await freePort();
    await using platform = await ready(startPlatform(folder.path, `--nats=${port}`));
    const connection = await connect({ servers: `127.0.0.1:${port}` });
    const received: Msg[] = [];
    const live = connection.subscribe("tutti.events.>", {
      callback: (_, message) => void received.push(message),
    });
    await connection.flush();
    await run(platform, "one");
    const ofRun = () => received.filter(({ subject }) => isOfRun.test(subject));
    await until("its end to be heard", () =>
      ofRun().some((message) => header(message, "ce-type") === "tutti.workflow.run.completed"),
    );
    live.unsubscribe();
    const types = ofRun().map((message) => header(message, "ce-type"));
    assert.equal(types[0], "tutti.workflow.run.accepted");
    assert.equal(types.at(-1), "tutti.workflow.run.completed");
    for (const message of ofRun()) {
      assert.equal(header(message, "ce-specversion"), "1.0");
      assert.match(header(message, "ce-source"), /workflow/);
      assert.equal(typeof message.json(), "object");
    }

    const all = await storedMessages(connection, 1, types.length);
    assert.deepEqual(
      all.map((message) => header(message, "ce-id")),
      ofRun().map((message) => header(message, "ce-id")),
    );
    const [first = assert.fail("an event is kept"), ...rest] = all;
    const resumed = await storedMessages(connection, numberOf(first) + 1, rest.length);
    assert.deepEqual(
      resumed.map((message) => header(message, "ce-id")),
      rest.map((message) => header(message, "ce-id")),
    );
    await connection.close();
    assert.deepEqual(await platform.stop(), { code: 0, signal: null });
    await assert.rejects(connect({ servers: `127.0.0.1:${port}`, reconnect: false, timeout: 500 }));

    await using restarted = await ready(startPlatform(folder.path, `--nats=${port}`));
    await run(restarted, "two");
    const later = await connect({ servers: `127.0.0.1:${port}` });
    const stored = await storedMessages(later, 1, types.length * 2);
    assert.deepEqual(
      stored.map((message) => header(message, "ce-type")),
      [...types, ...types],
    );
    await later.close();
  });

  it("leaves no server running when it is killed", async () => {
    await using folder = await makeFolder();
    const port = await freePort();
    await using platform = await ready(startPlatform(folder.path, `--nats=${port}`));
    platform.signal("SIGKILL");
    await until("nobody to listen", () =>
      connect({ servers: `127.0.0.1:${port}`, reconnect: false, timeout: 500 }).then(
        async (connection) => {
          await connection.close();
          return false;
        },
        () => true,
      ),
    );
  });

  it("names a remedy if its port is in use", async () => {
    await using folder = await makeFolder();
    const port = await freePort();
    const other = createServer().listen(port, "127.0.0.1");
    try {
      await using platform = startPlatform(folder.path, `--nats=${port}`);
      assert.deepEqual(await platform.waitForExit(), { code: 1, signal: null });
      assert.match(platform.errorOutput, new RegExp(`--nats=${port + 1}`));
    } finally {
      other.close();
    }
  });
});
