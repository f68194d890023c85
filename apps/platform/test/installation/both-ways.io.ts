/**
 * The contract of virtual time: what these files prove in virtual time, with memory and calls without a connection,
 * holds in real time, with a disk and over gRPC.
 */
import { Installation } from "./installation.ts";

Installation.usualTime = "real";

for (const name of [
  "bulk",
  "client",
  "definitions",
  "labelled-rights",
  "missions",
  "partitions",
  "resources",
  "runs",
  "sessions-client",
  "sessions-questions",
  "why",
])
  await import(`./${name}.test.ts`);
