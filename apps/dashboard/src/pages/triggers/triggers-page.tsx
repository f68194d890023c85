import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Trigger } from "@tutti/rest/types";
import { triggersQuery } from "../../data/queries.ts";
import { Moment } from "../../elements/moment.tsx";
import { count, counted } from "../../elements/moments.ts";
import { Tag } from "../../elements/parts.tsx";
import { StarterLine, StartersPage } from "../../elements/starters.tsx";
import { activationStates, badgeOf } from "../../score/states.ts";
import { CreateTrigger } from "./create-trigger.tsx";
import { sourceText } from "./rules.ts";
import { PauseOrResume } from "./trigger-actions.tsx";
import { PostEvent } from "./trigger-dialogs.tsx";

/** All triggers. */
export function TriggersPage() {
  return (
    <StartersPage
      kind="trigger"
      query={useQuery(triggersQuery())}
      itemsOf={({ triggers }) => triggers}
      idOf={({ triggerId }) => triggerId}
      line={(trigger) => <Line trigger={trigger} />}
      actions={<PostEvent />}
      form={(close) => <CreateTrigger onDone={close} />}
    />
  );
}

function Line({ trigger }: { trigger: Trigger }) {
  const { triggerId, source, counts, recent } = trigger;
  const [last] = recent;
  const dead = counts?.dead ?? 0;
  return (
    <StarterLine
      starter={trigger}
      name={
        <Link to="/triggers/$triggerId" params={{ triggerId }}>
          {triggerId}
        </Link>
      }
      when={sourceText(source)}
      actions={
        <div className="page-actions">
          <PauseOrResume trigger={trigger} />
        </div>
      }
    >
      <span>
        {count(counts?.received ?? 0)} received, {count(counts?.started ?? 0)} started,{" "}
        {counted(counts?.duplicates ?? 0, "duplicate")}
      </span>
      {dead === 0 ? null : (
        <span>
          <Tag tone="wrong">{counted(dead, "dead letter")}</Tag>
        </span>
      )}
      <span>
        <span className="soft">last</span>{" "}
        {last === undefined ? (
          "never"
        ) : (
          <>
            {badgeOf(activationStates, last.result).label}, <Moment atMs={last.timeMs} />
          </>
        )}
      </span>
    </StarterLine>
  );
}
