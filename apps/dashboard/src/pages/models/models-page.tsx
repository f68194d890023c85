import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Model, ModelComparison, Routes, Training } from "@tutti/rest/types";
import { useState } from "react";
import { read } from "../../data/queries.ts";
import { Dialog } from "../../elements/dialog.tsx";
import "../../elements/finding.css";
import "../workflows/workflows.css";
import { Moment } from "../../elements/moment.tsx";
import { count, counted, percent } from "../../elements/moments.ts";
import { Empty, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { Sure } from "../../elements/sure.tsx";
import { inOrder, offBy, trustWords } from "./learned.ts";
import { modelsPath, modelsQuery } from "./models-query.ts";

/** Models of durations: the live model of each capability, and the errors of the other models. */
export function ModelsPage() {
  const query = useQuery(modelsQuery());
  return (
    <>
      <PageHead
        title="Models"
        below="Each capability is predicted by the model that did best on its recorded attempts."
      />
      <Part
        title="Capabilities"
        aside={
          <span className="action lone">
            <Spelled label="Models" call={{ method: "GET", path: modelsPath }} command="tutti model list" />
          </span>
        }
      >
        <Shown query={query} what="models" lines={3}>
          {({ models }) =>
            models.length === 0 ? (
              <Empty title="No models yet.">They are learned from ended attempts.</Empty>
            ) : (
              <ol className="findings">
                {inOrder(models).map((model) => (
                  <li key={model.modelId}>
                    <OneModel model={model} />
                  </li>
                ))}
              </ol>
            )
          }
        </Shown>
      </Part>
    </>
  );
}

function OneModel({ model }: { model: Model }) {
  const { modelId, live = "", previous = "", liveTimeMs } = model;
  const [isOpen, setOpen] = useState(false);
  return (
    <article>
      <h3>
        <code>{modelId}</code> <Tag>{live}</Tag>
      </h3>
      <p className="small soft">
        {trustWords(model)}
        {liveTimeMs === undefined ? null : (
          <>
            . Before: {previous}, until <Moment atMs={liveTimeMs} />
          </>
        )}
      </p>
      <p className="workflow-tags">
        <button type="button" className="press" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Compare models<span className="unseen"> of {modelId}</span>
        </button>
        {previous === "" ? null : (
          <Change
            model={model}
            change={{ verb: "rollback", label: `Roll back to ${previous}`, live: previous }}
          />
        )}
      </p>
      {isOpen ? <Comparison model={model} /> : null}
    </article>
  );
}

const comparisonQuery = (modelId: string) =>
  queryOptions({
    queryKey: ["models", modelId, "compare"],
    queryFn: ({ signal }) => read<Training>(pathOf(["models", modelId, "compare"]), signal),
    retry: false,
  });

const modelQuery = (modelId: string) =>
  queryOptions({
    queryKey: ["models", modelId],
    queryFn: ({ signal }) => read<Routes["models.get"]["reply"]>(pathOf(["models", modelId]), signal),
  });

function Comparison({ model }: { model: Model }) {
  const { modelId } = model;
  return (
    <>
      <Shown query={useQuery(comparisonQuery(modelId))} what="the comparison" lines={4}>
        {({ models, samples = 0, features }) => (
          <>
            <div className="scroll-x">
              <table className="lines">
                <thead>
                  <tr>
                    <th scope="col">Model</th>
                    <th scope="col">Off by</th>
                    <th scope="col">In the interval of 80 %</th>
                    <th scope="col">
                      <span className="unseen">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {models.map((each) => (
                    <Row key={each.model} each={each} all={models} model={model} />
                  ))}
                </tbody>
              </table>
            </div>
            <p className="small soft">
              {counted(samples, "attempt")}, with {features.join(", ")}
            </p>
          </>
        )}
      </Shown>
      <Shown query={useQuery(modelQuery(modelId))} what="earlier comparisons" lines={2}>
        {({ trainings }) =>
          trainings.length === 0 ? null : (
            <ul className="small soft">
              {trainings.toReversed().map(({ number, timeMs, finding, samples = 0 }) => (
                <li key={number}>
                  <Moment atMs={timeMs} />, {count(samples)} attempts: {finding}
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </>
  );
}

interface RowOptions {
  readonly each: ModelComparison;
  readonly all: readonly ModelComparison[];
  readonly model: Model;
}

function Row({ each, all, model }: RowOptions) {
  const { model: name = "", coverage = 0, live = false, baseline = false } = each;
  return (
    <tr>
      <td>
        {name} {live ? <Tag tone="done">live</Tag> : null}
        {baseline ? <Tag>baseline</Tag> : null}
      </td>
      <td>{offBy(each)}</td>
      <td>{percent(coverage)}</td>
      <td>
        {isBetter(each, all) ? (
          <Change model={model} change={{ verb: "promote", label: `Promote ${name}`, live: name }} />
        ) : null}
      </td>
    </tr>
  );
}

/** True if a model is better than the live one and no worse than the best baseline. Otherwise a promotion is rejected. */
function isBetter({ error = 0, live = false }: ModelComparison, all: readonly ModelComparison[]): boolean {
  const errors = (wanted: (each: ModelComparison) => boolean | undefined) =>
    all.filter(wanted).map((each) => each.error ?? 0);
  return (
    !live &&
    error < Math.min(...errors((each) => each.live)) &&
    error <= Math.min(...errors((each) => each.baseline))
  );
}

interface ChangeOptions {
  readonly model: Model;
  readonly change: { readonly verb: "promote" | "rollback"; readonly label: string; readonly live: string };
}

function Change({ model: { modelId }, change: { verb, label, live } }: ChangeOptions) {
  const [isAsked, setAsked] = useState(false);
  const queries = useQueryClient();
  const wanted = verb === "promote" ? { live } : {};
  const words = ["tutti", "model", verb, modelId, ...(verb === "promote" ? [live] : [])] as const;
  return (
    <>
      <button type="button" className="press quiet" onClick={() => setAsked(true)}>
        {label} …
      </button>
      <Dialog title={`${label}: ${modelId}`} open={isAsked} onClose={() => setAsked(false)}>
        <Sure
          action={{
            label,
            weight: "main",
            doneText: `${modelId} is predicted by ${live}.`,
            question: `${modelId} is predicted by ${live} from then on.`,
          }}
          call={(reason) => ({
            method: "POST",
            path: `/v1/models/${encodeURIComponent(modelId)}/${verb}`,
            body: { ...wanted, ...(reason === "" ? {} : { reason }) },
          })}
          command={(reason) => commandLine(...words, ...(reason === "" ? [] : ["--reason", reason]))}
          onDone={() => {
            setAsked(false);
            void queries.invalidateQueries({ queryKey: ["models"] });
          }}
        />
      </Dialog>
    </>
  );
}
