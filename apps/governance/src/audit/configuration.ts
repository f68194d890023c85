import { defineSection } from "@tutti/kernel";
import * as z from "zod";

/** The keys of the audit: `management.audit.*`. */
export const auditSection = defineSection({
  scope: "management",
  name: "audit",
  description: "The audit log, its retention and its proofs.",
  schema: z.strictObject({
    checkpointEveryMs: z
      .number()
      .int()
      .min(1_000)
      .default(60_000)
      .describe(
        "Interval of signed checkpoints over the journals, if there are new records. A search or an export creates a checkpoint immediately.",
      ),
    keepDays: z
      .number()
      .min(0)
      .default(0)
      .describe(
        "Days after which records are deleted. 0: never. Their hashes remain, so the proofs of other records stay valid.",
      ),
    anchor: z
      .string()
      .regex(/^($|file:.|command:.|https?:\/\/.)/, "expected file:PATH, command:PROGRAM or a URL")
      .default("")
      .describe(
        "Place of a copy of the last checkpoint outside of the installation. `file:PATH` appends a line of JSON. `https://…` is read by GET and written by PUT. `command:PROGRAM` is run with `read` or `write`. The audit log is compared with the copy at the start.",
      ),
    giveUpCheckpoint: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe(
        "Number of the last checkpoint of an audit log that is permanently lost. A new log replaces it, and the journal records that. 0, the default: a missing audit log is an error.",
      ),
    importFrom: z
      .string()
      .default("")
      .describe(
        "Path of the earlier audit log, if the cluster was created from the data directory of one process. The audit log of the cluster starts with its content. Empty: it starts without records.",
      ),
    services: z
      .array(z.string().min(1))
      .default(["workflow", "swarm", "master"])
      .describe(
        "Services in other processes whose journals are audited too. The services of this process are always audited.",
      ),
  }),
});
