/** Labels that identify the owner of a container: all that a later process knows of it. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ifPresent, privateModes, replaceFile } from "@tutti/kernel";

export const labelNames = {
  keeper: "dev.tutti.keeper",
  namespace: "dev.tutti.namespace",
  pool: "dev.tutti.pool",
  scaler: "dev.tutti.scaler",
  agent: "dev.tutti.agent",
  launch: "dev.tutti.launch",
  spec: "dev.tutti.spec",
} as const;

/** Returns the same id after each start with a data directory. Otherwise containers are not recognised. */
export async function ownerIdIn(dataDirectory: string | undefined): Promise<string> {
  if (dataDirectory === undefined) return randomUUID();
  const directory = join(dataDirectory, "containers");
  const file = join(directory, "keeper");
  const known = (await ifPresent(readFile(file, "utf8")))?.trim();
  if (known) return known;
  const created = randomUUID();
  await mkdir(directory, { recursive: true, mode: privateModes.folder });
  await writeFile(`${file}.new`, created, { mode: privateModes.file });
  await replaceFile(`${file}.new`, file);
  return created;
}

/** Returns a digest that changes if another container would be started. */
export function specDigest(spec: unknown): string {
  return createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 16);
}
