import { defineSection } from "@tutti/kernel";
import * as z from "zod";

const minuteMs = 60_000;

/** The keys of the service: `management.governance.*`. */
export const governanceSection = defineSection({
  scope: "management",
  name: "governance",
  description: "Identities and their access rights.",
  schema: z.strictObject({
    dataDirectory: z
      .string()
      .min(1)
      .default("./.tutti")
      .describe(
        "Where everything is kept that must last, in a process of its own without a cluster. The platform has `platform.dataDirectory`.",
      ),
    keysDirectory: z
      .string()
      .default("")
      .describe(
        "The folder with the installation's keys, shared by the processes that sign. Empty: `keys` in the data directory.",
      ),
    bundleMaxAgeMs: z
      .number()
      .int()
      .min(2_000)
      .default(60 * minuteMs)
      .describe("How long services use a bundle without news of a later one. After that time they deny."),
    publishDelayMs: z
      .number()
      .int()
      .min(0)
      .max(10_000)
      .default(100)
      .describe("How long changes are gathered before a bundle is made of them."),
    keyLifetimeMs: z
      .number()
      .min(0)
      .default(0)
      .describe("Lifetime of a key that is made without one. 0 means without end."),
    tokenLifetimeMaxMs: z
      .number()
      .int()
      .min(1_000)
      .default(24 * 60 * minuteMs)
      .describe("Maximum lifetime of a token. A longer one is cut to it."),
    secretKeepMs: z
      .number()
      .int()
      .min(0)
      .max(24 * 60 * minuteMs)
      .default(minuteMs)
      .describe("How long a reader of a secret may keep its value before it asks again."),
    installation: z
      .string()
      .min(1)
      .max(200)
      .default("tutti")
      .describe("The name of the installation: who issues its tokens, as they say it themselves."),
  }),
});

export type GovernanceSettings = ReturnType<(typeof governanceSection)["schema"]["parse"]>;
