/**
 * The contract of virtual time: the tests of these files run in virtual time with memory and in-process calls. They also
 * pass in real time with a disk and over gRPC.
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
