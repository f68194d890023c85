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
        "How often the journals are joined into a signed checkpoint, if there are new records. A search or an export makes one at once.",
      ),
    keepDays: z
      .number()
      .min(0)
      .default(0)
      .describe(
        "After how many days records are removed. 0 means never. Their hashes stay, so that all proofs of the others hold.",
      ),
    anchor: z
      .string()
      .regex(/^($|file:.|command:.|https?:\/\/.)/, "expected file:PATH, command:PROGRAM or a URL")
      .default("")
      .describe(
        "Where the last checkpoint is kept outside of the installation too: `file:PATH` appends a line of JSON, `https://…` is read by GET and written by PUT, `command:PROGRAM` is run with `read` or `write`. At the start the audit log is compared with it.",
      ),
    giveUpCheckpoint: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe(
        "Number of the last checkpoint of an audit log that is lost for ever: a new one replaces it, and the journal records that. 0, the default: a missing audit log is an error.",
      ),
    bookBefore: z
      .string()
      .default("")
      .describe(
        "In a cluster that was made of the data directory of one process: the audit log from there. The audit log of the cluster starts with its content. Empty: it starts without records.",
      ),
    services: z
      .array(z.string().min(1))
      .default(["workflow", "swarm", "master"])
      .describe(
        "Services in other processes whose journals are audited too. Those of this process always are.",
      ),
  }),
});
