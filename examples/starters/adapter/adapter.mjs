import { createHash } from "node:crypto";
import { access, constants, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Notes are files in a folder. Replace the folder by your system, and keep the structure. */
export function notesAdapter({ name, folder }) {
  return {
    name,
    kind: "notes",
    version: "1.0.0",
    operations: {
      add: {
        description: "Adds a note.",
        input: { type: "object", required: ["text"], properties: { text: { type: "string" } } },
        output: { type: "object", required: ["id"], properties: { id: { type: "string" } } },
        // The key is the same for each attempt, so a second attempt writes the same file.
        repeat: "key",
        async call({ text }, { idempotencyKey, signal }) {
          signal.throwIfAborted();
          const id = createHash("sha256").update(idempotencyKey).digest("hex").slice(0, 12);
          // A crash leaves a `.part` file, which `list` ignores.
          await writeFile(join(folder, `${id}.part`), text);
          await rename(join(folder, `${id}.part`), join(folder, `${id}.txt`));
          return { id };
        },
      },
      list: {
        description: "Lists the notes in the order of their texts.",
        repeat: "safe",
        async call(_input, { signal }) {
          signal.throwIfAborted();
          const files = (await readdir(folder)).filter((file) => file.endsWith(".txt"));
          const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
          return texts.sort();
        },
      },
    },
    check: () => access(folder, constants.W_OK),
  };
}
