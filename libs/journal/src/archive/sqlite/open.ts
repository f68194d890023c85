import { mkdirSync } from "node:fs";
import { ArchiveEngine } from "./engine.ts";
import { InlineHost } from "./engine-host.ts";
import { fileOf } from "./file.ts";
import { SqliteArchive, type SqliteArchiveOptions } from "./sqlite-archive.ts";

/** The archive of one service in a directory, in the caller's thread: every call keeps it waiting. For tests. */
export function openArchiveInline(directory: string, options: SqliteArchiveOptions): SqliteArchive {
  mkdirSync(directory, { recursive: true });
  return new SqliteArchive(new InlineHost(new ArchiveEngine(fileOf(directory))), options);
}
