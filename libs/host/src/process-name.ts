/** The services that name a process. Every process with machines serves blobs, so blobs name one that has nothing else. */
export function namingServices(all: Iterable<string>): string[] {
  const names = [...new Set(all)].sort();
  return names.length > 1 ? names.filter((name) => name !== "blob") : names;
}

/** The services that a process runs, and where: `gateway 10.0.0.7:7501`. */
export function processNameOf(services: readonly string[], address: string): string {
  return [namingServices(services).join("+"), address].filter(Boolean).join(" ");
}
