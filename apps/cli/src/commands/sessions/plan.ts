/** Plans a session without starting it, and shows the choices of started sessions. */

import type { Choice, Mode } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { drawForesight } from "../../drawing/foresight.ts";
import { connect } from "../../server/server.ts";
import type { Entry } from "../../terminal/table.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";
import { listed } from "../listing.ts";
import { sessionOf } from "./write.ts";

export async function plan(context: Context): Promise<Result> {
  const { values, print } = context;
  const mode = values.text("mode");
  const session = await sessionOf(context, values.argument("FILE|NAME"), "nothing is planned");
  const server = await connect(context);
  const reply = await server.call("plans.make", {
    query: server.namespace,
    // The cast: the parser rejects an unknown mode.
    body: { session: { ...session, ...(mode === undefined ? {} : { mode: mode as Mode }) } },
  });
  return {
    json: reply,
    quiet: [reply.mode ?? ""],
    draw: () => {
      print.lines(drawForesight(reply, { style: print.style, width: Math.min(print.width, 120) }));
    },
  };
}

export function listChoices(context: Context): Promise<Result> {
  const mode = context.values.text("mode");
  const query = mode === undefined ? {} : { mode: mode as Mode };
  return listed<Choice>(context, {
    name: "choices",
    fetchPage: async (server, page) => {
      const reply = await server.call("choices.list", { query: { ...server.namespace, ...query, ...page } });
      return { ...reply, entries: reply.choices };
    },
    idOf: ({ sessionId = "" }) => sessionId,
    columns: [
      { title: "session", widthMin: 16, yields: 1 },
      { title: "chosen" },
      { title: "confidence", align: "right", yields: 3 },
      { title: "expected", align: "right" },
      { title: "took", align: "right" },
      { title: "off", align: "right", yields: 2 },
      { title: "chosen at", align: "right", yields: 2 },
      { title: "reason", yields: 1, widthMin: 12 },
    ],
    row: choiceRow,
    empty: "No mode choices yet.",
  });
}

function choiceRow(choice: Choice, nowMs: number): Entry[] {
  const { sessionId = "", candidates, chosen = 0, confidence = 0, outcome, chooseTimeMs, kind } = choice;
  const own = candidates[chosen];
  const mode = kind === "cut" ? "hybrid" : (own?.mode ?? "");
  const expectedMs = own?.expectedMs ?? 0;
  const realMs = outcome?.realMs ?? 0;
  const off = expectedMs > 0 && realMs > 0 ? Math.round((realMs / expectedMs - 1) * 100) : undefined;
  const sure =
    choice.fallback === true
      ? "safe"
      : choice.explored === true
        ? "tried"
        : `${Math.round(confidence * 100)} %`;
  return [
    { text: sessionId, tone: "bold" },
    { text: mode },
    { text: sure, tone: "dim" },
    { text: expectedMs > 0 ? printDurationMs(expectedMs) : "", tone: "dim" },
    { text: realMs > 0 ? printDurationMs(realMs) : "" },
    { text: off === undefined ? "" : `${off > 0 ? "+" : ""}${off} %`, tone: "dim" },
    { text: chooseTimeMs === undefined ? "" : printAge(chooseTimeMs, nowMs), tone: "dim" },
    { text: choice.reason ?? "", tone: "dim" },
  ];
}
