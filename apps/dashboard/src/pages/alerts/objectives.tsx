import { useQuery } from "@tanstack/react-query";
import type { ObjectiveStanding } from "@tutti/rest/types";
import { objectivesQuery } from "../../data/alert-queries.ts";
import { counted } from "../../elements/moments.ts";
import { Empty, Meter, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { useAlertNamespace } from "./refresh.ts";

/** Objectives with their error budgets, least remaining budget first. */
export function Objectives() {
  const namespace = useAlertNamespace();
  const query = useQuery(objectivesQuery(namespace));
  return (
    <Part title="Objectives">
      <QueryView query={query} label="objectives" lines={3}>
        {({ objectives }) =>
          objectives.length === 0 ? (
            <Empty title="No objectives yet.">
              Set an alert rule with <code>objective</code>: <code>tutti alert-rule set FILE</code>
            </Empty>
          ) : (
            <ul className="alerts">
              {objectives.map((each) => (
                <li key={`${each.ruleId} ${JSON.stringify(each.labels)}`} className="alert">
                  <Objective standing={each} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}

const dayMs = 86_400_000;

function Objective({ standing }: { standing: ObjectiveStanding }) {
  const { ruleId = "", labels, objective, total = 0, bad = 0, budgetLeft = 0, burnRates } = standing;
  const days = Number(((objective?.periodMs ?? 0) / dayMs).toFixed(1));
  const tone = budgetLeft < 0 ? "wrong" : budgetLeft < 0.25 ? "held" : "done";
  const rate = burnRates["burn_1h"] ?? 0;
  return (
    <>
      <div>
        <h3>{ruleId}</h3>
        <p className="small soft">
          {percent(objective?.goal ?? 0)} good in {counted(days, "day")} ·{" "}
          {total === 0 ? "no events yet" : `${percent(1 - bad / total)} of ${counted(total, "event")}`}
        </p>
        <Meter share={Math.max(0, budgetLeft)} tone={tone} />
      </div>
      <div className="alert-marks">
        <Tag tone={tone}>
          {budgetLeft < 0
            ? `budget exceeded by ${percent(-budgetLeft, 0)}`
            : `${percent(budgetLeft, 1)} of the budget left`}
        </Tag>
        {rate > 1 ? <Tag tone="held">burns {Number(rate.toPrecision(3))} times too fast</Tag> : null}
        {Object.entries(labels).map(([name, value]) => (
          <Tag key={name}>
            {name}={value}
          </Tag>
        ))}
      </div>
    </>
  );
}

function percent(part: number, digits = 3): string {
  return `${Number((part * 100).toFixed(digits))} %`;
}
