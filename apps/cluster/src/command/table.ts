import { counted } from "@tutti/kernel";
import { addressesOf, type Readiness } from "../running/readiness.ts";
import type { ClusterState } from "../running/state-file.ts";

/** Returns the state of a cluster as a table, with the readiness of each member. */
export function tableOf({ members }: Pick<ClusterState, "members">, readiness: readonly Readiness[]): string {
  const rows = members.map((member, at) => {
    const { isReady = false, reason = "" } = readiness[at] ?? {};
    const { http, other } = addressesOf(member);
    const condition =
      member.pid === undefined ? `does not run: ${member.lastEnd}` : isReady ? "ready" : reason;
    const restarts = member.restarts === 0 ? "" : ` (${counted(member.restarts, "restart")})`;
    return [member.name, `${member.pid ?? "-"}`, http, other, `${condition}${restarts}`] as const;
  });
  const table = [["name", "process", "HTTP", "gRPC, NATS", "status"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
