import type { CounterCell, GaugeCell, Metrics } from "@tutti/kernel";

/** Why a link ended. `dismissed`: by its pool, for example because of another incarnation or a removal. */
export type LinkEnding = "bye" | "expired" | "violation" | "dismissed" | "moved";

const linkEndings: readonly LinkEnding[] = ["bye", "expired", "violation", "dismissed", "moved"];

export interface LinkInstruments {
  readonly opened: CounterCell;
  /** Links to pools that are owned elsewhere. */
  readonly relayed: CounterCell;
  readonly resumed: CounterCell;
  readonly redirected: CounterCell;
  readonly refused: CounterCell;
  readonly framesReceived: CounterCell;
  readonly framesSent: CounterCell;
  readonly streams: GaugeCell;
  recordEnd(ending: LinkEnding): void;
}

export function linkInstruments(metrics: Metrics): LinkInstruments {
  const greetings = metrics.counter({
    name: "tutti_swarm_greetings_total",
    help: "Greetings of agents by answer: new link, resumed link, redirect to the pool owner, rejection.",
    labels: ["answer"],
  });
  const frames = metrics.counter({
    name: "tutti_swarm_link_frames_total",
    help: "Frames of agent links by direction.",
    labels: ["direction"],
  });
  const endings = metrics.counter({
    name: "tutti_swarm_links_ended_total",
    help: "Closed links by reason.",
    labels: ["why"],
  });
  const ended = new Map(linkEndings.map((ending) => [ending, endings.with({ why: ending })]));
  return {
    opened: greetings.with({ answer: "opened" }),
    relayed: metrics
      .counter({
        name: "tutti_swarm_links_relayed_total",
        help: "Links relayed to pools of other processes.",
      })
      .with({}),
    resumed: greetings.with({ answer: "resumed" }),
    redirected: greetings.with({ answer: "redirected" }),
    refused: greetings.with({ answer: "refused" }),
    framesReceived: frames.with({ direction: "in" }),
    framesSent: frames.with({ direction: "out" }),
    streams: metrics
      .gauge({ name: "tutti_swarm_link_streams", help: "Open streams of agent links." })
      .with({}),
    recordEnd: (ending) => ended.get(ending)?.add(),
  };
}
