import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { clock, span } from "../../elements/moments.ts";
import { Empty, Failure, Waiting } from "../../elements/parts.tsx";
import { JsonView } from "../json/json-view.tsx";
import { useHistory, useRunHandle, useStore } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";
import type { EventFacts } from "../model/facts.ts";
import { actorOf, filtered, type Part, subjectOf, wordsOf } from "./words.ts";

const parts: readonly (readonly [Part | "", string])[] = [
  ["", "everything"],
  ["run", "the run"],
  ["tasks", "its tasks"],
  ["people", "people"],
  ["errors", "errors"],
];

/** What happened, event by event: of whom, when, through whom, and what it said. */
export function HistoryView({ task }: { task: string }) {
  const history = useHistory(true);
  const { runId } = useRunHandle();
  const go = useGo();
  const past = useStore((store) => store.past);
  const startMs = useStore(({ run }) => run?.createMs ?? 0);
  const [part, setPart] = useState<Part | "">("");
  const [text, setText] = useState("");
  const [onlyTask, setOnlyTask] = useState(false);
  const { events, version } = history;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version tells when there are more
  const shown = useMemo(
    () => filtered(events, { part, text, task: onlyTask ? task : "" }),
    [version, part, text, task, onlyTask],
  );
  return (
    <div className="run-history">
      <div className="run-history-bar">
        <input
          type="search"
          value={text}
          onChange={(event) => setText(event.target.value)}
          placeholder="Search events"
          aria-label="Search events"
        />
        <fieldset className="run-choices">
          <legend className="unseen">Which events</legend>
          {parts.map(([name, word]) => (
            <label key={name}>
              <input
                type="radio"
                name={`part-${runId}`}
                checked={part === name}
                onChange={() => setPart(name)}
              />
              <span className="run-choice-word">{word}</span>
            </label>
          ))}
        </fieldset>
        {task === "" ? null : (
          <label className="run-check">
            <input
              type="checkbox"
              checked={onlyTask}
              onChange={(event) => setOnlyTask(event.target.checked)}
            />
            only <code>{task}</code>
          </label>
        )}
        <span className="small soft" aria-live="polite">
          {shown.length === events.length ? `${events.length} events` : `${shown.length} of ${events.length}`}
          {history.isLoading ? ", loading" : ""}
        </span>
      </div>
      {history.problem === "" ? null : (
        <Failure title="The history cannot be shown whole" message={history.problem} />
      )}
      {events.length === 0 && history.isLoading ? <Waiting what="the history" lines={8} /> : null}
      {shown.length === 0 && events.length > 0 ? (
        <Empty title="No event fits">
          <p>Take something out of the search, or show everything.</p>
        </Empty>
      ) : null}
      {shown.length > 0 ? (
        <Events
          events={shown}
          startMs={startMs}
          atEvent={past?.event ?? 0}
          onEvent={(event) => go({ event })}
          onTask={(id) => go({ task: id })}
        />
      ) : null}
    </div>
  );
}

function Events(options: {
  events: readonly EventFacts[];
  startMs: number;
  atEvent: number;
  onEvent: (event: number) => void;
  onTask: (task: string) => void;
}) {
  const { events, startMs, atEvent } = options;
  const [open, setOpen] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: events.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 40,
    getItemKey: (index) => events[index]?.number ?? index,
    overscan: 10,
  });
  return (
    // Whoever scrolls with keys must reach what scrolls.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section ref={scroller} className="run-events" tabIndex={0} aria-label="Events">
      <ol className="run-rows" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const event = events[index] as EventFacts;
          const isOpen = open === event.number;
          const actor = actorOf(event);
          return (
            <li
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              className={`run-row run-event${event.number === atEvent ? " looked-at" : ""}`}
              style={{ transform: `translateY(${start}px)` }}
            >
              <div className="run-event-line">
                <button
                  type="button"
                  className="run-event-number"
                  title="Show the run as it was then"
                  aria-label={`Show the run after event ${event.number}`}
                  onClick={() => options.onEvent(event.number)}
                >
                  {event.number}
                </button>
                <time
                  className="run-event-time"
                  dateTime={new Date(event.timeMs).toISOString()}
                  title={clock(event.timeMs)}
                >
                  +{span(event.timeMs - startMs)}
                </time>
                <span className="run-event-words">
                  {event.task === "" ? (
                    <strong>{subjectOf(event)}</strong>
                  ) : (
                    <button type="button" className="run-link" onClick={() => options.onTask(event.task)}>
                      {event.task}
                    </button>
                  )}{" "}
                  {wordsOf(event)}
                </span>
                <span className="run-event-actor" title={event.actor?.reason}>
                  {actor}
                </span>
                <button
                  type="button"
                  className="press quiet"
                  aria-expanded={isOpen}
                  onClick={() => setOpen(isOpen ? 0 : event.number)}
                >
                  {isOpen ? "less" : "details"}
                  <span className="unseen"> of event {event.number}</span>
                </button>
              </div>
              {isOpen ? (
                <div className="run-event-more">
                  <p className="small soft">
                    <code>{event.type}</code> · {clock(event.timeMs)}
                    {event.actor === undefined ? "" : ` · caused by ${event.actor.kind} ${event.actor.id}`}
                    {event.actor?.reason ? `: ${event.actor.reason}` : ""}
                  </p>
                  <JsonView value={event.details} what={`event ${event.number}`} />
                </div>
              ) : null}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
