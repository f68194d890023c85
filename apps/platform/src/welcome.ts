import type { ServiceHost } from "@tutti/host";

/** What a person at a terminal sees once everything runs. Programs read the log's line `ready` instead. */
export function welcome({ url, mesh }: Pick<ServiceHost, "url" | "mesh">): void {
  if (process.stdout.isTTY !== true) return;
  process.stdout.write(
    [
      "",
      `  Tutti is ready.  ${url}   gRPC ${mesh.address}`,
      "",
      `    curl -s ${url}/readyz     is everything healthy that matters`,
      `    curl -s ${url}/status     the tree of services and components`,
      `    curl -s ${url}/metrics    Prometheus text`,
      "",
      "  Ctrl-C stops it in good order, a second one at once.",
      "",
      "",
    ].join("\n"),
  );
}
