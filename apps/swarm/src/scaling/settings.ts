import { secret } from "@tutti/kernel";
import * as z from "zod";

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
      "Whether scalers may start local processes: always, never, or only if the service listens on a loopback address. The right to create a scaler is the right to run programs on this machine.",
    ),
  address: z
    .string()
    .default("")
    .describe("Where launched agents find their pool, host:port. Empty: the address of this process."),
  accessToken: secret().optional().describe("What launched agents sign in with, as TUTTI_ACCESS_TOKEN."),
  joinMs: z
    .number()
    .int()
    .min(100)
    .max(3_600_000)
    .default(60_000)
    .describe(
      "Time that a launched agent has to join. After that time it is stopped, which counts as a crash.",
    ),
  containers: z.strictObject({
    sockets: z
      .array(z.string().regex(/^\//, "expected the path of a socket, such as /run/podman/podman.sock"))
      .default([])
      .describe(
        "Sockets of Docker or Podman by which scalers may start containers, the usual one first. Empty: scalers start none. The right to create a scaler is the right to run images on that machine.",
      ),
    images: z
      .array(z.string().min(1))
      .default(["*"])
      .describe("Images that scalers may start, as they are written. `*` matches any text."),
    network: z
      .string()
      .default("")
      .describe(
        "The network of such containers, by its name in the engine: `host` for that of the machine. Empty: the engine's usual one.",
      ),
    pull: z
      .enum(["missing", "never"])
      .default("missing")
      .describe("Whether an image that is not on the machine is brought."),
  }),
  kubernetes: z.strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        "Whether scalers may set the replicas of workloads of Kubernetes that name them in the annotation tutti.dev/scaler.",
      ),
    server: z
      .string()
      .default("")
      .describe("Where the API of Kubernetes is, https://host:port; empty means as in any pod."),
    credentials: z
      .string()
      .min(1)
      .default("/var/run/secrets/kubernetes.io/serviceaccount")
      .describe("Folder with token, ca.crt and namespace of a service account, read for each call."),
  }),
  privateWebhooks: z
    .boolean()
    .default(false)
    .describe("Whether webhooks of scalers and of hooks may lead into private networks, and need no https."),
});

export type ScalingSettings = z.infer<typeof scalingSchema>;
