/**
 * Mark of a data directory whose data was handed over to a cluster. No process starts in it any more, because all work
 * would be done twice.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { privateModes, systemCodeOf } from "@tutti/kernel";
import { hostErrors } from "../errors.ts";

export interface HandedOver {
  /** The directory of the cluster that it became. */
  readonly to: string;
  readonly time: string;
}

const fileIn = (directory: string): string => join(directory, "handed-over.json");

/** Undefined if the directory was not handed over. */
export function readHandedOver(directory: string): HandedOver | undefined {
  try {
    return JSON.parse(readFileSync(fileIn(directory), "utf8")) as HandedOver;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return;
    throw error;
  }
}

export function writeHandedOver(directory: string, handedOver: HandedOver): void {
  const file = fileIn(directory);
  writeFileSync(`${file}.new`, `${JSON.stringify(handedOver, undefined, 2)}\n`, {
    flush: true,
    mode: privateModes.file,
  });
  renameSync(`${file}.new`, file);
}

/** Refuses a directory that was handed over. */
export function requireOwn(directory: string): void {
  const handedOver = readHandedOver(directory);
  if (handedOver !== undefined)
    throw hostErrors.handedOver({ directory, file: fileIn(directory), ...handedOver });
}
