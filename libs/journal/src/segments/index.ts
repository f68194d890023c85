/** The log of a process as its files: for whoever follows it from another thread, and does not write. */
export { fileDisk } from "../disk/file-disk.ts";
export { type LogPlace, LogReader } from "./log-reader.ts";
