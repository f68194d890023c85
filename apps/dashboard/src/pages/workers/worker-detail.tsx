import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Agent, AgentWork } from "@tutti/rest/types";
import { agentQuery } from "../../data/queries.ts";
import { Action } from "../../elements/action.tsx";
import { CopyLine } from "../../elements/copy.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { Lasting, Moment } from "../../elements/moment.tsx";
import { bytes, counted, percent, span } from "../../elements/moments.ts";
import { Facts, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { type Call, commandLine } from "../../elements/spelled.ts";
import { WorkLink } from "../../elements/work-link.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { Grants } from "./grants.tsx";
import { agentBadge, costOf } from "./load.ts";

/** A worker: its tasks, its capabilities, and the actions on it. */
export function WorkerDetail({ agent, onClose }: { agent: Agent | undefined; onClose: () => void }) {
  return (
    <Dialog title={agent?.agentId ?? ""} open={agent !== undefined} onClose={onClose} wide>
      {agent === undefined ? null : <Workbench named={agent} />}
    </Dialog>
  );
}

/** The current work of a worker, and the actions on it. */
function Workbench({ named }: { named: Agent }) {
  const query = useQuery(agentQuery(named));
  return (
    <QueryView query={query} label="the worker" lines={8}>
      {({ agent = named, work }) => (
        <div className="worker-detail">
          <p>
            <BadgeMark badge={agentBadge(agent)} />
            {agent.stateReason ? <span className="soft"> {agent.stateReason}</span> : null}
          </p>
          <Steering agent={agent} />
          <AtWork work={work} />
          <About agent={agent} />
          <Grants agentId={agent.agentId} />
          <CopyLine label="command" text={commandLine("tutti", "agent", "show", agent.agentId ?? "")} />
        </div>
      )}
    </QueryView>
  );
}

const verbs = [
  { verb: "pause", label: "Pause worker", when: ({ hold }: Agent) => hold !== "paused" },
  { verb: "resume", label: "Resume worker", when: ({ hold }: Agent) => hold === "paused" },
  { verb: "release", label: "Release worker", when: ({ hold }: Agent) => hold === "quarantined" },
  { verb: "drain", label: "Drain worker", when: ({ state }: Agent) => state !== "draining" },
] as const;

function Steering({ agent }: { agent: Agent }) {
  const queries = useQueryClient();
  const { agentId = "", pool = "", state } = agent;
  if (state === "gone") return null;
  const call = (verb: string): Call => ({
    method: "POST",
    path: `/v1/agents/${encodeURIComponent(agentId)}/${verb}`,
    body: { pool },
  });
  return (
    <div className="page-actions">
      {verbs
        .filter(({ when }) => when(agent))
        .map(({ verb, label }) => (
          <Action
            key={verb}
            label={label}
            weight={verb === "drain" ? "grave" : "plain"}
            call={call(verb)}
            onDone={() => void queries.invalidateQueries({ queryKey: ["agents"] })}
          />
        ))}
    </div>
  );
}

function AtWork({ work }: { work: readonly AgentWork[] }) {
  if (work.length === 0) return <p className="soft">No running tasks.</p>;
  return (
    <section>
      <h3>Running tasks</h3>
      <div className="scroll-x">
        <table className="lines">
          <thead>
            <tr>
              <th scope="col">Run or mission</th>
              <th scope="col">Task</th>
              <th scope="col">Uses</th>
              <th scope="col">Since</th>
            </tr>
          </thead>
          <tbody>
            {work.map(({ work: about, attempt, capability, startTimeMs, assignTimeMs, message }) => (
              <tr key={`${about?.id} ${about?.task} ${attempt}`}>
                <td>
                  <WorkLink about={about} />
                </td>
                <td>
                  {about?.task}
                  {(attempt ?? 1) > 1 ? <span className="soft"> attempt {attempt}</span> : null}
                  {message ? <div className="small soft">{message}</div> : null}
                </td>
                <td>{capability}</td>
                <td>
                  <Lasting fromMs={startTimeMs ?? assignTimeMs} toMs={undefined} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Returns its relative speed at each capability that it has worked at: `ocr 1.8 ×`. */
function speedsOf({ speeds }: Agent): string {
  return speeds.map(({ capability, factor = 0 }) => `${capability} ${factor.toFixed(2)} ×`).join(", ");
}

function About({ agent }: { agent: Agent }) {
  const { figures, done, offering } = agent;
  return (
    <>
      <Facts
        facts={[
          ["Pool", agent.pool],
          ["Joined", <Moment key="joined" atMs={agent.joinTimeMs} />],
          ["Last heartbeat", <Moment key="heard" atMs={agent.heardTimeMs} />],
          ["Library", agent.sdk || "–"],
          [
            "CPU",
            figures === undefined
              ? "–"
              : `${percent(figures.cpu ?? 0)} of ${counted(figures.cores ?? 0, "core")}`,
          ],
          ["CPU of the machine", figures?.hostCpu === undefined ? "–" : percent(figures.hostCpu)],
          [
            "Memory",
            figures === undefined
              ? "–"
              : `${bytes(figures.memoryBytes ?? 0)}${figures.memoryLimitBytes ? ` of ${bytes(figures.memoryLimitBytes)}` : ""}`,
          ],
          [
            "Since it joined",
            `${done?.completed ?? 0} completed, ${done?.failed ?? 0} failed, ${done?.refused ?? 0} rejected`,
          ],
          ["Busy time", span(done?.busyMs ?? 0)],
          ["Cost", costOf(agent) || "–"],
          ["Speed compared with others", speedsOf(agent) || "–"],
          ["Recent crashes", String(agent.crashes ?? 0)],
        ]}
      />
      <section>
        <h3>Offers</h3>
        <p className="worker-offers">
          {(offering?.capabilities ?? []).map(({ name, version }) => (
            <Tag key={`${name} ${version}`}>
              {name} {version}
            </Tag>
          ))}
          {Object.entries(offering?.labels ?? {}).map(([name, value]) => (
            <Tag key={name} tone="playing">
              {name}={value}
            </Tag>
          ))}
        </p>
      </section>
    </>
  );
}
