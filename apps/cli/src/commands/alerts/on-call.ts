/** Shows and changes on-call rotations and escalations. */
import { counted } from "@tutti/kernel";
import type { OnCallShift } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { meantOf } from "../../server/names.ts";
import { listPages, readAll } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printDurationMs, printMoment } from "../../terminal/time.ts";
import { doneOutcome } from "../outcome.ts";
import { reasonOf } from "../request.ts";

export async function listOnCall(context: Context): Promise<Result> {
  const { print, shell, values } = context;
  const rotationId = values.optionalArgument("ROTATION");
  const shifts = values.integer("shifts");
  const server = await connect(context);
  const query = {
    ...server.namespace,
    ...(rotationId !== undefined && { rotationId }),
    ...(shifts !== undefined && { shifts }),
  };
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("onCall.list", { query: { ...query, ...page } }),
    ({ rotations }) => rotations,
  );
  const nowMs = shell.nowMs();
  return {
    json: { rotations: entries },
    nextToken,
    quiet: entries.map((rotation) => rotation.shifts[0]?.member ?? ""),
    empty:
      entries.length === 0 ? "No rotations. Describe one in a file, and run tutti apply FILE" : undefined,
    draw: () =>
      print.table(
        [
          { title: "rotation" },
          { title: "shift" },
          { title: "on call", yields: 2, widthMin: 8 },
          { title: "from" },
          { title: "until" },
          { title: "receivers", yields: 1, widthMin: 8 },
        ],
        entries.flatMap((rotation) =>
          rotation.shifts.map((shift, at) => [
            { text: at === 0 ? (rotation.rotationId ?? "") : "", tone: "bold" as const },
            { text: whenOf(at), tone: at === 0 ? ("cyan" as const) : ("dim" as const) },
            shift.overridden === true ? `${shift.member ?? ""} (override)` : (shift.member ?? ""),
            { text: momentOf(shift.startTimeMs, nowMs), tone: "dim" as const },
            momentOf(shift.endTimeMs, nowMs),
            { text: receiversOf(shift), tone: "dim" as const },
          ]),
        ),
      ),
  };
}

function whenOf(at: number): string {
  if (at === 0) return "now";
  return at === 1 ? "next" : "later";
}

function momentOf(ms: number | undefined, nowMs: number): string {
  return ms === undefined ? "" : printMoment(ms, nowMs);
}

function receiversOf({ receivers }: OnCallShift): string {
  return receivers.join(", ");
}

export async function listEscalations(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("escalationPolicies.list", { query: { ...server.namespace, ...page } }),
    ({ policies }) => policies,
  );
  return {
    json: { policies: entries },
    nextToken,
    quiet: entries.map(({ policyId = "" }) => policyId),
    empty:
      entries.length === 0
        ? "No escalation policies. Describe one in a file, and run tutti apply FILE"
        : undefined,
    draw: () =>
      print.table(
        [
          { title: "policy" },
          { title: "step", align: "right" },
          { title: "after", align: "right" },
          { title: "rotations" },
          { title: "receivers", yields: 1, widthMin: 8 },
        ],
        entries.flatMap(({ policyId = "", steps, repeats = 0, repeatAfterMs = 0 }) => [
          ...steps.map(({ afterMs = 0, receivers, rotations }, at) => [
            { text: at === 0 ? policyId : "", tone: "bold" as const },
            String(at + 1),
            printDurationMs(afterMs),
            rotations.join(", "),
            receivers.join(", "),
          ]),
          ...(repeats > 0
            ? [
                [
                  "",
                  "",
                  printDurationMs(repeatAfterMs || repeatAfterByDefaultMs),
                  `repeated ${counted(repeats, "time")}`,
                  "",
                ],
              ]
            : []),
        ]),
      ),
  };
}

const repeatAfterByDefaultMs = 300_000;

/** Adds an override to a rotation, and removes expired overrides. */
export async function overrideOnCall(context: Context): Promise<Result> {
  const { values, shell } = context;
  const id = values.argument("ROTATION");
  const member = values.argument("MEMBER");
  const lengthMs = values.durationMs("for");
  if (lengthMs === undefined) throw usageFailure("Pass --for SPAN.");
  const nowMs = shell.nowMs();
  const fromMs = values.momentMs("start", nowMs) ?? nowMs;
  const server = await connect(context);
  const rotations = await readAll(
    (page) => server.call("rotations.list", { query: { ...server.namespace, ...page } }),
    (reply) => reply.rotations,
  );
  const rotation = rotations.find(({ rotationId }) => rotationId === id);
  if (rotation === undefined)
    throw new Failure(`Rotation \`${safe(id)}\` not found.`, {
      next: [
        ...meantOf(
          id,
          rotations.map(({ rotationId }) => rotationId),
        ),
        ["tutti alert on-call", "lists rotations"],
      ],
      exitCode: exitCodes.refused,
      code: "alert.rotation_missing",
    });
  const {
    namespace: _,
    updateCause: _cause,
    rotationId: _id,
    revision = "",
    members,
    overrides,
    ...fields
  } = rotation;
  const receivers = values.texts("receiver");
  const added = { member, receivers, span: { fromMs, toMs: fromMs + lengthMs } };
  const remaining = overrides.flatMap(({ member: name = "", span, ...one }) =>
    (span?.toMs ?? 0) > nowMs && span !== undefined ? [{ ...one, member: name, span }] : [],
  );
  const known = members.map(({ name = "", receivers: own }) => ({ name, receivers: own }));
  const reply = await server.call("rotations.set", {
    params: { id },
    query: { ...server.namespace, ...reasonOf(context), revision },
    body: { ...fields, rotationId: id, members: known, overrides: [...remaining, added] },
  });
  const until = printMoment(fromMs + lengthMs, nowMs);
  return doneOutcome(context, reply, {
    id,
    line: `${safe(member)} is on call in ${safe(id)} until ${until}`,
  });
}
