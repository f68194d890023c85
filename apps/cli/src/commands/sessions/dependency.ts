/** Adds and removes dependencies between sessions. */

import type { NeedCondition } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { reasonOf } from "../request.ts";

export async function listDependencies(context: Context): Promise<Result> {
  const { values, print } = context;
  const params = { session: values.argument("SESSION") };
  const server = await connect(context);
  const reply = await server.call("dependencies.list", { params, query: server.namespace });
  const { needs = [], neededBy = [] } = reply;
  return {
    json: reply,
    quiet: needs.map(({ session }) => session?.id ?? ""),
    draw: () => {
      if (needs.length + neededBy.length === 0)
        print.note(`${safe(params.session)} has no dependencies and no dependents.`);
      else
        print.table(
          [
            { title: "session", widthMin: 8 },
            { title: "waits for", widthMin: 8 },
            { title: "condition" },
            { title: "status" },
          ],
          [
            ...needs.map((need) => ({ waits: params.session, for: nameOf(need.session, server), ...need })),
            ...neededBy.map((need) => ({
              waits: nameOf(need.session, server),
              for: params.session,
              ...need,
            })),
          ].map(({ waits, for: other, condition, met = false }) => [
            { text: waits, tone: "bold" },
            { text: other },
            { text: conditionTexts[condition ?? "success"], tone: "dim" },
            { text: met ? "yes" : "no", tone: met ? "green" : "yellow" },
          ]),
        );
    },
  };
}

export async function addDependency(context: Context): Promise<Result> {
  const { values, print } = context;
  const params = { session: values.argument("SESSION") };
  const session = referenceOf(values.argument("OTHER"));
  const condition = (values.text("on") ?? "success") as NeedCondition;
  const server = await connect(context);
  const reply = await server.call("dependencies.add", {
    params,
    query: server.namespace,
    body: { dependency: { session, condition }, ...reasonOf(context) },
  });
  return {
    json: reply,
    draw: () => {
      print.line(
        `${print.style.green("✓")} ${safe(params.session)} waits for ${safe(nameOf(session, server))}`,
      );
    },
  };
}

export async function removeDependency(context: Context): Promise<Result> {
  const { values, print } = context;
  const params = { session: values.argument("SESSION") };
  const session = referenceOf(values.argument("OTHER"));
  const server = await connect(context);
  const reply = await server.call("dependencies.remove", {
    params,
    query: server.namespace,
    body: { session, ...reasonOf(context) },
  });
  return {
    json: reply,
    draw: () => {
      print.line(
        `${print.style.green("✓")} ${safe(params.session)} does not wait for ${safe(nameOf(session, server))}`,
      );
    },
  };
}

/** Parses `ID`, or `NAMESPACE/ID` for a session of another namespace. */
function referenceOf(text: string) {
  const at = text.indexOf("/");
  return { kind: "session", id: text.slice(at + 1), ...(at > 0 && { namespace: text.slice(0, at) }) };
}

/** Returns the id, with the namespace if it is not the namespace of the command. */
function nameOf(
  session: { readonly namespace?: string; readonly id?: string } | undefined,
  server: { readonly namespace: { readonly namespace?: string } },
): string {
  const own = server.namespace.namespace ?? "default";
  const { namespace = own, id = "" } = session ?? {};
  return namespace === own ? id : `${namespace}/${id}`;
}

const conditionTexts: Readonly<Record<NeedCondition, string>> = {
  unspecified: "well",
  success: "well",
  failure: "badly",
  always: "in any way",
  done: "well",
};
