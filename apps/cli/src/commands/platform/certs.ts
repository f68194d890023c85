import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { runTool, toolJson } from "../../local/clone.ts";
import type { Style } from "../../terminal/style.ts";
import { safe } from "../../terminal/text.ts";

/** The reply of the tool. */
interface Certificates {
  readonly ca: string;
  readonly authority: "settled" | "next_is_trusted" | "next_signs";
  readonly services: Readonly<
    Record<string, { readonly cert: string; readonly key: string; readonly isNew: boolean }>
  >;
}

/** The next step by stage. Running services load each change within `mesh.tls.refreshMs`. */
const stages: Readonly<Partial<Record<Certificates["authority"], string>>> = {
  next_is_trusted:
    "Services now trust both authorities. After mesh.tls.refreshMs (10 s), run tutti certs --next-authority to sign with the new one",
  next_signs:
    "The new authority signs. After mesh.tls.refreshMs (10 s), run tutti certs --next-authority to remove the old one",
};

export async function certs(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const options = ["out", "services", "hosts"].flatMap((name) => {
    const value = values.text(name);
    return value === undefined ? [] : [`--${name}`, value];
  });
  const flags = ["rotate", "next-authority"].filter((name) => values.flag(name)).map((name) => `--${name}`);
  const args = [...options, ...flags, "--json"];
  const subject = "Making certificates";
  // The cast: the tool is part of the same clone.
  const certificates = toolJson(
    subject,
    await runTool(shell, subject, ["tools/certs.mjs", ...args]),
  ) as Certificates;
  const services = Object.entries(certificates.services);
  return {
    json: certificates,
    quiet: services.map(([, { cert }]) => cert),
    draw: () => {
      print.table(
        [{ title: "service" }, { title: "certificate", yields: 1, widthMin: 20 }, { title: "" }],
        services.map(([name, { cert, isNew }]) => [
          { text: name, tone: "bold" },
          cert,
          isNew ? { text: "new", tone: "green" } : { text: "existed", tone: "dim" },
        ]),
      );
      const stage = stages[certificates.authority];
      if (stage !== undefined) print.lines(["", stage]);
      print.line("");
      const [first] = services;
      if (first !== undefined) print.lines(settingsOf(first, certificates.ca, print.style));
    },
  };
}

function settingsOf(
  [name, { cert, key }]: readonly [string, { readonly cert: string; readonly key: string }],
  ca: string,
  style: Style,
): string[] {
  return [
    style.dim(`in the configuration of ${safe(name)}, tutti.yaml:`),
    "",
    "integration:",
    "  mesh:",
    "    transport: grpc",
    "    tls:",
    "      mode: mutual",
    `      ca: ${safe(ca)}`,
    `      cert: ${safe(cert)}`,
    `      key: ${safe(key)}`,
  ];
}
