/** Names of imported operations. */
import { matchesWildcard } from "@tutti/kernel";

/** Converts an id to a name: `listPetOwners` to `list-pet-owners`, `repos/get` to `repos.get`. */
export function nameIn(id: string): string {
  const parts = id
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/\//g, ".")
    .replace(/[^a-z0-9_.-]+/g, "-")
    .split(".")
    .map((part) => part.replace(/-{2,}/g, "-").replace(/^-|-$/g, ""))
    .filter((part) => part !== "");
  return (
    parts
      .join(".")
      .slice(0, nameMax)
      .replace(/[.-]+$/, "") || "operation"
  );
}

const nameMax = 100;

/** Returns the operations whose names match one of the patterns. `*` stands for any characters. */
export function matchingOperations<Operation>(
  operations: Readonly<Record<string, Operation>>,
  only: readonly string[],
): Readonly<Record<string, Operation>> {
  return Object.fromEntries(
    Object.entries(operations).filter(([name]) => only.some((pattern) => matchesWildcard(pattern, name))),
  );
}
