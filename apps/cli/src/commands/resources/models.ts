/** Lists models of durations, learned from ended attempts. */

import type { Model } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";

export async function listModels(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const query = values.flag("drifting") ? { driftingOnly: true } : {};
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("models.list", { query: { ...server.namespace, ...query, ...page } }),
    ({ models }) => models,
  );
  return {
    json: { models: entries },
    nextToken,
    quiet: entries.map(({ modelId }) => modelId),
    empty:
      entries.length === 0
        ? "No models yet. A capability has one after its first ended attempt. `tutti model compare` needs 120 attempts."
        : undefined,
    draw: () => {
      print.table(
        [
          { title: "model", widthMin: 10 },
          { title: "attempts", align: "right" },
          { title: "error", align: "right" },
          { title: "below 0.9", align: "right", yields: 1, widthMin: 9 },
          { title: "predicted by", yields: 2, widthMin: 12 },
          { title: "drift", yields: 1, widthMin: 6 },
          { title: "learned", yields: 3, widthMin: 8 },
        ],
        entries.map((model) => [
          { text: model.modelId, tone: "bold" },
          { text: String(model.samples ?? 0), tone: "dim" },
          { text: learned(model, model.error), tone: (model.error ?? 0) > 0.5 ? "yellow" : "dim" },
          { text: learned(model, model.coverage), tone: "dim" },
          { text: model.live ?? "", tone: "dim" },
          { text: driftOf(model), tone: "yellow" },
          { text: printAge(model.learnTimeMs ?? 0, shell.nowMs()), tone: "dim" },
        ]),
      );
    },
  };
}

/** Returns the error of a model. The first attempt has no prediction, so its error is unknown. */
function learned({ samples = 0 }: Model, value: number | undefined): string {
  return samples > 1 ? share(value) : "";
}

const pointsMax = 10;

export async function showModel(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const server = await connect(context);
  const params = { id: values.argument("ID") };
  const reply = await server.call("models.get", { params, query: server.namespace });
  const { model, predictions, trainings } = reply;
  const predicted = (model?.samples ?? 0) > 1;
  return {
    json: reply,
    quiet: [params.id],
    draw: () => {
      print.facts([
        ["model", { text: params.id, tone: "bold" }],
        ["attempts", { text: String(model?.samples ?? 0) }],
        ["error", predicted ? { text: `${share(model?.error)} of a duration, on average` } : undefined],
        [
          "below 0.9",
          predicted ? { text: `${share(model?.coverage)} of durations. 90 % is right` } : undefined,
        ],
        ["predicted by", { text: liveText(model, shell.nowMs()) }],
        ["drift", model?.drift === undefined ? undefined : { text: driftOf(model), tone: "yellow" }],
      ]);
      if (predictions.length > 0)
        print.table(
          [
            { title: "predicted", align: "right" },
            { title: "at most", align: "right" },
            { title: "real", align: "right" },
            { title: "time" },
          ],
          predictions.slice(-pointsMax).map(({ predicted = 0, predictedHigh = 0, real = 0, timeMs = 0 }) => [
            { text: printDurationMs(predicted), tone: "dim" },
            { text: printDurationMs(predictedHigh), tone: "dim" },
            { text: printDurationMs(real), tone: real > predictedHigh ? "yellow" : "green" },
            { text: printAge(timeMs, shell.nowMs()), tone: "dim" },
          ]),
        );
      if (trainings.length > 0) {
        print.line("");
        for (const { number = 0, timeMs = 0, finding = "" } of trainings)
          print.line(safe(`comparison ${number}, ${printAge(timeMs, shell.nowMs())}: ${finding}`));
      }
    },
  };
}

function liveText(
  { live = "", previous = "", liveTimeMs = 0 }: Model | undefined = {} as Model,
  nowMs: number,
) {
  return liveTimeMs === 0 ? live : `${live}, for ${printAge(liveTimeMs, nowMs)}. Before: ${previous}`;
}

export async function compareModels(context: Context): Promise<Result> {
  const { values, print } = context;
  const server = await connect(context);
  const params = { id: values.argument("ID") };
  const training = await server.call("models.compare", { params, query: server.namespace });
  const { models } = training;
  return {
    json: training,
    quiet: models.map(({ model = "" }) => model),
    draw: () => {
      print.table(
        [
          { title: "model", widthMin: 10 },
          { title: "off by", align: "right" },
          { title: "in 80 %", align: "right" },
          { title: "", widthMin: 8 },
        ],
        models.map(({ model = "", error = 0, coverage, live = false, baseline = false }) => [
          { text: model, tone: live ? "bold" : "dim" },
          { text: `× ${Math.exp(error).toFixed(2)}` },
          { text: share(coverage), tone: "dim" },
          { text: [...(live ? ["live"] : []), ...(baseline ? ["baseline"] : [])].join(", "), tone: "dim" },
        ]),
      );
      const featureText = training.features.join(", ") || "nothing but durations";
      print.line("");
      print.line(`${training.samples ?? 0} attempts, with ${featureText}`);
    },
  };
}

export async function promoteModel(context: Context): Promise<Result> {
  const { values } = context;
  const server = await connect(context);
  const params = { id: values.argument("ID") };
  const reason = values.text("reason");
  const body = { live: values.argument("MODEL"), ...(reason === undefined ? {} : { reason }) };
  return changed(context, await server.call("models.promote", { params, query: server.namespace, body }));
}

export async function rollBackModel(context: Context): Promise<Result> {
  const { values } = context;
  const server = await connect(context);
  const params = { id: values.argument("ID") };
  const reason = values.text("reason");
  const body = reason === undefined ? {} : { reason };
  return changed(context, await server.call("models.rollback", { params, query: server.namespace, body }));
}

function changed({ print }: Context, model: Model): Result {
  return {
    json: model,
    quiet: [],
    draw: () => {
      print.line(
        `${print.style.green("✓")} ${safe(model.modelId)} is predicted by ${safe(model.live ?? "")}`,
      );
    },
  };
}

export async function resetModel(context: Context): Promise<Result> {
  const { values, print } = context;
  const reason = values.text("reason");
  const server = await connect(context);
  const params = { id: values.argument("ID") };
  const body = reason === undefined ? {} : { reason };
  const model = await server.call("models.reset", { params, query: server.namespace, body });
  return {
    json: model,
    quiet: [],
    draw: () => {
      print.line(`${print.style.green("✓")} ${safe(params.id)} reset`);
    },
  };
}

function share(part: number | undefined): string {
  return `${Math.round((part ?? 0) * 100)} %`;
}

function driftOf({ drift }: Model): string {
  return drift === undefined ? "" : `× ${(drift.factor ?? 1).toFixed(1)}`;
}
