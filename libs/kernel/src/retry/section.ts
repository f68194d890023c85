/** Retry defaults of namespaces and pools, which the configuration sets. */
import * as z from "zod";
import { defineSection } from "../configuration/section.ts";
import type { ConfiguredRetryOf, RetrySettings } from "./policy.ts";

const pause = z.number().int().min(1).max(86_400_000).optional();

const fields = {
  attempts: z.number().int().min(1).max(10_000).optional(),
  initialMs: pause,
  factor: z.number().min(1).max(100).optional(),
  maxMs: pause,
  jitter: z.number().min(0).max(1).optional(),
};

const ofPool = z.strictObject(fields);
const name = z.string().min(1).max(200);

export const retrySection = defineSection({
  scope: "engines",
  name: "retry",
  description:
    "Retry defaults of tasks without a retry policy. A definition receives them when it is registered.",
  schema: z.strictObject({
    namespaces: z
      .record(name, z.strictObject({ ...fields, pools: z.record(name, ofPool).optional() }))
      .default({})
      .meta({ title: "namespace → defaults" })
      .describe(
        "Retry defaults by namespace: `attempts`, `initialMs`, `factor`, `maxMs`, `jitter`, and the same for each of its `pools`. Fields of a pool override those of its namespace. `defaults` of a definition override both.",
      ),
  }),
});

export function configuredRetryIn({ namespaces }: z.output<typeof retrySection.schema>): ConfiguredRetryOf {
  const known = new Map(
    Object.entries(namespaces).map(([key, { pools = {}, ...own }]) => [
      key,
      {
        namespace: settingsOf(own),
        pools: Object.fromEntries(Object.entries(pools).map(([pool, of]) => [pool, settingsOf(of)])),
      },
    ]),
  );
  return (namespace) => known.get(namespace || "default");
}

function settingsOf({ attempts, ...pauses }: z.output<typeof ofPool>): RetrySettings {
  const set = { maxAttempts: attempts, ...pauses };
  return Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined));
}
