/** Checks whether the NATS servers can guarantee the properties of a journal. */
import type { NatsConnection } from "@tutti/nats";
import { jetstreamErrors } from "./errors.ts";
import { payloadBytesMin } from "./protocol.ts";
import { replicasUnavailable } from "./streams.ts";

/** The version is not checked here: the connection refuses servers that are too old. */
export async function checkServers(
  connection: NatsConnection,
  replicas: number,
  system: NatsConnection | undefined,
): Promise<readonly string[]> {
  const client = connection.client("opening of the journal");
  const { info } = client;
  const server = client.getServer();
  const found = info?.max_payload ?? 0;
  if (found < payloadBytesMin)
    throw jetstreamErrors.payloadTooSmall({ server, found, least: payloadBytesMin });
  const isCluster = info?.cluster !== undefined && info.cluster !== "";
  if (replicas > 1) {
    if (!isCluster)
      throw replicasUnavailable(connection, replicas, "a single server, which is in no cluster");
    return [];
  }
  const warnings = isCluster
    ? ["the journal has one replica in a cluster: a lost server loses its partitions. Use 3"]
    : [];
  const synced = await isSyncAlways(info?.server_id ?? "", system);
  if (synced === false) throw jetstreamErrors.syncNotAlways({ server });
  if (synced === undefined) {
    warnings.push(
      `whether the NATS server ${server} syncs before it acknowledges cannot be checked through this connection. Set sync_interval: always in its jetstream block. Otherwise acknowledged batches can be lost when its machine fails`,
    );
  }
  return warnings;
}

/** Only the system account can see it. Undefined if that is unknown or does not answer. */
async function isSyncAlways(
  serverId: string,
  system: NatsConnection | undefined,
): Promise<boolean | undefined> {
  if (system === undefined) return;
  const operation = "question for the server's sync_interval";
  try {
    const answer = await system.run(operation, () =>
      system.client(operation).request(`$SYS.REQ.SERVER.${serverId}.JSZ`, JSON.stringify({ config: true }), {
        timeout: checkTimeoutMs,
      }),
    );
    const { data } = answer.json<{
      readonly data?: { readonly config?: { readonly sync_always?: boolean } };
    }>();
    return data?.config === undefined ? undefined : data.config.sync_always === true;
  } catch {
    return;
  }
}

const checkTimeoutMs = 2_000;
