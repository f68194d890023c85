import type { KeyedObject, ObjectCall } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { readInput } from "../../command/input.ts";
import type { Result } from "../../command/presenter.ts";
import { followRun } from "../../follow/follow.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printMoment } from "../../terminal/time.ts";

export async function listObjects(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const server = await connect(context);
  const name = values.optionalArgument("NAME");
  const { entries, nextToken } = await listPages(
    context,
    (page) =>
      server.call("objects.list", {
        query: { ...server.namespace, ...page, ...(name !== undefined && { name }) },
      }),
    ({ objects }) => objects,
  );
  return {
    json: { objects: entries },
    nextToken,
    quiet: entries.map(({ name: of, key }) => `${of} ${key}`),
    empty: entries.length === 0 ? "No objects yet. Call one: tutti object call NAME KEY CALL" : undefined,
    draw: () => {
      print.table(
        [
          { title: "object", widthMin: 8 },
          { title: "key", widthMin: 10 },
          { title: "state", widthMin: 6 },
          { title: "waiting", align: "right" },
          { title: "ended", align: "right", yields: 2 },
          { title: "changed", yields: 1 },
        ],
        entries.map(({ name: of, key, current, waitingCount = 0, endedCount = 0, updateTimeMs }) => [
          { text: of, tone: "dim" },
          { text: key, tone: "bold" },
          current === undefined ? { text: "free", tone: "dim" } : { text: "● busy", tone: "cyan" },
          String(waitingCount),
          String(endedCount),
          { text: updateTimeMs === undefined ? "" : printMoment(updateTimeMs, shell.nowMs()), tone: "dim" },
        ]),
      );
    },
  };
}

export async function showObject(context: Context): Promise<Result> {
  const { values, shell } = context;
  const server = await connect(context);
  const params = { name: values.argument("NAME"), key: values.argument("KEY") };
  const object = await server.call("objects.get", { params, query: server.namespace });
  return { json: object, draw: () => drawObject(context, object, shell.nowMs()) };
}

function drawObject({ print }: Context, object: KeyedObject, nowMs: number): void {
  const { style } = print;
  const { name, key, current, waiting, waitingCount = 0, recent, endedCount = 0 } = object;
  const state = current === undefined ? style.dim("free") : style.cyan("● busy");
  print.line(`${style.bold(safe(name))} ${safe(key)}  ${state}`);
  print.line("");
  print.facts([
    ["waiting", String(waitingCount)],
    ["ended", String(endedCount)],
    ["changed", object.updateTimeMs === undefined ? undefined : printMoment(object.updateTimeMs, nowMs)],
  ]);
  const calls = [...(current === undefined ? [] : [current]), ...waiting, ...recent];
  if (calls.length > 0) {
    print.line("");
    print.table(
      [
        { title: "call", widthMin: 8 },
        { title: "status" },
        { title: "run", yields: 1, widthMin: 12 },
        { title: "time", yields: 2 },
      ],
      calls.map((call) => [
        call.call ?? "",
        { text: statusOf(call), tone: call.endTimeMs === undefined ? "cyan" : "dim" },
        call.runId ?? "",
        { text: call.callTimeMs === undefined ? "" : printMoment(call.callTimeMs, nowMs), tone: "dim" },
      ]),
    );
  }
  print.section("values", object.state);
}

function statusOf({ status, startTimeMs, endTimeMs }: ObjectCall): string {
  if (endTimeMs !== undefined) return status ?? "left";
  return startTimeMs === undefined ? "waiting" : "running";
}

export async function callObject(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const params = {
    name: values.argument("NAME"),
    key: values.argument("KEY"),
    call: values.argument("CALL"),
  };
  const input = await readInput([...values.texts("input"), ...values.manyArguments("KEY=VALUE")], shell);
  const id = values.text("id");
  const server = await connect(context);
  const run = await server.call("objects.call", {
    params,
    query: { ...server.namespace, ...(id !== undefined && { runId: id }) },
    ...(input !== undefined && { body: input }),
  });
  if (!values.flag("detach")) return await followRun(context, { server, id: run.runId });
  return { json: run, draw: () => print.line(run.runId) };
}
