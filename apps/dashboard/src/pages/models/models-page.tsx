import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Model, ModelComparison, Routes, Training } from "@tutti/rest/types";
import { useState } from "react";
import { read } from "../../data/queries.ts";
import { Dialog } from "../../elements/dialog.tsx";
import "../../elements/finding.css";
import "../workflows/workflows.css";
import { ConfirmForm } from "../../elements/confirm-form.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count, counted, percent } from "../../elements/moments.ts";
import { Empty, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { inOrder, offBy, trustText } from "./learned.ts";
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
        <QueryView query={query} label="models" lines={3}>
          {({ models }) =>
            models.length === 0 ? (
              <Empty title="No models yet.">
                A capability has one after its first ended attempt. A comparison needs 120 attempts.
              </Empty>
            ) : (
              <ol className="findings">
                {inOrder(models).map((model) => (
                  <li key={model.modelId}>
                    <ModelItem model={model} />
                  </li>
                ))}
              </ol>
            )
          }
        </QueryView>
      </Part>
    </>
  );
}

function ModelItem({ model }: { model: Model }) {
  const { modelId, live = "", previous = "", liveTimeMs } = model;
  const [isOpen, setOpen] = useState(false);
  return (
    <article>
      <h3>
        <code>{modelId}</code> <Tag>{live}</Tag>
      </h3>
      <p className="small soft">
        {trustText(model)}
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
      <QueryView query={useQuery(comparisonQuery(modelId))} label="the comparison" lines={4}>
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
      </QueryView>
      <QueryView query={useQuery(modelQuery(modelId))} label="earlier comparisons" lines={2}>
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
      </QueryView>
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
  const errors = (predicate: (each: ModelComparison) => boolean | undefined) =>
    all.filter(predicate).map((each) => each.error ?? 0);
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
  const [isOpen, setOpen] = useState(false);
  const queries = useQueryClient();
  const promotion = verb === "promote" ? { live } : {};
  const args = ["tutti", "model", verb, modelId, ...(verb === "promote" ? [live] : [])] as const;
  return (
    <>
      <button type="button" className="press quiet" onClick={() => setOpen(true)}>
        {label} …
      </button>
      <Dialog title={`${label}: ${modelId}`} open={isOpen} onClose={() => setOpen(false)}>
        <ConfirmForm
          action={{
            label,
            weight: "main",
            doneText: `${modelId} is predicted by ${live}.`,
            question: `${modelId} is predicted by ${live} from then on.`,
          }}
          call={(reason) => ({
            method: "POST",
            path: `/v1/models/${encodeURIComponent(modelId)}/${verb}`,
            body: { ...promotion, ...(reason === "" ? {} : { reason }) },
          })}
          command={(reason) => commandLine(...args, ...(reason === "" ? [] : ["--reason", reason]))}
          onDone={() => {
            setOpen(false);
            void queries.invalidateQueries({ queryKey: ["models"] });
          }}
        />
      </Dialog>
    </>
  );
}
