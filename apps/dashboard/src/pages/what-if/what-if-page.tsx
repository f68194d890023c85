import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { PoolReplay, ReplayPoolReply } from "@tutti/rest/types";
import { useState } from "react";
import { poolsQuery } from "../../data/queries.ts";
import { nowMs } from "../../effects/time.ts";
import { ChoiceField, Field } from "../../elements/fields.tsx";
import { count, counted, figure, span as lasting, percent } from "../../elements/moments.ts";
import { Empty, PageHead, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { spanOrder, spans } from "../analysis/search.ts";
import { p99Text, replayCommand, replayPath, replayQuery } from "./queries.ts";
import {
  defaultSpan,
  goalOrder,
  goals,
  hasScenario,
  type Slider,
  sliderOrder,
  sliders,
  strategies,
  usualPool,
  type WhatIfSearch,
  whatIfSearch,
} from "./search.ts";
import "./what-if.css";

/** Replays the past of a pool with other workers, another strategy or more work. */
export function WhatIfPage() {
  const search = useSearch({ from: "/what-if" });
  const query = useQuery(replayQuery(search));
  const [openedMs] = useState(nowMs);
  return (
    <>
      <PageHead title="What-if" below="The recorded work of a pool, replayed with other settings" />
      <div className="what-if">
        <Settings search={search} />
        <Part
          title="Replay"
          aside={
            <span className="what-if-aside">
              {query.isFetching ? "replaying …" : spans[search.span ?? defaultSpan].word}
              <span className="action lone">
                <Spelled
                  label="Replay"
                  call={{ method: "GET", path: replayPath(search, openedMs) }}
                  command={replayCommand(search)}
                />
              </span>
            </span>
          }
        >
          <QueryView query={query} label="replay" lines={8}>
            {(reply) =>
              (reply.past?.tasks ?? 0) === 0 ? (
                <Empty title={`No tasks of pool ${search.pool ?? usualPool} were recorded in this time.`}>
                  Choose another pool or a longer time.
                </Empty>
              ) : (
                <Compared reply={reply} isRequested={hasScenario(search)} />
              )
            }
          </QueryView>
        </Part>
      </div>
    </>
  );
}

function Settings({ search }: { search: WhatIfSearch }) {
  const navigate = useNavigate({ from: "/what-if" });
  const { data } = useQuery(poolsQuery());
  const change = (next: Readonly<Record<string, unknown>>) =>
    void navigate({ search: whatIfSearch({ ...search, ...next }), replace: true });
  const { pool = usualPool, span = defaultSpan, strategy = "", goal = "" } = search;
  const names = [...new Set([usualPool, ...(data?.pools.map((each) => each.pool ?? "") ?? []), pool])];
  return (
    <search className="what-if-settings">
      <ChoiceField
        label="Pool"
        value={pool}
        choices={names.map((name) => [name, name] as const)}
        onChange={(next) => change({ pool: next })}
      />
      <ChoiceField
        label="Time"
        value={span}
        choices={spanOrder.map((each) => [each, spans[each].word] as const)}
        onChange={(next) => change({ span: next })}
      />
      <ChoiceField
        label="Strategy"
        value={strategy}
        choices={[
          ["", "as the pool is set"],
          ...strategies.map((each) => [each, each.replace("_", " ")] as const),
        ]}
        onChange={(next) => change({ strategy: next })}
      />
      <ChoiceField
        label="Goal"
        value={goal}
        choices={[
          ["", "due times alone"],
          ...goalOrder.map((each) => [each, `wait at most ${lasting(goals[each])}`] as const),
        ]}
        onChange={(next) => change({ goal: next })}
      />
      {sliderOrder.map((slider) => (
        <SliderField
          key={`${slider} ${search[slider] ?? 0}`}
          slider={slider}
          value={search[slider] ?? 0}
          onChange={(next) => change({ [slider]: next })}
        />
      ))}
    </search>
  );
}

/** A slider whose value takes effect on release, because each value causes a replay. */
function SliderField(options: { slider: Slider; value: number; onChange: (value: number) => void }) {
  const { label, most, step, unit } = sliders[options.slider];
  const [moved, setMoved] = useState(options.value);
  const settle = () => moved !== options.value && options.onChange(moved);
  const text = moved === 0 ? "as it was" : unit === "" ? `${figure(moved)} ×` : counted(moved, unit);
  return (
    <Field label={label}>
      {({ id }) => (
        <span className="what-if-slider">
          <input
            type="range"
            id={id}
            min={0}
            max={most}
            step={step}
            value={moved}
            aria-valuetext={text}
            onChange={(event) => setMoved(Number(event.target.value))}
            onPointerUp={settle}
            onKeyUp={settle}
            onBlur={settle}
          />
          <output htmlFor={id}>{text}</output>
        </span>
      )}
    </Field>
  );
}

const rows: readonly (readonly [string, (report: PoolReplay) => string])[] = [
  ["Tasks", ({ tasks = 0 }) => count(tasks)],
  ["Wait, p50", ({ waitP50Ms = 0 }) => lasting(waitP50Ms)],
  ["Wait, p99", ({ waitP99Ms = 0 }) => lasting(waitP99Ms)],
  ["Until all ended", ({ spanMs = 0 }) => lasting(spanMs)],
  ["Worker hours", ({ workerHours = 0 }) => figure(workerHours)],
  ["Slots in use", ({ use = 0 }) => percent(use)],
  ["Cost", ({ cost = 0 }) => figure(cost)],
  ["Missed goals", ({ missed = 0 }) => count(missed)],
  ["Not served", ({ unserved = 0 }) => count(unserved)],
  ["Starved tenants", ({ tenants }) => starvedIn(tenants)],
];

function starvedIn(tenants: PoolReplay["tenants"]): string {
  const starved = tenants.filter((each) => each.starved === true);
  const names = starved.map(({ namespace = "", share = "" }) =>
    share === "" ? namespace : `${namespace}/${share}`,
  );
  return names.length === 0 ? "none" : names.join(", ");
}

function Compared({ reply, isRequested }: { reply: ReplayPoolReply; isRequested: boolean }) {
  const { check, past, scenario, missing = 0, cut, speed = 0 } = reply;
  const isVisible = isRequested && scenario !== undefined && scenario !== null;
  return (
    <>
      <p className={check?.passed === true ? "what-if-check" : "what-if-check failed"}>
        Self-check: error {percent(check?.error ?? 0)}
        {check?.passed === true
          ? `. Replayed at ${count(Math.round(speed))} times real time.`
          : ". The replay does not reproduce the recorded work: the error must be at most 5 %. Choose another time."}
        {p99Text(reply)}
        {missing > 0 ? ` ${counted(missing, "row was", "rows were")} not recorded.` : ""}
        {cut === true ? " The newest part of the time is replayed." : ""}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must reach the scrolling element */}
      <section className="scroll-x" aria-label="Comparison" tabIndex={0}>
        <table className="lines what-if-rows">
          <thead>
            <tr>
              <th scope="col">Value</th>
              <th scope="col">Recorded</th>
              {isVisible ? <th scope="col">What if</th> : null}
            </tr>
          </thead>
          <tbody>
            {rows.map(([title, formatValue]) => (
              <tr key={title}>
                <th scope="row">{title}</th>
                <td>{past ? formatValue(past) : ""}</td>
                {isVisible ? <td>{formatValue(scenario)}</td> : null}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {isRequested ? null : <p className="hint">Move a slider or choose a strategy to compare.</p>}
    </>
  );
}
