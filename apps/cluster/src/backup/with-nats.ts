/**
 * Runs the NATS servers of a cluster while a tool works on their data. The services stay down. All servers have the same
 * content before and after.
 */
import { silentLogger, systemFoundation } from "@tutti/kernel";
import { connectionSettings, NatsConnection, natsSection } from "@tutti/nats";
import { Cluster, type ClusterOptions } from "../running/cluster.ts";
import { addressesOf } from "../running/readiness.ts";
import { requireSame } from "./alike.ts";

/** Options of a cluster whose shape comes from its state or backup. */
export type StoredClusterOptions = Omit<ClusterOptions, "shape">;

export async function withNats<Result>(
  options: ClusterOptions,
  signal: AbortSignal,
  work: (connection: NatsConnection) => Promise<Result>,
): Promise<Result> {
  const cluster = await Cluster.create(options);
  try {
    const servers = await cluster.upNats(signal);
    const settings = connectionSettings(natsSection.schema.parse({ servers }));
    // Errors are thrown, and printed by the command.
    const foundation = systemFoundation({ logger: silentLogger });
    const connection = new NatsConnection({ settings, foundation });
    await connection.start({ signal });
    const nats = cluster.members.filter(({ planned }) => planned.kind === "nats");
    const monitors = nats.map(({ planned }) => addressesOf(planned).http);
    try {
      await requireSame(monitors);
      const result = await work(connection);
      await requireSame(monitors);
      return result;
    } finally {
      await connection.stop(signal);
    }
  } finally {
    await cluster.down();
    await cluster.detach();
  }
}
