import type { Msg } from "@nats-io/transport-node";
import { type JetStreamOptions, openJetStream, streamOf } from "@tutti/journal/jetstream";
import type { CommitFault, JournalFixture, JournalUnderTest } from "@tutti/journal/testing";
import { type ConnectionSettings, NatsConnection } from "@tutti/nats";
import { natsAccount, testSettings } from "@tutti/nats/testing";

/** Configuration of every server of these tests. */
export const serverConfiguration = "max_payload: 8MB";

/** Returns a server for many tests with separate streams: a deleted and recreated stream can have old messages. */
export function accountsConfiguration(count: number): string {
  const account = (index: number): string =>
    `A${index} { jetstream: enabled, users: [{ user: u${index}, password: p }] }`;
  return `${serverConfiguration}\naccounts { ${Array.from({ length: count }, (_, index) => account(index)).join("\n")} }`;
}

/** Returns a function that returns the next account. */
export function accounts(): () => Partial<ConnectionSettings> {
  let next = 0;
  return () => {
    const user = `u${next++}`;
    return { credentials: { kind: "password", user, password: () => "p" } };
  };
}
export const { signal } = new AbortController();

type Client = ReturnType<NatsConnection["client"]>;
type Publish = Client["publish"];

/** A connection that can interfere with the messages of the journal. */
export class InterceptedConnection extends NatsConnection {
  /** Called for each message of the journal instead of sending it. */
  intercept: ((subject: string, send: (reply?: string) => void, reply: string) => void) | undefined;

  /** Awaited once, before the next message is read. */
  beforeReading: (() => Promise<unknown>) | undefined;

  /** Changes what the server returns as a message. Undefined for one that it does not have. */
  tamper: Tamper | undefined;

  static async to(
    servers: readonly string[],
    settings: Partial<ConnectionSettings> = {},
  ): Promise<InterceptedConnection> {
    const patient = { requestTimeoutMs: 5_000, ...settings };
    const connection = new InterceptedConnection({ settings: testSettings(servers, patient) });
    await connection.start({ signal });
    return connection;
  }

  override client(operation: string): Client {
    const client = super.client(operation);
    const { intercept, tamper } = this;
    if (this.beforeReading !== undefined && operation.startsWith("reading of message")) {
      const request: Client["request"] = async (...parameters) => {
        const { beforeReading } = this;
        this.beforeReading = undefined;
        await beforeReading?.();
        return client.request(...parameters);
      };
      return Object.assign(Object.create(client) as Client, { request });
    }
    if (tamper !== undefined && operation.startsWith("reading of message")) return tampered(client, tamper);
    if (intercept === undefined || operation !== "append to the journal") return client;
    const publish: Publish = (subject, payload, options = {}) =>
      intercept(
        subject,
        (reply) => client.publish(subject, payload, { ...options, reply: reply ?? options.reply ?? "" }),
        options.reply ?? "",
      );
    return Object.assign(Object.create(client) as Client, { publish });
  }

  /** Drops the connection once the server has the sent messages. It reconnects by itself. */
  async dropConnection(): Promise<void> {
    const client = super.client("test");
    await client.flush();
    await client.reconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop(signal);
  }
}

/** Connects to a separate account of the server that the run shares. */
export async function sharedConnection(): Promise<InterceptedConnection> {
  const { address, settings } = await natsAccount();
  return await InterceptedConnection.to([address], settings);
}

type Tamper = (sequence: number, data: Uint8Array) => Uint8Array | undefined;

function tampered(client: Client, tamper: Tamper): Client {
  const request: Client["request"] = async (subject, payload, options) => {
    const { seq } = JSON.parse(String(payload)) as { seq: number };
    const answer = await client.request(subject, payload, options);
    const isDirect = subject.includes("DIRECT");
    const data = tamper(seq, isDirect ? answer.data : new Uint8Array(0));
    if (data === undefined && !isDirect) {
      return Object.assign(Object.create(answer) as Msg, { json: () => ({ error: { err_code: 10037 } }) });
    }
    const headers = data === undefined ? { code: 404 } : answer.headers;
    const changed = { data: { value: data ?? new Uint8Array(0) }, headers: { value: headers } };
    return Object.create(answer, changed) as Msg;
  };
  return Object.assign(Object.create(client) as Client, { request });
}

/**
 * Returns the journal on these servers for the suite of all journals. Each has an account of the shared server unless
 * servers are given.
 */
export function jetstreamUnderTest(
  name: string,
  skip: string | false,
  servers?: () => readonly string[],
  options: Pick<JetStreamOptions, "replicas" | "messageBytesMax"> = {},
): JournalUnderTest {
  const nextAccount = accounts();
  return {
    name,
    skip,
    canFail: true,
    logPerPartition: true,
    async open({ services, batchBytesMax = 100_000 }): Promise<JournalFixture> {
      const connection =
        servers === undefined
          ? await sharedConnection()
          : await InterceptedConnection.to(servers(), nextAccount());
      const open = async (requested: typeof services) =>
        (await openJetStream({ connection, services: requested, batchBytesMax, ...options }, signal)).journal;
      let journal = await open(services);
      return {
        journal,
        reopen: async (requested = services) => {
          await journal.close();
          connection.intercept = undefined;
          journal = await open(requested);
          return journal;
        },
        fail: (fault) => injectFault(connection, fault),
        freeRoom: () => limitFirst(connection, -1),
        async [Symbol.asyncDispose]() {
          await journal.close();
          connection.intercept = undefined;
          await connection.stop(signal);
        },
      };
    },
  };
}

function injectFault(connection: InterceptedConnection, fault: CommitFault): void {
  if (fault === "full") limitFirst(connection, 20_000);
  else loseAnswer(connection);
}

/** Makes the next message land without an answer. */
export function loseAnswer(connection: InterceptedConnection): void {
  connection.intercept = (_subject, send) => {
    connection.intercept = undefined;
    send("_INBOX.nobody");
    void connection.dropConnection();
  };
}

/** Limits the stream to `bytesMore` above its content before further messages are sent. */
function limitFirst(connection: InterceptedConnection, bytesMore: number): void {
  const held: (() => void)[] = [];
  connection.intercept = (_subject, send) => held.push(send);
  const limit = async (): Promise<void> => {
    const manager = await connection.manager("test");
    const stream = streamOf({ service: "workflow", partition: 0 });
    const { state } = await manager.streams.info(stream);
    const bytesMax = bytesMore < 0 ? -1 : state.bytes + bytesMore;
    await manager.streams.update(stream, { max_bytes: bytesMax });
    connection.intercept = undefined;
    for (const send of held) send();
  };
  void limit();
}
