import { useQuery } from "@tanstack/react-query";
import type { Agent } from "@tutti/rest/types";
import { useState } from "react";
import { agentsQuery } from "../../data/queries.ts";
import { Moment } from "../../elements/moment.tsx";
import { bytes, count, counted, percent } from "../../elements/moments.ts";
import { Empty, Meter, PageHead, Tag } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { StandMark } from "../../score/glyph.tsx";
import type { Tone } from "../../score/states.ts";
import { inOrder, type Load, loadOf, standOfAgent, wholeOf } from "./load.ts";
import { WorkerDetail } from "./worker-detail.tsx";
import "./workers.css";

/** Everybody who does tasks: how they are doing, and what they are at. */
export function WorkersPage() {
  const query = useQuery(agentsQuery());
  const [open, setOpen] = useState<Agent | undefined>();
  const whole = query.data === undefined ? undefined : wholeOf(query.data.agents);
  return (
    <>
      <PageHead
        title="Workers"
        below={
          whole === undefined ? (
            <>&nbsp;</>
          ) : (
            `${counted(whole.workers, "worker")}, ${whole.taken} of ${counted(whole.slots, "slot")} at work`
          )
        }
      />
      <Shown query={query} what="workers" lines={8}>
        {({ agents }) =>
          agents.length === 0 ? (
            <Empty title="No worker is here">
              <p>
                Tasks wait until one comes. Workers join from TypeScript, from Python, or with two lines of
                curl.
              </p>
            </Empty>
          ) : (
            <ul className="workers">
              {inOrder(agents).map((agent) => (
                <li key={`${agent.pool} ${agent.agentId}`}>
                  <Worker agent={agent} onOpen={() => setOpen(agent)} />
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
      <WorkerDetail agent={open} onClose={() => setOpen(undefined)} />
    </>
  );
}

function Worker({ agent, onOpen }: { agent: Agent; onOpen: () => void }) {
  const load = loadOf(agent);
  const stand = standOfAgent(agent);
  const { done, offering, pool, agentId, stateReason, heardTimeMs, sdk } = agent;
  return (
    <article className={`worker tone-${stand.tone}`}>
      <header className="worker-head">
        <button type="button" className="worker-name" onClick={onOpen}>
          {agentId}
        </button>
        <StandMark stand={stand} />
      </header>
      <p className="small soft clipped">
        pool {pool}
        {sdk ? ` · ${sdk}` : ""}
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
        {count(done?.completed ?? 0)} done
        {done?.failed ? (
          <span className="tone-wrong worker-failed">, {count(done.failed)} failed</span>
        ) : null}{" "}
        · heard <Moment atMs={heardTimeMs} />
        {stateReason ? <> · {stateReason}</> : null}
      </p>
    </article>
  );
}

const slotsDrawn = 48;

/** Slots as notes on a staff: filled ones are at work. */
function Slots({ load: { slots, taken } }: { load: Load }) {
  return (
    <div className="slots" role="img" aria-label={`${taken} of ${slots} slots at work`}>
      {Array.from({ length: Math.min(slots, slotsDrawn) }, (_, slot) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: slots are alike and have no names
          key={slot}
          className={slot < (taken * Math.min(slots, slotsDrawn)) / slots ? "slot taken" : "slot"}
        />
      ))}
      <span className="small soft">
        {taken} / {slots}
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
