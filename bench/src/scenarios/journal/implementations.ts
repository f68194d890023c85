import { type Journal, MemoryJournal, openSegments } from "@tutti/journal";
import { openJetStream } from "@tutti/journal/jetstream";
import { systemFoundation } from "@tutti/kernel";
import { connectionTo, natsServerProgram, startNatsServer } from "@tutti/nats/testing";

/** A journal, and what it stands on. */
interface OpenedJournal extends AsyncDisposable {
  readonly journal: Journal;
}

export type OpenJournal = (directory: string, partitions: number) => Promise<OpenedJournal>;

const service = "bench";

/** Every journal that can be opened here, by its name. */
export async function implementations(): Promise<Map<string, OpenJournal>> {
  const found = new Map([
    ["segments", openedSegments],
    ["memory", openedMemory],
  ]);
  const { skip } = await natsServerProgram();
  if (skip === false) found.set("jetstream", openedJetStream);
  else process.stderr.write(`without jetstream: ${skip}\n`);
  return found;
}

async function openedSegments(directory: string, partitions: number): Promise<OpenedJournal> {
  const { chance } = systemFoundation();
  const { journal } = await openSegments(directory, { services: [{ service, partitions }], chance });
  return { journal, [Symbol.asyncDispose]: () => journal.close() };
}

async function openedMemory(_directory: string, partitions: number): Promise<OpenedJournal> {
  const journal = new MemoryJournal({ services: [{ service, partitions }] });
  return { journal, [Symbol.asyncDispose]: () => journal.close() };
}

/** One server that syncs before it acknowledges, as it must where there is no other. */
async function openedJetStream(_directory: string, partitions: number): Promise<OpenedJournal> {
  await using open = new AsyncDisposableStack();
  const configuration = "max_payload: 8MB";
  const server = await startNatsServer({ configuration, jetstream: "sync_interval: always" });
  open.use(server);
  const settings = { requestTimeoutMs: 10_000 };
  const connection = open.use(await connectionTo([server.address], { settings }));
  const { signal } = new AbortController();
  const services = [{ service, partitions }];
  const { journal } = await openJetStream({ connection, services }, signal);
  open.defer(() => journal.close());
  const all = open.move();
  return { journal, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
