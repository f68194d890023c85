import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Archive, ArchivePartition } from "@tutti/journal";
import type { ObjectArchive, ObjectArchiveOptions } from "@tutti/journal/objects";
import { BatchFeed, plainSearch, Story } from "@tutti/journal/testing";
import { type ConnectionSettings, NatsConnection, natsErrors } from "@tutti/nats";
import { testSettings } from "@tutti/nats/testing";
import { signal } from "./jetstream.fixture.ts";
import { directoryFor, openSmall } from "./objects.fixture.ts";

/** A connection that may lose answers. */
export class ForgetfulConnection extends NatsConnection {
  /** Called with each operation that was answered. Returns whether the answer is lost. */
  forgets: (operation: string) => boolean = () => false;

  static async to(
    servers: readonly string[],
    settings: Partial<ConnectionSettings>,
  ): Promise<ForgetfulConnection> {
    const patient = { requestTimeoutMs: 5_000, ...settings };
    const connection = new ForgetfulConnection({ settings: testSettings(servers, patient) });
    await connection.start({ signal });
    return connection;
  }

  override async run<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const result = await super.run(operation, work);
    if (this.forgets(operation)) throw natsErrors.unavailable({ operation, reason: "no answer" });
    return result;
  }
}

/** A process with an archive: a separate connection and copies. */
export interface Process {
  readonly connection: ForgetfulConnection;
  readonly archive: ObjectArchive;
  readonly partition: ArchivePartition;
  readonly copies: string;
}

/** Processes that share the stored data in NATS, and the story that they archive. */
export class Processes implements AsyncDisposable {
  readonly feed = new BatchFeed();
  readonly story = new Story(this.feed, 0);
  readonly #servers: readonly string[];
  readonly #account: Partial<ConnectionSettings>;
  readonly #directory: string;
  readonly #started: Process[] = [];

  static async of(servers: readonly string[], account: Partial<ConnectionSettings>): Promise<Processes> {
    return new Processes(servers, account, await directoryFor("processes"));
  }

  private constructor(servers: readonly string[], account: Partial<ConnectionSettings>, directory: string) {
    this.#servers = servers;
    this.#account = account;
    this.#directory = directory;
  }

  async start(
    copies: string = `copies-${this.#started.length}`,
    more: Partial<ObjectArchiveOptions> = {},
  ): Promise<Process> {
    const connection = await ForgetfulConnection.to(this.#servers, this.#account);
    const directory = join(this.#directory, copies);
    const archive = await openSmall(connection, directory, this.feed.source, more);
    const started = { connection, archive, partition: archive.partition(0), copies: directory };
    this.#started.push(started);
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { connection, archive } of this.#started) {
      await archive.close();
      await connection.stop(signal);
    }
    await rm(this.#directory, { recursive: true });
  }
}

/** Returns the number of messages in a stream of the archive. */
export async function messagesIn({ connection }: Process, stream: string): Promise<number> {
  const manager = await connection.manager("test");
  return (await manager.streams.info(stream)).state.messages;
}

export async function subjectsIn({ connection }: Process, stream: string): Promise<string[]> {
  const manager = await connection.manager("test");
  const { state } = await manager.streams.info(stream, { subjects_filter: ">" });
  return Object.keys(state.subjects ?? {});
}

export async function idsOf(archive: Archive): Promise<string[]> {
  const { entries } = await archive.search({
    ...plainSearch,
    order: "started-ascending",
    limit: 10_000,
  });
  return entries.map(({ key }) => key.id);
}
