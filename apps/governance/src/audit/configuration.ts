import { defineSection } from "@tutti/kernel";
import * as z from "zod";

/** The keys of the audit: `management.audit.*`. */
export const auditSection = defineSection({
  scope: "management",
  name: "audit",
  description: "What is kept of what was done, and how it is proved.",
  schema: z.strictObject({
    checkpointEveryMs: z
      .number()
      .int()
      .min(1_000)
      .default(60_000)
      .describe(
        "How often the journals are joined into a signed checkpoint, when there is something new; whoever searches or exports has one made at once.",
      ),
    keepDays: z
      .number()
      .min(0)
      .default(0)
      .describe(
        "After how many days records are removed; 0 means never. Their hashes stay, so that all proofs of the others hold.",
      ),
    bookBefore: z
      .string()
      .default("")
      .describe(
        "In a cluster that was made of the data directory of one process: the book of the audit from there. The book of the cluster begins with what it has; where nothing is in this place, with nothing.",
      ),
    services: z
      .array(z.string().min(1))
      .default(["workflow", "swarm", "master"])
      .describe(
        "Services in other processes whose journals are audited too; those of this process always are.",
      ),
  }),
});
