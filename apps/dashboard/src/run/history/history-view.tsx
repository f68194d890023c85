import { useVirtualizer } from "@tanstack/react-virtual";
import { actorOf, type EventFacts, eventText, subjectOf } from "@tutti/rest/history";
import { type ReactNode, useId, useMemo, useRef, useState } from "react";
import { clock, counted, span } from "../../elements/moments.ts";
import { Empty, Failure, Loading } from "../../elements/parts.tsx";
import { JsonView } from "../json/json-view.tsx";
import { useHistory, useStore } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";
import { type Filter, filtered, type Part } from "./filter.ts";

const parts: readonly (readonly [Part | "", string])[] = [
  ["", "all"],
  ["run", "run"],
  ["tasks", "tasks"],
  ["people", "people"],
  ["errors", "errors"],
];

/** The events of the run: subject, time, actor and content of each. */
export function HistoryView({ task }: { task: string }) {
  const history = useHistory();
  const go = useGo();
  const past = useStore((store) => store.past);
  const startMs = useStore(({ run }) => run?.createMs ?? 0);
  const [filter, setFilter] = useState<Filter>({ part: "", text: "", task: "" });
  const { events, version } = history;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version changes with new events
  const visible = useMemo(
    () => filtered(events, { ...filter, task: filter.task === "" ? "" : task }),
    [version, filter, task],
  );
  return (
    <div className="run-history">
      <Bar filter={filter} setFilter={setFilter} task={task}>
        {visible.length === events.length
          ? counted(events.length, "event")
          : `${visible.length} of ${events.length}`}
        {history.isLoading ? ", loading" : ""}
      </Bar>
      {history.problem === "" ? null : <Failure title="History incomplete" message={history.problem} />}
      {events.length === 0 && history.isLoading ? <Loading label="the history" lines={8} /> : null}
      {visible.length === 0 && events.length > 0 ? (
        <Empty title="No events match.">
          <p>Change the search or show all events.</p>
        </Empty>
      ) : null}
      {visible.length > 0 ? (
        <Events
          events={visible}
          startMs={startMs}
          atEvent={past?.event ?? 0}
          onEvent={(event) => go({ event })}
          onTask={(id) => go({ task: id })}
        />
      ) : null}
    </div>
  );
}

function Bar(options: {
  filter: Filter;
  setFilter: (filter: Filter) => void;
  task: string;
  children: ReactNode;
}) {
  const { filter, setFilter, task } = options;
  const name = useId();
  return (
    <div className="run-history-bar">
      <input
        type="search"
        value={filter.text}
        onChange={(event) => setFilter({ ...filter, text: event.target.value })}
        placeholder="Search events"
        aria-label="Search events"
      />
      <fieldset className="run-choices">
        <legend className="unseen">Filter</legend>
        {parts.map(([part, word]) => (
          <label key={part}>
            <input
              type="radio"
              name={name}
              checked={filter.part === part}
              onChange={() => setFilter({ ...filter, part })}
            />
            <span className="run-choice-word">{word}</span>
          </label>
        ))}
      </fieldset>
      {task === "" ? null : (
        <label className="run-check">
          <input
            type="checkbox"
            checked={filter.task !== ""}
            onChange={(event) => setFilter({ ...filter, task: event.target.checked ? task : "" })}
          />
          only <code>{task}</code>
        </label>
      )}
      <span className="small soft" aria-live="polite">
        {options.children}
      </span>
    </div>
  );
}

interface EventsOptions {
  events: readonly EventFacts[];
  startMs: number;
  atEvent: number;
  onEvent: (event: number) => void;
  onTask: (task: string) => void;
}

function Events(options: EventsOptions) {
  const { events, atEvent } = options;
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
    // Keyboard users must reach the scrolling element.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section ref={scroller} className="run-history-list" tabIndex={0} aria-label="Events">
      <ol className="run-lanes" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const event = events[index] as EventFacts;
          const isOpen = open === event.number;
          return (
            <li
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              className={`run-lane run-event${event.number === atEvent ? " looked-at" : ""}`}
              style={{ transform: `translateY(${start}px)` }}
            >
              <Line
                {...options}
                event={event}
                isOpen={isOpen}
                onOpen={() => setOpen(isOpen ? 0 : event.number)}
              />
              {isOpen ? <More event={event} /> : null}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function Line(
  options: Omit<EventsOptions, "events" | "atEvent"> & {
    event: EventFacts;
    isOpen: boolean;
    onOpen: () => void;
  },
) {
  const { event, isOpen, startMs } = options;
  return (
    <div className="run-event-line">
      <button
        type="button"
        className="run-event-number"
        title="Show the run at this event"
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
          <button type="button" className="text-link" onClick={() => options.onTask(event.task)}>
            {event.task}
          </button>
        )}{" "}
        {eventText(event)}
      </span>
      <span className="run-event-actor" title={event.actor?.reason}>
        {actorOf(event)}
      </span>
      <button type="button" className="press quiet" aria-expanded={isOpen} onClick={options.onOpen}>
        {isOpen ? "less" : "details"}
        <span className="unseen"> of event {event.number}</span>
      </button>
    </div>
  );
}

function More({ event }: { event: EventFacts }) {
  const { actor } = event;
  return (
    <div className="run-event-more">
      <p className="small soft">
        <code>{event.type}</code> · {clock(event.timeMs)}
        {actor === undefined ? "" : ` · caused by ${actor.kind} ${actor.id}`}
        {actor?.reason ? `: ${actor.reason}` : ""}
      </p>
      <JsonView value={event.details} label={`event ${event.number}`} />
    </div>
  );
}
