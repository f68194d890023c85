import { secret } from "@tutti/kernel";
import { z } from "zod";

/** The keys `engines.swarm.scaling.*`. */
export const scalingSchema = z.strictObject({
  everyMs: z
    .number()
    .int()
    .min(50)
    .max(60_000)
    .default(500)
    .describe("How often a scaler looks whether it wants more or fewer agents."),
  processes: z
    .enum(["loopback", "always", "never"])
    .default("loopback")
    .describe(
      "Whether scalers may start local processes: always, never, or only where the service listens on a loopback address. Whoever may make a scaler runs programs on this machine by it.",
    ),
  address: z
    .string()
    .default("")
    .describe("Where launched agents find their pool, host:port; empty means where this process listens."),
  accessToken: secret().optional().describe("What launched agents sign in with, as TUTTI_ACCESS_TOKEN."),
  joinMs: z
    .number()
    .int()
    .min(100)
    .max(3_600_000)
    .default(60_000)
    .describe("How long a launched agent may take to join; then it is ended, which counts as a crash."),
  privateWebhooks: z
    .boolean()
    .default(false)
    .describe("Whether webhooks of scalers and of hooks may lead into private networks, and need no https."),
});

export type ScalingSettings = z.infer<typeof scalingSchema>;
