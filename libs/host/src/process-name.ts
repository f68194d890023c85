/**
 * The services that name a process. Every process with machines serves blobs, so blobs name only a process without
 * other services.
 */
export function namingServices(all: Iterable<string>): string[] {
  const names = [...new Set(all)].sort();
  return names.length > 1 ? names.filter((name) => name !== "blob") : names;
}

/** Returns the services of a process and its address: `gateway 10.0.0.7:7501`. */
export function processNameOf(services: readonly string[], address: string): string {
  return [namingServices(services).join("+"), address].filter(Boolean).join(" ");
}
