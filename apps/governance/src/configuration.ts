import { defineSection } from "@tutti/kernel";
import * as z from "zod";

const minuteMs = 60_000;

/** The keys of the service: `management.governance.*`. */
export const governanceSection = defineSection({
  scope: "management",
  name: "governance",
  description: "Who may be somebody, and who may do what.",
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
        "The folder with the installation's keys, shared by the processes that sign; empty means `keys` in the data directory.",
      ),
    bundleMaxAgeMs: z
      .number()
      .int()
      .min(2_000)
      .default(60 * minuteMs)
      .describe("How long services go on by a bundle when they hear of no newer one; then they deny."),
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
      .describe("How long a key is good for that is made without a lifetime; 0 means without end."),
    tokenLifetimeMaxMs: z
      .number()
      .int()
      .min(1_000)
      .default(24 * 60 * minuteMs)
      .describe("How long a token is good for at most; one that is wanted for longer is cut to it."),
    secretKeepMs: z
      .number()
      .int()
      .min(0)
      .max(24 * 60 * minuteMs)
      .default(minuteMs)
      .describe("How long whoever was given a secret may keep its value before it asks again."),
    installation: z
      .string()
      .min(1)
      .max(200)
      .default("tutti")
      .describe("The name of the installation: who issues its tokens, as they say it themselves."),
  }),
});

export type GovernanceSettings = ReturnType<(typeof governanceSection)["schema"]["parse"]>;
