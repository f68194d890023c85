import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArchiveThread, BatchSource } from "@tutti/journal";
import {
  type ObjectArchive,
  type ObjectArchiveOptions,
  openCopies,
  openObjectArchive,
  openObjectBlobs,
} from "@tutti/journal/objects";
import type { ArchiveFixture, ArchiveUnderTest, BlobsFixture } from "@tutti/journal/testing";
import { VirtualTime } from "@tutti/kernel/testing";
import { type ConnectionSettings, NatsConnection } from "@tutti/nats";
import { testSettings } from "@tutti/nats/testing";
import { InterceptedConnection, signal } from "./jetstream.fixture.ts";

// In memory if possible: these tests are not about slow disks.
const files = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

export const service = "workflow";

export function directoryFor(label: string): Promise<string> {
  return mkdtemp(join(files, `tutti-${label}-`));
}

/** Opens an archive in NATS with small bounds, so that few operations make bases and objects. */
export function openSmall(
  connection: NatsConnection,
  directory: string,
  source: BatchSource,
  more: Partial<ObjectArchiveOptions> = {},
): Promise<ObjectArchive> {
  const limits = { entryBytesMax: 4_096, partBytesMax: 1_024 * 1_024, tailBytesMin: 16_384 };
  const options = { connection, service, partitions: 2, directory, thread: undefined, source, limits };
  return openObjectArchive({ ...options, ...more }, signal);
}

export interface UnderTestOptions {
  readonly name: string;
  readonly servers: () => readonly string[];
  readonly nextAccount: () => Partial<ConnectionSettings>;
  readonly replicas?: number;
  /** Whether a process that dies loses its copies too. */
  readonly losesCopies: boolean;
  readonly thread?: ArchiveThread;
}

/** Returns the archive in NATS for the suite of all archives. */
export function objectsUnderTest(options: UnderTestOptions): ArchiveUnderTest {
  const { name, servers, nextAccount, replicas = 1, losesCopies, thread } = options;
  return {
    name,
    async open({ partitions, feed }): Promise<ArchiveFixture> {
      const directory = await directoryFor("objects");
      const connection = await InterceptedConnection.to(servers(), nextAccount());
      const opened: ObjectArchive[] = [];
      const open = async (copies: string): Promise<ObjectArchive> => {
        const more = { partitions, replicas, thread };
        const archive = await openSmall(connection, join(directory, copies), feed.source, more);
        opened.push(archive);
        return archive;
      };
      const archive = await open("copies-0");
      return {
        archive,
        directory: join(directory, "backup"),
        reopen: async () => {
          await opened.at(-1)?.close();
          return open("copies-0");
        },
        crash: async () => {
          if (!losesCopies) await opened.at(-1)?.close();
          return open(losesCopies ? `copies-${opened.length}` : "copies-0");
        },
        openBackup: async (from) => openCopies(from, { connection, partitions, thread, source: feed.source }),
        async [Symbol.asyncDispose]() {
          for (const resource of opened) await resource.close();
          await connection.stop(signal);
          await rm(directory, { recursive: true });
        },
      };
    },
  };
}

export interface NatsBlobsFixture extends BlobsFixture {
  /** Returns the number of messages in the stream. */
  messages(): Promise<number>;
}

/** Returns blobs in NATS for the suite of all blob stores. */
export function blobsUnderTest(
  name: string,
  servers: () => readonly string[],
  nextAccount: () => Partial<ConnectionSettings>,
  replicas = 1,
): { readonly name: string; open(): Promise<NatsBlobsFixture> } {
  let stores = 0;
  return {
    name,
    open: async () => {
      const time = new VirtualTime();
      const connection = new NatsConnection({
        settings: testSettings(servers(), { requestTimeoutMs: 5_000, ...nextAccount() }),
        foundation: { clock: time },
      });
      await connection.start({ signal });
      const store = `blobs-${++stores}`;
      const open = () => openObjectBlobs({ connection, store, replicas }, signal);
      return {
        blobs: await open(),
        time,
        crash: open,
        flip: async (sha256, byte) => {
          const root = `tutti.blobs.${store}`;
          const read = async (subject: string): Promise<Uint8Array> => {
            const request = JSON.stringify({ last_by_subj: subject });
            const client = connection.client("test");
            return (await client.request(`$JS.API.DIRECT.GET.TUTTI_BLOBS_${store}`, request)).data;
          };
          const hash = Buffer.from(sha256).toString("hex");
          const head = await read(`${root}.heads.${hash.slice(0, 2)}.${hash}.default`);
          const parts = /parts\.[\w-]+/.exec(Buffer.from(head).toString("latin1"))?.[0];
          const part = `${root}.${parts}.${Math.floor(byte / partBytes)}`;
          const data = Uint8Array.from(await read(part));
          data[byte % partBytes] = (data[byte % partBytes] ?? 0) ^ 4;
          await connection.jetstream("test").publish(part, data);
        },
        messages: async () =>
          (await (await connection.manager("test")).streams.info(`TUTTI_BLOBS_${store}`)).state.messages,
        [Symbol.asyncDispose]: () => connection.stop(signal),
      };
    },
  };
}

const partBytes = 512 * 1024;
