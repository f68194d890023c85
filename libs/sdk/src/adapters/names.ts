/** Names of imported operations. */

/** `listPetOwners` is `list-pet-owners`, `repos/get` is `repos.get`. */
export function nameIn(id: string): string {
  const words = id
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/\//g, ".")
    .replace(/[^a-z0-9_.-]+/g, "-")
    .split(".")
    .map((part) => part.replace(/-{2,}/g, "-").replace(/^-|-$/g, ""))
    .filter((part) => part !== "");
  return (
    words
      .join(".")
      .slice(0, nameMax)
      .replace(/[.-]+$/, "") || "operation"
  );
}

const nameMax = 100;

/** Those whose names match one of the patterns. `*` stands for any characters. */
export function chosen<Operation>(
  operations: Readonly<Record<string, Operation>>,
  only: readonly string[],
): Readonly<Record<string, Operation>> {
  const forms = only.map((pattern) => {
    const parts = pattern.split("*").map((part) => part.replace(/[.\\+?^$()[\]{}|]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`);
  });
  return Object.fromEntries(
    Object.entries(operations).filter(([name]) => forms.some((form) => form.test(name))),
  );
}
