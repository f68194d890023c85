import { useEffect, useRef, useState } from "react";
import { client } from "../../data/live.ts";
import { Copy } from "../../elements/copy.tsx";
import { type Gathered, gather, nothing } from "./chunks.ts";

/** Output of a task before its result: logs, and pieces of output. Renders nothing if there is none. */
export function PartialOutput(options: { runId: string; taskId: string; isOver: boolean; attempt: number }) {
  const { runId, taskId, isOver, attempt } = options;
  const [gathered, setGathered] = useState<Gathered>(nothing);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt of an ended task restarts
  useEffect(() => {
    setGathered(nothing);
    const stop = new AbortController();
    void follow(runId, taskId, stop.signal, (update) => {
      setGathered((before) => gather(update.isFirst ? nothing : before, update.chunks));
    });
    return () => stop.abort();
  }, [runId, taskId, isOver ? attempt : 0]);
  if (gathered.channels.size === 0) return null;
  return (
    <section className="run-panel-part">
      <h3>Partial output</h3>
      {[...gathered.channels].map(([channel, text]) => (
        <Channel key={channel} channel={channel} text={text} dropped={gathered.dropped} />
      ))}
    </section>
  );
}

function Channel({ channel, text, dropped }: { channel: string; text: string; dropped: number }) {
  const elementRef = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new text scrolls to the end
  useEffect(() => {
    const element = elementRef.current;
    if (element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [text]);
  return (
    <figure className="run-output">
      <figcaption className="small soft">
        {channel === "" ? "output" : channel}
        {dropped > 0 ? `, last part` : ""} <Copy text={text} label="the output" />
      </figcaption>
      <pre
        ref={elementRef}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must reach the scrolling element
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          isAtEnd.current = scrollTop + clientHeight >= scrollHeight - 8;
        }}
      >
        {text}
      </pre>
    </figure>
  );
}

async function follow(
  runId: string,
  taskId: string,
  signal: AbortSignal,
  onUpdate: (update: { readonly chunks: Parameters<typeof gather>[1]; readonly isFirst: boolean }) => void,
): Promise<void> {
  try {
    const params = { id: runId, task: taskId };
    for await (const message of client.follow("tasks.output", { params }, { signal }))
      if (message.kind === "snapshot" || message.kind === "change")
        onUpdate({
          chunks: message.value.chunks ?? [],
          isFirst: message.kind === "snapshot" && message.isFirst,
        });
  } catch {
    // The task has no partial output or does not exist any more.
  }
}
