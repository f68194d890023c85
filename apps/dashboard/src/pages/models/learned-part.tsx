import { useQuery } from "@tanstack/react-query";
import type { Model } from "@tutti/rest/types";
import { Moment } from "../../elements/moment.tsx";
import { Empty, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { driftText, inOrder, trustText } from "./learned.ts";
import { modelsQuery } from "./models-query.ts";

/** The experience behind plans and choices: accuracy of durations, and drift. */
export function LearnedPart() {
  const query = useQuery(modelsQuery());
  return (
    <Part title="Learned durations">
      <QueryView query={query} label="learned durations" lines={3}>
        {({ models }) =>
          models.length === 0 ? (
            <Empty title="No learned durations yet.">Tutti learns durations from attempts.</Empty>
          ) : (
            <ul className="learned" aria-label="Learned durations">
              {inOrder(models).map((model) => (
                <LearnedModel key={model.modelId} model={model} />
              ))}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}

function LearnedModel({ model }: { model: Model }) {
  const { modelId, drift } = model;
  const driftLabel = driftText(model);
  return (
    <li className="learned-line">
      <span className="clipped">
        <code>{modelId}</code>
      </span>
      <span className="small">
        {driftLabel === undefined ? (
          <span className="soft">no drift</span>
        ) : (
          <>
            <Tag tone="held">drifts</Tag> {driftLabel}, since <Moment atMs={drift?.startTimeMs} />
          </>
        )}
      </span>
      <span className="small soft">
        {[trustText(model), drift?.response ?? ""].filter(Boolean).join("; ")}
      </span>
    </li>
  );
}
