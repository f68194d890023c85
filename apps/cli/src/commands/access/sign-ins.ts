/** Lists and ends the sign-ins of browsers to the dashboard. */

import { counted } from "@tutti/kernel";
import type { SignIn } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";
import { doneOutcome } from "../outcome.ts";
import { actorIn, actorText } from "./actor.ts";

const methods: Readonly<Record<SignIn["by"], string>> = {
  link: "link from the terminal",
  key: "a key",
  token: "a token",
  id_token: "external account",
};

export async function listSignIns(context: Context): Promise<Result> {
  const { print, values, shell } = context;
  const server = await connect(context);
  const query = { ...within(context, server), ...(values.flag("mine") && { mine: true }) };
  const { signIns } = await server.call("signIns.list", { query });
  const nowMs = shell.nowMs();
  return {
    json: { signIns },
    quiet: signIns.map(({ id }) => id),
    draw: () => {
      if (signIns.length === 0) print.note("No sign-ins.");
      else
        print.table(
          [
            { title: "sign-in", widthMin: 12 },
            { title: "principal", yields: 2, widthMin: 8 },
            { title: "by", yields: 1, widthMin: 5 },
            { title: "used" },
            { title: "ends" },
            { title: "from", yields: 3, widthMin: 8 },
          ],
          signIns.map(({ id, who, by, useMs, expiresMs, address = "" }) => [
            { text: id, tone: "bold" },
            { text: who },
            { text: methods[by], tone: "dim" },
            { text: useMs === undefined ? "" : printAge(useMs, nowMs), tone: "dim" },
            { text: `in ${printDurationMs(expiresMs - nowMs)}`, tone: "dim" },
            { text: address, tone: "dim" },
          ]),
        );
    },
  };
}

export async function signOut(context: Context): Promise<Result> {
  const { values, command } = context;
  const [id, principal, isAll] = [
    values.optionalArgument("ID"),
    values.text("principal"),
    values.flag("all"),
  ];
  const selectors = [id, principal, isAll ? "all" : undefined].filter((selector) => selector !== undefined);
  if (selectors.length !== 1)
    throw usageFailure("Pass the ID of a sign-in, or set --principal or --all.", [
      ["tutti sign-ins", "lists sign-ins"],
      [`tutti help ${command.name}`, "shows examples"],
    ]);
  const server = await connect(context);
  const body = {
    ...(id !== undefined && { id }),
    ...(principal !== undefined && { who: actorText(actorIn(context, principal)) }),
    ...(isAll && { all: true }),
  };
  const reply = await server.call("signIns.revoke", { query: within(context, server), body });
  const { revoked } = reply;
  const text = counted(revoked, "sign-in has ended", "sign-ins have ended");
  return doneOutcome(context, reply, {
    id: String(revoked),
    line: revoked === 0 ? `${safe(selectors.join(""))} has no sign-ins` : text,
  });
}

/** Returns the namespace if one is set. Default: the installation, because most sign-ins are valid in all namespaces. */
function within({ values }: Pick<Context, "values">, server: Pick<Server, "namespace">) {
  return values.text("namespace") === undefined ? {} : server.namespace;
}

/** Prints a link that signs a browser in, for users who no longer see the link that the start printed. */
export async function signIn(context: Context): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const link = await server.call("signInLink");
  return {
    json: link,
    draw: () => {
      print.line(link.url);
      print.note(
        print.errorStyle.dim(
          `Valid once, for ${printAge(link.expiresMs, shell.nowMs()).replace(/^in /, "")}.`,
        ),
      );
    },
  };
}
