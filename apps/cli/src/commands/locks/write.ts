/** Acquires, releases, sets and deletes locks. */

import { counted } from "@tutti/kernel";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Outcome, Result } from "../../command/presenter.ts";
import { wholeNumber } from "../../command/values.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printDurationMs } from "../../terminal/time.ts";
import { reasonOf } from "../request.ts";
import { namedWork } from "./named-work.ts";

/** Tolerated lead of the platform's clock, so that the output has no extra second. */
const clockAheadMs = 250;

export async function acquireLock(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const params = { name: values.argument("NAME") };
  const [permits, leaseMs, waitMs] = [
    values.integer("permits"),
    values.durationMs("lease"),
    values.durationMs("timeout"),
  ];
  const priority = values.text("priority");
  const example = [
    `tutti lock acquire ${params.name} --holder me --work session/ses_1`,
    "for a session",
  ] as const;
  const work = namedWork(context, "work", example);
  const server = await connect(context);
  const grant = await server.call("locks.acquire", {
    params,
    query: server.namespace,
    body: {
      holder: holderIn(context),
      ...(permits === undefined ? {} : { permits }),
      ...(leaseMs === undefined ? {} : { leaseMs }),
      ...(waitMs === undefined ? {} : { waitMs }),
      ...(priority === undefined ? {} : { priority: Number(priority) }),
      ...(values.flag("shared") ? { shared: true } : {}),
      ...(work === undefined ? {} : { work }),
    },
  });
  const { token = 0, expireTimeMs = 0 } = grant;
  const remainingMs = Math.max(0, Math.ceil((expireTimeMs - clockAheadMs - shell.nowMs()) / 1_000) * 1_000);
  return {
    json: grant,
    quiet: [String(token)],
    draw: () => {
      print.line(
        `${print.style.green("✓")} ${safe(params.name)} acquired for ${printDurationMs(remainingMs)}, token ${token}`,
      );
    },
  };
}

export async function releaseLock(context: Context): Promise<Result> {
  const { values } = context;
  const params = { name: values.argument("NAME") };
  const token = values.integer("token");
  const server = await connect(context);
  const reply = await server.call("locks.release", {
    params,
    query: server.namespace,
    body: { holder: holderIn(context), ...(token === undefined ? {} : { token }) },
  });
  return tell(context, reply, reply.released === true, ["released", "is not held"]);
}

export async function setLock(context: Context): Promise<Result> {
  const { values, print } = context;
  const params = { name: values.argument("NAME") };
  const permits = wholeNumber(values.argument("PERMITS"), "PERMITS");
  const server = await connect(context);
  const lock = await server.call("locks.set", {
    params,
    query: server.namespace,
    body: { permits, ...reasonOf(context) },
  });
  return {
    json: lock,
    quiet: [params.name],
    draw: () => {
      print.line(
        `${print.style.green("✓")} ${safe(params.name)} has ${counted(lock.permits ?? 0, "permit")}, ${lock.free ?? 0} of them free`,
      );
    },
  };
}

export async function breakLock(context: Context): Promise<Result> {
  const { values } = context;
  const reason = values.text("reason");
  const name = values.argument("NAME");
  const holder = values.argument("HOLDER");
  if (reason === undefined)
    throw usageFailure("--reason is required.", [
      [`tutti lock break ${name} ${holder} --reason "its host is lost"`, "records the reason"],
    ]);
  const server = await connect(context);
  const query = server.namespace;
  const reply = await server.call("locks.break", { params: { name }, query, body: { holder, reason } });
  return tell(context, reply, reply.broken === true, ["broken", "is not held"]);
}

function holderIn({ values, command }: Context): string {
  const holder = values.text("holder");
  if (holder !== undefined) return holder;
  throw usageFailure("--holder is required: a unique id of the holder.", [
    [`tutti ${command.name} ${values.argument("NAME")} --holder me`, "uses the same holder to release"],
  ]);
}

function tell(
  { print, values }: Context,
  reply: unknown,
  isDone: boolean,
  [done, not]: readonly [string, string],
): Outcome {
  const name = safe(values.argument("NAME"));
  return {
    json: reply,
    quiet: [],
    draw: () => {
      print.line(
        isDone ? `${print.style.green("✓")} ${name} ${done}` : `${print.style.dim("–")} ${name} ${not}`,
      );
    },
  };
}
