import { useQuery } from "@tanstack/react-query";
import type { DeadLetter } from "@tutti/rest/types";
import { deadLettersQuery } from "../../data/queries.ts";
import { Action } from "../../elements/action.tsx";
import { Json } from "../../elements/json.tsx";
import { Moment } from "../../elements/moment.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { Opening } from "../../elements/starters.tsx";
import { triggerCall, useRefresh } from "./trigger-actions.tsx";

/** Events that the trigger could not handle, with reasons and actions. */
export function DeadLetters({ triggerId }: { triggerId: string }) {
  const query = useQuery(deadLettersQuery(triggerId));
  const { letters = [], nextToken = "" } = query.data ?? {};
  return (
    <Part
      title="Dead letters"
      aside={letters.length === 0 ? undefined : <All triggerId={triggerId} letters={letters} />}
    >
      <QueryView query={query} label="dead letters" lines={3}>
        {() =>
          letters.length === 0 ? (
            <Empty title="No dead letters." />
          ) : (
            <>
              <ul className="dead-letters">
                {letters.map((letter) => (
                  <li key={letter.number}>
                    <DeadLetterItem triggerId={triggerId} letter={letter} />
                  </li>
                ))}
              </ul>
              {nextToken === "" ? null : <p className="soft">The oldest {letters.length} are shown.</p>}
            </>
          )
        }
      </QueryView>
    </Part>
  );
}

function All({ triggerId, letters }: { triggerId: string; letters: readonly DeadLetter[] }) {
  const refresh = useRefresh();
  return (
    <div className="page-actions">
      <Action
        label="Retry all"
        call={triggerCall(triggerId, "dead-letters/retry")}
        command={commandLine("tutti", "trigger", "retry", triggerId)}
        onDone={refresh}
      />
      <Opening label="Delete all …" title="Delete dead letters">
        {(close) => (
          <>
            <p>{counted(letters.length, "event")} of this trigger start no run.</p>
            <div className="dialog-foot">
              <button type="button" className="press" onClick={close}>
                Keep them
              </button>
              <Action
                label="Delete all"
                weight="grave"
                call={triggerCall(triggerId, "dead-letters/drop")}
                command={commandLine("tutti", "trigger", "drop", triggerId, "--yes")}
                onDone={() => {
                  close();
                  refresh();
                }}
              />
            </div>
          </>
        )}
      </Opening>
    </div>
  );
}

function DeadLetterItem({ triggerId, letter }: { triggerId: string; letter: DeadLetter }) {
  const { number = 0, event, timeMs, code, message } = letter;
  const refresh = useRefresh();
  return (
    <article className="dead-letter">
      <div>
        <h3>{event?.id}</h3>
        <p className="small soft">
          <code>{event?.type}</code> · <Moment atMs={timeMs} />
        </p>
      </div>
      <div className="dead-letter-why">
        <p>{message}</p>
        <p className="small">
          <code>{code}</code>
        </p>
        <details>
          <summary className="small">Event</summary>
          <Json value={event} label="the event" />
        </details>
      </div>
      <div className="page-actions">
        <Action
          label="Retry"
          call={triggerCall(triggerId, "dead-letters/retry", { numbers: [number] })}
          command={commandLine("tutti", "trigger", "retry", triggerId, String(number))}
          onDone={refresh}
        />
        <Action
          label="Delete"
          weight="grave"
          call={triggerCall(triggerId, "dead-letters/drop", { numbers: [number] })}
          command={commandLine("tutti", "trigger", "drop", triggerId, String(number), "--yes")}
          onDone={refresh}
        />
      </div>
    </article>
  );
}
