/** Archives, restores and converts definitions. */

import { counted } from "@tutti/kernel";
import type { SourceFormat } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { readInput } from "../../command/input.ts";
import type { Result } from "../../command/presenter.ts";
import { isFileName, readDefinition, shortName } from "../../local/definition-file.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { definitionNamed } from "../definition.ts";
import { doneOutcome } from "../outcome.ts";
import { reasonOf } from "../request.ts";

export async function archive(context: Context): Promise<Result> {
  const { values } = context;
  const name = values.argument("NAME");
  const hash = values.text("hash");
  const restore = values.flag("restore");
  const server = await connect(context);
  const reply = await server.call("workflows.archive", {
    params: { name },
    query: server.namespace,
    body: { ...(hash === undefined ? {} : { hash }), ...(restore ? { restore } : {}), ...reasonOf(context) },
  });
  const { changed = 0, liveCount = 0 } = reply;
  const state = restore ? "restored" : "archived";
  const runs = liveCount === 0 ? "" : `, ${counted(liveCount, "run")} in progress`;
  const line =
    changed === 0
      ? `${safe(name)} is already ${restore ? "active" : "archived"}`
      : `${safe(name)}: ${counted(changed, "version")} ${state}${runs}`;
  return doneOutcome(context, reply, { id: name, line, isAsBefore: changed === 0 });
}

export async function convert(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const target = values.argument("FILE|NAME");
  const format = (values.text("format") ?? "yaml") as SourceFormat;
  const parameters = await readInput(values.texts("parameter"), shell, "the parameters");
  const file = isFileName(target, shell) ? await readDefinition(target, shell) : undefined;
  const server = await connect(context);
  const subject =
    file === undefined
      ? { definition: definitionNamed(target) }
      : { source: { format: file.format, text: file.text, fileName: shortName(file) } };
  const source = await server.call("workflows.convert", {
    query: server.namespace,
    body: { ...subject, format, ...(parameters === undefined ? {} : { parameters }) },
  });
  return {
    json: source,
    draw: () => {
      print.text(source.text ?? "");
    },
  };
}
