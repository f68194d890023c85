import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { Trigger } from "@tutti/rest/types";
import { triggerQuery } from "../../data/queries.ts";
import { ItemView } from "../../elements/item-view.tsx";
import { Json } from "../../elements/json.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count } from "../../elements/moments.ts";
import { Empty, Facts, PageHead, Part } from "../../elements/parts.tsx";
import { ScrollTable } from "../../elements/scroll-table.tsx";
import { PausedBadge, RemoveStarter, RunLink, startsFact } from "../../elements/starters.tsx";
import { useWindowTitle } from "../../elements/work-page.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { activationStates, badgeOf } from "../../score/states.ts";
import { DeadLetters } from "./dead-letters.tsx";
import { countFacts, eventDraftOf, ruleFacts, sourceText } from "./rules.ts";
import { PauseOrResume, useRefresh } from "./trigger-actions.tsx";
import { PostEvent, ReplayEvents, TestTrigger } from "./trigger-dialogs.tsx";
import "./triggers.css";

/** The page of one trigger: rules, results of its events, and dead letters. */
export function TriggerPage() {
  const { triggerId } = useParams({ from: "/triggers/$triggerId" });
  const query = useQuery(triggerQuery(triggerId));
  const refresh = useRefresh();
  useWindowTitle(triggerId);
  return (
    <ItemView query={query} kind="trigger" id={triggerId}>
      {(trigger) => (
        <>
          <PageHead
            title={triggerId}
            below={<Below trigger={trigger} />}
            actions={
              <>
                <PauseOrResume trigger={trigger} />
                <TestTrigger trigger={trigger} />
                {trigger.source?.event === undefined ? null : <PostEvent type={eventDraftOf(trigger).type} />}
                <ReplayEvents triggerId={triggerId} />
                <RemoveStarter
                  kind="trigger"
                  id={triggerId}
                  effect="No more runs start. Existing runs continue. Dead letters are deleted."
                  onRemoved={refresh}
                />
              </>
            }
          />
          <Counts trigger={trigger} />
          <Settings trigger={trigger} />
          <Activations trigger={trigger} />
          <DeadLetters triggerId={triggerId} />
        </>
      )}
    </ItemView>
  );
}

function Below({ trigger }: { trigger: Trigger }) {
  const { paused, note, description } = trigger;
  return (
    <>
      <PausedBadge paused={paused} />
      {note ? ` ${note}` : ""}
      {description ? ` · ${description}` : ""}
    </>
  );
}

function Counts({ trigger }: { trigger: Trigger }) {
  return (
    <Part title="Events">
      <Facts facts={countFacts(trigger).map(([name, many]) => [name, count(many)])} />
    </Part>
  );
}

function Settings({ trigger }: { trigger: Trigger }) {
  const input = trigger.with;
  return (
    <Part title="Settings">
      <Facts
        facts={[
          ["Event", <code key="event">{sourceText(trigger.source)}</code>],
          startsFact(trigger.run),
          ...ruleFacts(trigger).map(
            ([name, text, isCode]) => [name, isCode ? <code key={name}>{text}</code> : text] as const,
          ),
        ]}
      />
      {input === undefined || input === null ? null : (
        <>
          <h3 className="starter-under">Input of its runs</h3>
          <Json value={input} label="the input" />
        </>
      )}
    </Part>
  );
}

const eventTitles = ["Time", "Result", "Event", "Run", "Reason"];

function Activations({ trigger }: { trigger: Trigger }) {
  return (
    <Part title="Latest events">
      {trigger.recent.length === 0 ? (
        <Empty title="No events yet." />
      ) : (
        <ScrollTable label="Latest events" className="activations" titles={eventTitles}>
          {trigger.recent.map(({ timeMs, result, eventId, eventType, events, runId, message }, place) => (
            // One event can have two results at the same time, and the list is short.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            <tr key={`${eventId} ${place}`}>
              <td>
                <Moment atMs={timeMs} />
              </td>
              <td>
                <BadgeMark badge={badgeOf(activationStates, result)} />
              </td>
              <td>
                <span>
                  {eventId} <span className="small soft">{eventType}</span>
                  {(events ?? 0) > 1 ? (
                    <span className="small soft"> and {count((events ?? 0) - 1)} more</span>
                  ) : null}
                </span>
              </td>
              <td>
                <RunLink runId={runId} />
              </td>
              <td className="soft">{message}</td>
            </tr>
          ))}
        </ScrollTable>
      )}
    </Part>
  );
}
