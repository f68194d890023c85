/**
 * Metadata of a data directory. It is written when the directory is created, and when a release with a newer format
 * opens it. The number of partitions determines the partition of every machine, so with another number none would be
 * found.
 */
import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { privateModes, systemCodeOf } from "@tutti/kernel";
import * as z from "zod";
import { hostErrors } from "../errors.ts";
import type { DataLayout } from "./layout.ts";

/**
 * Raised when an older release could not read a directory. A release that opens a directory of an older format writes
 * its own format into it. From then on the older release refuses the directory.
 *
 * 1: release 0.1.0. 2: functions and lost attempts in journals, format 2 of the audit log.
 */
export const dataFormat = 2;

const schema = z.object({
  format: z.int().min(1),
  /** Release that gave the directory its format. */
  release: z.string(),
  made: z.string(),
  partitions: z.int().min(1),
  /** Hash of all other fields. Absent if an older release wrote it. */
  sum: z.string().optional(),
});

export type AboutData = Omit<z.output<typeof schema>, "sum">;

/** Undefined if there is none. Throws `host.data_unreadable` if it has changed since it was written. */
export function readAbout({ about }: Pick<DataLayout, "about">): AboutData | undefined {
  let text: string;
  try {
    text = readFileSync(about, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return;
    throw error;
  }
  const found = schema.safeParse(parsed(text));
  if (!found.success) throw hostErrors.dataUnreadable({ file: about });
  const { sum, ...data } = found.data;
  if (sum !== undefined && data.format === dataFormat && sum !== sumOf(data))
    throw hostErrors.dataUnreadable({ file: about });
  return data;
}

/** Writes atomically. */
export function writeAbout({ about }: Pick<DataLayout, "about">, data: AboutData): void {
  writeFileSync(`${about}.new`, `${JSON.stringify({ ...data, sum: sumOf(data) }, undefined, 2)}\n`, {
    flush: true,
    mode: privateModes.file,
  });
  renameSync(`${about}.new`, about);
}

/** Refuses a directory that this process would misinterpret. */
export function checkAbout(data: AboutData, layout: DataLayout, partitions: number): void {
  const { directory } = layout;
  if (data.format > dataFormat) {
    throw hostErrors.dataNewer({ directory, format: data.format, known: dataFormat, release: data.release });
  }
  if (data.partitions !== partitions) {
    throw hostErrors.partitionsDiffer({ directory, existing: data.partitions, configured: partitions });
  }
}

function sumOf({ format, release, made, partitions }: AboutData): string {
  return createHash("sha256")
    .update(JSON.stringify([format, release, made, partitions]))
    .digest("hex");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
