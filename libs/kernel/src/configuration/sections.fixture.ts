import * as z from "zod";
import { kernelErrors } from "../errors/kernel-errors.ts";
import { Configuration } from "./configuration.ts";
import { secret } from "./secret.ts";
import { defineSection, live } from "./section.ts";
import { memorySources } from "./sources.ts";

/** Sections like those of real services, for the tests of this folder. */

export const log = defineSection({
  scope: "foundation",
  name: "log",
  description: "What is logged, and how.",
  schema: z.object({
    level: live(z.enum(["debug", "info", "warn"]))
      .default("info")
      .describe("Least level that is written."),
    pretty: z.boolean().default(false).describe("Lines for people instead of JSON."),
  }),
});

export const registry = defineSection({
  scope: "engines",
  name: "registry",
  schema: z
    .object({
      leaseMs: live(z.int().min(1_000).max(60_000).default(15_000).describe("How long a lease lasts.")),
      renewMs: z.int().min(1).default(5_000).describe("How often a lease is renewed."),
      peers: z.array(z.string().min(1)).default([]).describe("Other registries."),
      labels: z.record(z.string(), z.string()).default({}).describe("Labels of this instance."),
      token: secret().optional().describe("Shows who we are."),
      limit: z
        .union([z.int(), z.literal("none")])
        .default("none")
        .describe("Most instances."),
      store: z.object({
        kind: z.enum(["memory", "nats"]).default("memory").describe("Where leases are kept."),
        bucketMaxBytes: z.int().positive().default(1_024).describe("Size of the bucket."),
      }),
      tls: z
        .object({
          certificate: z.string().describe("Path of the certificate."),
          key: secret().describe("The private key."),
        })
        .optional(),
    })
    .refine(({ leaseMs, renewMs }) => renewMs < leaseMs, {
      message: "expected a lease to last longer than the time between renewals",
      path: ["renewMs"],
    }),
});

export const sections = [log, registry];

export type TestSources = Parameters<typeof memorySources>[0] & { readonly yaml?: string };

export function sourcesOf({ yaml, ...given }: TestSources) {
  return memorySources(
    yaml === undefined ? given : { ...given, files: { ...given.files, "/tutti.yaml": yaml } },
  );
}

export function load(sources: TestSources, otherSections: readonly string[] = []): Configuration {
  return Configuration.load({ sections, sources: sourcesOf(sources), otherSections });
}

/** Returns the messages of all problems, in order. */
export function problemsOf(sources: TestSources, otherSections: readonly string[] = []): readonly string[] {
  try {
    load(sources, otherSections);
    return [];
  } catch (error) {
    if (kernelErrors.configurationInvalid.is(error)) return error.violations.map(({ message }) => message);
    throw error;
  }
}
