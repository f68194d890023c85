/** Lists roles with their holders, binds and unbinds roles. */

import { didYouMean } from "@tutti/kernel";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { readAll } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printDurationMs } from "../../terminal/time.ts";
import { doneOutcome } from "../outcome.ts";
import { reasonOf } from "../request.ts";
import { actorIn, actorText } from "./actor.ts";

export async function listRoles(context: Context): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const query = server.namespace;
  const [{ roles }, bindings] = await Promise.all([
    server.call("roles.list", { query }),
    readAll(
      (page) => server.call("roleBindings.list", { query: { ...query, ...page } }),
      (reply) => reply.bindings,
    ),
  ]);
  return {
    json: { roles, bindings },
    quiet: roles.map(({ role = "" }) => role),
    draw: () => {
      print.table(
        [
          { title: "role", widthMin: 8 },
          { title: "description", yields: 1, widthMin: 12 },
        ],
        roles.map(({ role = "", description = "", actions, readyMade }) => [
          { text: role, tone: readyMade === true ? "dim" : "bold" },
          { text: description === "" ? actions.join(", ") : description },
        ]),
      );
      if (bindings.length === 0) return;
      print.line("");
      const nowMs = shell.nowMs();
      print.table(
        [{ title: "binding", widthMin: 8 }, { title: "member" }, { title: "role" }, { title: "until" }],
        bindings.map(({ bindingId = "", actor, group, role = "", expireTimeMs }) => [
          { text: bindingId, tone: "bold" },
          { text: group === undefined ? actorText(actor) : `group:${group}` },
          { text: role },
          {
            text: expireTimeMs === undefined ? "always" : `in ${printDurationMs(expireTimeMs - nowMs)}`,
            tone: "dim",
          },
        ]),
      );
    },
  };
}

export async function bindRole(context: Context): Promise<Result> {
  const { values, shell } = context;
  const [role, principal] = [values.argument("ROLE"), values.argument("PRINCIPAL")];
  const [, group] = /^group:(.+)$/.exec(principal) ?? [];
  const lastsMs = values.durationMs("expires-in");
  const equals = values.labels("selector");
  const bindingId = values.text("id") ?? `${role}-${principal}`.replaceAll(/[^A-Za-z0-9._-]/g, "-");
  const server = await connect(context);
  const reply = await server.call("roleBindings.create", {
    query: server.namespace,
    body: {
      bindingId,
      role,
      ...(group === undefined ? { actor: actorIn(context, principal) } : { group }),
      ...(Object.keys(equals).length === 0 ? {} : { resources: { equals } }),
      ...(lastsMs === undefined ? {} : { expireTimeMs: shell.nowMs() + lastsMs }),
    },
  });
  const line = `${safe(principal)} ${reply.existed === true ? "had" : "has"} the role ${safe(role)} by ${safe(bindingId)}`;
  if (reply.existed !== true) await warnIfNew(context, server, bindingId);
  return doneOutcome(context, reply, { id: bindingId, line });
}

/** Prints a note for a namespace that was not created. Use creates a namespace, also a mistyped one. */
async function warnIfNew({ print }: Context, server: Server, bindingId: string): Promise<void> {
  const { namespace = "" } = server.namespace;
  if (namespace === "" || !print.hasNotes) return;
  try {
    const [{ bindings }, resources] = await Promise.all([
      server.call("roleBindings.list", { query: { ...server.namespace, size: 2 } }),
      readAll(
        (page) => server.call("namespaces.list", { query: page }),
        (reply) => reply.resources,
      ),
    ]);
    const created = resources.map(({ name }) => name);
    if (created.includes(namespace) || bindings.length > 1) return;
    print.note(`${safe(namespace)} is not a created namespace${didYouMean(namespace, created)}`);
    print.note(`Undo: tutti --namespace ${safe(namespace)} role unbind ${safe(bindingId)}`);
  } catch {
    // A caller without the permission to list them gets no note. The role is bound.
  }
}

export async function unbindRole(context: Context): Promise<Result> {
  const params = { id: context.values.argument("ID") };
  const server = await connect(context);
  const reply = await server.call("roleBindings.delete", {
    params,
    query: { ...server.namespace, ...reasonOf(context) },
  });
  const line = `${safe(params.id)} ${reply.removed === true ? "removed" : "not found"}`;
  return doneOutcome(context, reply, { id: params.id, line, isAsBefore: reply.removed !== true });
}
