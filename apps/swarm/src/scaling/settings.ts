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
    .describe("Interval at which a scaler computes the desired number of agents."),
  processes: z
    .enum(["loopback", "always", "never"])
    .default("loopback")
    .describe(
      "When scalers can start local processes: always, never, or only if the service listens on a loopback address. The right to create a scaler includes the right to run programs on this machine.",
    ),
  address: z
    .string()
    .default("")
    .describe("Address of the pool for launched agents, host:port. Empty: the address of this process."),
  accessToken: secret().optional().describe("Credential of launched agents, passed as TUTTI_ACCESS_TOKEN."),
  joinMs: z
    .number()
    .int()
    .min(100)
    .max(3_600_000)
    .default(60_000)
    .describe(
      "Timeout for a launched agent to join its pool. After that, it is stopped, which counts as a crash.",
    ),
  containers: z.strictObject({
    sockets: z
      .array(z.string().regex(/^\//, "expected the path of a socket, such as /run/podman/podman.sock"))
      .default([])
      .describe(
        "Docker or Podman sockets through which scalers can start containers, the default first. Empty: scalers start no containers. The right to create a scaler includes the right to run images on that machine.",
      ),
    images: z
      .array(z.string().min(1))
      .default(["*"])
      .describe(
        "Images that scalers can start, compared with the image name as written. `*` matches any text.",
      ),
    network: z
      .string()
      .default("")
      .describe(
        "Network of these containers, by its name in the engine. `host`: the network of the machine. Empty: the engine's default.",
      ),
    pull: z
      .enum(["missing", "never"])
      .default("missing")
      .describe("When images are pulled. `missing`: if an image is not on the machine. `never`: never."),
  }),
  kubernetes: z.strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        "Allows scalers to set the replicas of Kubernetes workloads whose annotation tutti.dev/scaler names the scaler.",
      ),
    server: z
      .string()
      .default("")
      .describe(
        "Address of the Kubernetes API, `https://host:port`. Empty: the address from the pod's environment.",
      ),
    credentials: z
      .string()
      .min(1)
      .default("/var/run/secrets/kubernetes.io/serviceaccount")
      .describe("Folder with token, ca.crt and namespace of the service account. It is read for each call."),
  }),
  privateWebhooks: z
    .boolean()
    .default(false)
    .describe("Allows webhooks of scalers and hooks to private networks and without https."),
});

export type ScalingSettings = z.infer<typeof scalingSchema>;
