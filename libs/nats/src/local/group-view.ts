/** State of the group that decides for JetStream, from the monitoring ports of NATS servers. */

interface View {
  readonly leader: string;
  readonly followers: number;
}

/**
 * Returns whether there is a leader that all servers know, with all other servers as followers. A cluster that creates
 * streams before that may lack one of its servers for ever.
 *
 * @param ports for HTTP, on this machine
 */
export async function isComplete(ports: readonly number[], host = "127.0.0.1"): Promise<boolean> {
  const views = await Promise.all(ports.map((port) => viewOf(host, port)));
  if (ports.length === 1) return views[0] !== undefined;
  const leader = views[0]?.leader ?? "";
  const agreed = leader !== "" && views.every((view) => view?.leader === leader);
  // Only the leader lists its followers.
  return agreed && views.some((view) => view?.followers === ports.length - 1);
}

/** Undefined while it does not answer. */
async function viewOf(host: string, port: number): Promise<View | undefined> {
  try {
    const reply = await fetch(`http://${host}:${port}/jsz`, { headers: { connection: "close" } });
    const view = (await reply.json()) as {
      meta_cluster?: { leader?: string; replicas?: readonly { current?: boolean }[] };
    };
    const { leader = "", replicas = [] } = view.meta_cluster ?? {};
    return { leader, followers: replicas.filter(({ current }) => current === true).length };
  } catch {
    return undefined;
  }
}
