import { mkdirSync } from "node:fs";
import { privateModes } from "@tutti/kernel";
import { ArchiveEngine } from "./engine.ts";
import { InlineHost } from "./engine-host.ts";
import { fileOf } from "./file.ts";
import { SqliteArchive, type SqliteArchiveOptions } from "./sqlite-archive.ts";
import type { ArchiveThread } from "./thread/archive-thread.ts";

/**
 * Returns the archive of one service in a directory. All archives of a process share a thread, which starts on demand.
 */
export function openArchive(
  directory: string,
  thread: ArchiveThread,
  options: SqliteArchiveOptions,
): SqliteArchive {
  mkdirSync(directory, { recursive: true, mode: privateModes.folder });
  return new SqliteArchive(thread.host(fileOf(directory)), options);
}

/** Returns the archive of one service in a directory, in the caller's thread: every call blocks. For tests. */
export function openArchiveInline(directory: string, options: SqliteArchiveOptions): SqliteArchive {
  mkdirSync(directory, { recursive: true, mode: privateModes.folder });
  return new SqliteArchive(new InlineHost(ArchiveEngine.open(fileOf(directory), options.clock)), options);
}
