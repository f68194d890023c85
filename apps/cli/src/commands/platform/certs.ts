import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import type { Result } from "../../command/presenter.ts";
import { runTool, toolJson } from "../../local/clone.ts";
import { safe } from "../../terminal/text.ts";

/** What the tool says it made. */
interface Made {
  readonly ca: string;
  readonly authority: "settled" | "next_is_trusted" | "next_signs";
  readonly services: Readonly<
    Record<string, { readonly cert: string; readonly key: string; readonly isNew: boolean }>
  >;
}

/** Each once running services have taken up the one before, as `mesh.tls.refreshMs` says. */
const stages: Readonly<Partial<Record<Made["authority"], string>>> = {
  next_is_trusted:
    "Services now trust both authorities. After mesh.tls.refreshMs (10 s), run tutti certs --next-authority to sign with the new one",
  next_signs:
    "The new authority signs. After mesh.tls.refreshMs (10 s), run tutti certs --next-authority to remove the old one",
};

export async function certs(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const said = ["out", "services", "hosts"].flatMap((name) => {
    const value = values.text(name);
    return value === undefined ? [] : [`--${name}`, value];
  });
  const flags = ["rotate", "next-authority"].filter((name) => values.flag(name)).map((name) => `--${name}`);
  const words = [...said, ...flags, "--json"];
  const what = "Making certificates";
  // The tool is of the same clone.
  const made = toolJson(what, await runTool(shell, what, ["tools/certs.mjs", ...words])) as Made;
  if (print.isJson) {
    print.json(made);
    return exitCodes.completed;
  }
  const { style } = print;
  const services = Object.entries(made.services);
  if (print.isQuiet) print.lines(services.map(([, { cert }]) => cert));
  else {
    print.table(
      [{ title: "service" }, { title: "certificate", yields: 1, widthMin: 20 }, { title: "" }],
      services.map(([name, { cert, isNew }]) => [
        { text: name, tone: "bold" },
        cert,
        isNew ? { text: "new", tone: "green" } : { text: "was there", tone: "dim" },
      ]),
    );
    const stage = stages[made.authority];
    if (stage !== undefined) print.lines(["", stage]);
    print.line("");
    const [first] = services;
    if (first !== undefined) {
      const [name, { cert, key }] = first;
      print.lines([
        style.dim(`in the configuration of ${safe(name)}, tutti.yaml:`),
        "",
        "integration:",
        "  mesh:",
        "    transport: grpc",
        "    tls:",
        "      mode: mutual",
        `      ca: ${safe(made.ca)}`,
        `      cert: ${safe(cert)}`,
        `      key: ${safe(key)}`,
      ]);
    }
  }
  return exitCodes.completed;
}
