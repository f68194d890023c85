import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { agentsRefusedQuery, grantsQuery } from "../../data/governance-queries.ts";
import { Moment } from "../../elements/moment.tsx";
import { counted } from "../../elements/moments.ts";
import { Part } from "../../elements/parts.tsx";
import { scopeTexts } from "../access/keys.ts";
import { principalText } from "../access/question.ts";

/** The offers that an agent's keys and tokens permit. Renders nothing if it has none. */
export function Grants({ agentId }: { agentId: string }) {
  const { data } = useQuery(grantsQuery(agentId));
  const { keys = [], tokens = [] } = data ?? {};
  if (keys.length + tokens.length === 0) return null;
  return (
    <section>
      <h3>May</h3>
      <ul>
        {keys.map(({ keyId, title, scope }) => (
          <li key={keyId}>
            by the key {title}: {grantText(scope)}
          </li>
        ))}
        {tokens.map(({ tokenId, scope }) => (
          <li key={tokenId}>
            by the token <code>{tokenId}</code>: {grantText(scope)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function grantText(scope: Parameters<typeof scopeTexts>[0]): string {
  return scopeTexts(scope).join(", ") || "all actions of its roles and policies";
}

/** Agents that were rejected because of an ungranted capability, with reasons. The list of workers lacks these agents. */
export function RejectedAgents() {
  const { data } = useQuery(agentsRefusedQuery());
  const records = data?.records ?? [];
  if (records.length === 0) return null;
  return (
    <div className="turned-away-part">
      <Part
        title="Recent denials"
        aside={
          <Link to="/audit" search={{ view: "refused", action: "agent.*" }}>
            all denials
          </Link>
        }
      >
        <ul className="turned-away">
          {records.map(({ recordId = "", timeMs, cause, error, count = 1 }) => (
            <li key={recordId}>
              <code>{principalText(cause?.actor)}</code> {error?.message ?? error?.code}{" "}
              <span className="small soft">
                {count > 1 ? `${counted(count, "time")}, ` : ""}
                <Moment atMs={timeMs} />
              </span>
            </li>
          ))}
        </ul>
      </Part>
    </div>
  );
}
