/** The files of a log, for readers that follow it from another thread without writing. */

export { inspectLog } from "../archive/sqlite/log-inspection.ts";
export { fileDisk } from "../disk/file-disk.ts";
export { createPrivateFile } from "../disk/private-file.ts";
export { type LogPlace, LogReader } from "./log-reader.ts";
