/** Lists and fetches the content in the blob store that a run refers to. */
import { join } from "node:path";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";

interface RunFile {
  /** Path of the reference: `draw.output.chart`. */
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  readonly sha256: string;
}

export async function files(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const [id, named, folder] = [values.argument("ID"), values.optionalArgument("FILE"), values.text("out")];
  const server = await connect(context);
  const all = await filesOf(server, id);
  const found = all.filter(({ name }) => named === undefined || name === named);
  if (folder !== undefined) {
    await shell.makeFolder(folder);
    for (const { name, sha256 } of found) {
      const bytes = server.bytes("blobs.get", { params: { sha256 }, query: server.namespace });
      await shell.writeBytes(join(folder, name.replaceAll(/[^\w.-]/g, "_")), bytes);
    }
  }
  return {
    json: { files: found },
    quiet: found.map(({ name }) => name),
    draw: () => {
      if (found.length === 0) print.line(named === undefined ? "No files." : `No file \`${safe(named)}\`.`);
      else
        print.table(
          [
            { title: "file", widthMin: 16 },
            { title: "bytes", align: "right" },
            { title: "type", yields: 1, widthMin: 8 },
            { title: "SHA-256", yields: 2, widthMin: 12 },
          ],
          found.map(({ name, size, mediaType, sha256 }) => [
            safe(name),
            String(size),
            safe(mediaType),
            sha256,
          ]),
        );
      if (folder !== undefined) print.line(`${print.style.green("✓")} written to ${safe(folder)}`);
    },
  };
}

async function filesOf(server: Server, id: string): Promise<readonly RunFile[]> {
  const found: RunFile[] = [];
  for (let token = ""; ; ) {
    const page = await server.call("runs.files", {
      params: { id },
      query: { ...server.namespace, ...(token !== "" && { token }) },
    });
    for (const { name, mediaType = "", blob } of page.files)
      if (blob !== undefined) found.push({ name, mediaType, size: blob.size, sha256: blob.sha256 });
    token = page.nextToken ?? "";
    if (token === "") return found;
  }
}
