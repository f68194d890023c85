import { useQuery } from "@tanstack/react-query";
import type { Model } from "@tutti/rest/types";
import { Moment } from "../../elements/moment.tsx";
import { Empty, Part, Tag } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { driftWords, inOrder, trustWords } from "./learned.ts";
import { modelsQuery } from "./models-query.ts";

/** The experience behind plans and choices: accuracy of durations, and drift. */
export function LearnedPart() {
  const query = useQuery(modelsQuery());
  return (
    <Part title="Learned durations">
      <Shown query={query} what="learned durations" lines={3}>
        {({ models }) =>
          models.length === 0 ? (
            <Empty title="No learned durations yet.">Tutti learns durations from attempts.</Empty>
          ) : (
            <ul className="learned" aria-label="Learned durations">
              {inOrder(models).map((model) => (
                <OneModel key={model.modelId} model={model} />
              ))}
            </ul>
          )
        }
      </Shown>
    </Part>
  );
}

function OneModel({ model }: { model: Model }) {
  const { modelId, drift } = model;
  const words = driftWords(model);
  return (
    <li className="learned-line">
      <span className="clipped">
        <code>{modelId}</code>
      </span>
      <span className="small">
        {words === undefined ? (
          <span className="soft">no drift</span>
        ) : (
          <>
            <Tag tone="held">drifts</Tag> {words}, since <Moment atMs={drift?.startTimeMs} />
          </>
        )}
      </span>
      <span className="small soft">
        {[trustWords(model), drift?.response ?? ""].filter(Boolean).join("; ")}
      </span>
    </li>
  );
}
