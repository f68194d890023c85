/**
 * The archive of one service, usable before it is opened: a runtime is assembled before its process may touch the data
 * directory, and before it is connected to anything.
 */
import type { Archive, ArchiveFigures, ArchivePartition, Search, SearchPage } from "@tutti/journal";
import { assert } from "@tutti/kernel";

export class ServiceArchive implements Archive {
  readonly service: string;
  readonly #open: () => Archive | Promise<Archive>;
  #opened: Archive | undefined;

  constructor(service: string, open: () => Archive | Promise<Archive>) {
    this.service = service;
    this.#open = open;
  }

  async start(): Promise<void> {
    this.#opened = await this.#open();
  }

  partition(partition: number): ArchivePartition {
    const opened = (): ArchivePartition => this.#archive.partition(partition);
    return {
      opening: (...args) => opened().opening(...args),
      release: (...args) => opened().release(...args),
      mayHave: (key) => opened().mayHave(key),
      load: (...args) => opened().load(...args),
      keyOf: (...args) => opened().keyOf(...args),
      due: (...args) => opened().due(...args),
      nextDueMs: () => opened().nextDueMs(),
      outstanding: (...args) => opened().outstanding(...args),
      commit: (...args) => opened().commit(...args),
      pack: (...args) => opened().pack(...args),
      settle: (...args) => opened().settle(...args),
      history: (...args) => opened().history(...args),
    };
  }

  search(search: Search): Promise<SearchPage> {
    return this.#archive.search(search);
  }

  purge(nowMs: number): Promise<boolean> {
    return this.#archive.purge(nowMs);
  }

  figures(): Promise<ArchiveFigures> {
    return this.#archive.figures();
  }

  backup(directory: string): Promise<void> {
    return this.#archive.backup(directory);
  }

  async close(): Promise<void> {
    await this.#opened?.close();
  }

  get #archive(): Archive {
    assert(this.#opened !== undefined, "the archive is requested after it was opened", {
      service: this.service,
    });
    return this.#opened;
  }
}
