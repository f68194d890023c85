import type { Agent } from "@tutti/rest/types";
import { memo } from "react";
import { Moment } from "../../elements/moment.tsx";
import { bytes, count, counted, percent } from "../../elements/moments.ts";
import { Meter, Tag } from "../../elements/parts.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import type { Tone } from "../../score/states.ts";
import { agentBadge, costOf, type Load, loadOf } from "./load.ts";

interface WorkerOptions {
  agent: Agent;
  onOpen: (agent: Agent) => void;
}

/** A worker as a card. Rendered again only if the worker changes. */
export const Worker = memo(function Worker({ agent, onOpen }: WorkerOptions) {
  const load = loadOf(agent);
  const badge = agentBadge(agent);
  const cost = costOf(agent);
  const { done, offering, pool, agentId, stateReason, heardTimeMs, joinTimeMs, sdk } = agent;
  return (
    <article className={`worker tone-${badge.tone}`}>
      <header className="worker-head">
        <button type="button" className="worker-name" onClick={() => onOpen(agent)}>
          {agentId}
        </button>
        <BadgeMark badge={badge} />
      </header>
      <p className="small soft clipped">
        pool {pool}
        {/* Agents without a library of their own, such as inboxes, have no version. */}
        {sdk !== undefined && /\d/.test(sdk) ? ` · ${sdk}` : ""}
      </p>
      <Slots load={load} />
      <dl className="worker-figures">
        <Gauge name="CPU" share={load.cpu} written={load.cpu === undefined ? "–" : percent(load.cpu)} />
        <Gauge
          name="Memory"
          share={load.memory}
          written={load.memoryBytes === undefined ? "–" : bytes(load.memoryBytes)}
        />
      </dl>
      <p className="worker-offers">
        {(offering?.capabilities ?? []).slice(0, 4).map(({ name, version }) => (
          <Tag key={`${name} ${version}`}>{name}</Tag>
        ))}
        {(offering?.capabilities.length ?? 0) > 4 ? (
          <span className="small soft">+{(offering?.capabilities.length ?? 0) - 4}</span>
        ) : null}
      </p>
      <p className="small soft worker-foot">
        {count(done?.completed ?? 0)} completed
        {done?.failed ? (
          <span className="tone-wrong worker-failed">, {count(done.failed)} failed</span>
        ) : null}
        {cost === "" ? null : <>, {cost}</>} since it joined <Moment atMs={joinTimeMs} /> · last heartbeat{" "}
        <Moment atMs={heardTimeMs} />
        {stateReason && agent.state !== "ready" ? <> · {stateReason}</> : null}
      </p>
    </article>
  );
});

const slotsMax = 48;

/** Slots. Filled ones are in use. */
function Slots({ load: { slots, usedSlots } }: { load: Load }) {
  return (
    <div className="slots" role="img" aria-label={`${usedSlots} of ${counted(slots, "slot")} in use`}>
      {Array.from({ length: Math.min(slots, slotsMax) }, (_, slot) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: slots are alike and have no names
          key={slot}
          className={slot < (usedSlots * Math.min(slots, slotsMax)) / slots ? "slot taken" : "slot"}
        />
      ))}
      <span className="small soft">
        {usedSlots} / {slots}
      </span>
    </div>
  );
}

function Gauge({ name, share, written }: { name: string; share: number | undefined; written: string }) {
  const tone: Tone = share === undefined ? "rest" : share > 0.9 ? "wrong" : share > 0.7 ? "held" : "playing";
  return (
    <div>
      <dt>{name}</dt>
      <dd>{written}</dd>
      <Meter share={share ?? 0} tone={tone} />
    </div>
  );
}
