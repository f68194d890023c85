/** Processes of a cluster: one with everything ready, one with a slow disk, and one that does not answer. */

const minuteMs = 60_000;

interface Part {
  readonly path: string;
  readonly state?: string;
  readonly reason?: string;
  readonly failures?: number;
  readonly lastError?: string;
  readonly critical?: boolean;
}

function partsAt(nowMs: number, parts: readonly Part[]) {
  return parts.map(({ path, state = "ready", critical = true, ...others }, at) => ({
    ...{ path, state, critical, name: path.split(".").at(-1), depth: path.split(".").length - 1 },
    ...{ version: "0.1.0", startMs: 3 + at * 7.4, scope: "service" },
    sinceTimeMs: nowMs - (state === "ready" ? 190 : 4) * minuteMs,
    ...others,
    ...(others.lastError !== undefined && { lastErrorTimeMs: nowMs - 12 * minuteMs }),
  }));
}

const slow = "the disk takes 1,900 ms for a write. See the load of the disk, or move the data directory";

export function componentsAt(nowMs: number) {
  return {
    processes: [
      {
        ...{ services: ["gateway"], address: "10.0.0.7:7401", version: "0.1.0" },
        components: partsAt(nowMs, [
          { path: "gateway" },
          { path: "gateway.mesh" },
          { path: "gateway.bus", failures: 2, lastError: "NATS was disconnected", critical: false },
          { path: "gateway.gateway" },
          { path: "gateway.gateway.front" },
          { path: "gateway.gateway.realtime" },
        ]),
      },
      {
        ...{ services: ["insight", "swarm"], address: "10.0.0.8:7401", version: "0.1.0" },
        components: partsAt(nowMs, [
          { path: "swarm", state: "degraded", reason: `swarm is degraded: pools is degraded: ${slow}` },
          { path: "swarm.mesh" },
          { path: "swarm.insight" },
          { path: "swarm.insight.series" },
          { path: "swarm.swarm", state: "degraded", reason: `pools is degraded: ${slow}` },
          { path: "swarm.swarm.pools", state: "degraded", reason: slow, failures: 1, lastError: slow },
          { path: "swarm.swarm.missions" },
        ]),
      },
      {
        ...{ services: ["workflow"], address: "10.0.0.9:7401", version: "0.1.0", components: [] },
        problem: "No instance of the service `workflow` answered within 2 s.",
      },
    ],
  };
}
