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
  containers: z.strictObject({
    sockets: z
      .array(z.string().regex(/^\//, "expected the path of a socket, such as /run/podman/podman.sock"))
      .default([])
      .describe(
        "Sockets of Docker or Podman by which scalers may start containers, the usual one first; without any they start none. Whoever may make a scaler runs images on that machine by it.",
      ),
    images: z
      .array(z.string().min(1))
      .default(["*"])
      .describe("Images that scalers may start, as they are written; `*` stands for whatever is there."),
    network: z
      .string()
      .default("")
      .describe(
        "The network of such containers, as the engine calls it: `host` for that of the machine; empty means the engine's usual one.",
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
