import type { Mission } from "@tutti/rest/types";
import { Moment } from "../../elements/moment.tsx";
import { count } from "../../elements/moments.ts";
import { Facts, Part, Tag } from "../../elements/parts.tsx";
import { ValueView } from "../../run/json/value-view.tsx";
import { hasEnded } from "./mission.ts";

/** The goal of the mission, its rules, and its result. */
export function AboutView({ mission }: { mission: Mission }) {
  const { spec, outcome } = mission;
  const labels = Object.entries(spec?.labels ?? {});
  const failure = outcome?.failed ?? outcome?.cancelled ?? outcome?.terminated;
  return (
    <>
      <Part title="Goal">
        <p className="mission-goal">{spec?.goal || <span className="soft">No goal set.</span>}</p>
        {spec?.input === undefined ? null : <ValueView value={spec.input} label="the input of the mission" />}
      </Part>
      <Part title="Outcome">
        {hasEnded(mission) ? null : <p className="soft">The mission has not ended.</p>}
        {failure === undefined ? null : (
          <p className="tone-wrong mission-failed">
            {failure.message || failure.code} <code className="small">{failure.code}</code>
          </p>
        )}
        {outcome !== undefined && "completed" in outcome ? (
          <ValueView value={outcome.completed ?? null} label="the output of the mission" />
        ) : null}
      </Part>
      <Part title="Rules">
        <Facts
          facts={[
            ["assignment", (spec?.assignment ?? "both").replace("unspecified", "both")],
            ["roles", (spec?.roles ?? []).map(({ name }) => name).join(", ") || "–"],
            ["leader", spec?.leadership?.enabled === true ? spec.leadership.role || "any agent" : "none"],
            [
              "ends when",
              (spec?.stopConditions ?? []).map(({ name }) => name).join(", ") || "all tasks have ended",
            ],
            ["pool", spec?.pool || "default"],
            ["accepted", <Moment key="accepted" atMs={mission.createTimeMs} />],
            ["definition", mission.definition || "–"],
            ["events", count(mission.eventCount ?? 0)],
          ]}
        />
        {labels.length === 0 ? null : (
          <p className="mission-labels">
            {labels.map(([name, value]) => (
              <Tag key={name}>
                {name}={value}
              </Tag>
            ))}
          </p>
        )}
      </Part>
    </>
  );
}
