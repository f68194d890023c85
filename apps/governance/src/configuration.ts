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
        "Data directory of a separate process without a cluster. The platform uses `platform.dataDirectory`.",
      ),
    keysDirectory: z
      .string()
      .default("")
      .describe(
        "The folder of the installation's keys, shared by all processes that sign. Empty: `keys` in the data directory.",
      ),
    bundleMaxAgeMs: z
      .number()
      .int()
      .min(2_000)
      .default(60 * minuteMs)
      .describe("Maximum age of a policy bundle. Services without a newer bundle deny all calls after that."),
    publishDelayMs: z
      .number()
      .int()
      .min(0)
      .max(10_000)
      .default(100)
      .describe("How long changes are collected before a new bundle is built."),
    keyLifetimeMs: z.number().min(0).default(0).describe("Default lifetime of a key. 0: no expiry."),
    tokenLifetimeMaxMs: z
      .number()
      .int()
      .min(1_000)
      .default(24 * 60 * minuteMs)
      .describe("Maximum lifetime of a token. A longer lifetime is reduced to it."),
    secretKeepMs: z
      .number()
      .int()
      .min(0)
      .max(24 * 60 * minuteMs)
      .default(minuteMs)
      .describe("How long a reader of a secret can cache its value."),
    installation: z
      .string()
      .min(1)
      .max(200)
      .default("tutti")
      .describe("The name of the installation, which is the issuer of its tokens."),
  }),
});

export type GovernanceSettings = ReturnType<(typeof governanceSection)["schema"]["parse"]>;
