import type { SecretReference } from "@tutti/kernel";

/**
 * Returns the headers of requests to the collector, read again for each so that a rotated secret is found. While one
 * cannot be read, the last ones are used. Rejects only at first.
 */
export async function currentHeaders(
  references: Readonly<Record<string, SecretReference>>,
): Promise<() => Promise<Record<string, string>>> {
  let last = await revealed(references);
  return async () => {
    try {
      last = await revealed(references);
    } catch {
      // The collector tells whether the old ones still serve.
    }
    // A copy, for the exporter adds headers of its own.
    return { ...last };
  };
}

async function revealed(
  references: Readonly<Record<string, SecretReference>>,
): Promise<Record<string, string>> {
  const entries = Object.entries(references).map(
    async ([name, reference]) => [name, await reference.reveal()] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
