import { testFoundation } from "../testing/index.ts";
import type { Component } from "./component.ts";
import type { LifecycleState } from "./lifecycle.ts";
import { Orchestrator } from "./orchestrator.ts";

/** Components that record their calls. */
function noting(notes: string[]) {
  return (name: string, own: Component = {}): Component => ({
    ...own,
    start: async (context) => {
      await own.start?.(context);
      notes.push(`start ${name}`);
    },
    drain: async (signal) => {
      notes.push(`drain ${name}`);
      await own.drain?.(signal);
    },
    stop: async (signal) => {
      notes.push(`stop ${name}`);
      await own.stop?.(signal);
    },
  });
}

/** Returns an orchestrator that notes its states and the calls of its components. */
export function withNotes() {
  const foundation = testFoundation();
  const notes: string[] = [];
  const states: LifecycleState[] = [];
  const orchestrator = new Orchestrator("billing", foundation);
  orchestrator.on("stateChanged", ({ to }) => states.push(to.state));
  return { foundation, notes, states, orchestrator, noted: noting(notes) };
}

export const never = (): Promise<never> => new Promise(() => {});
export const failing = (message: string) => (): Promise<never> => Promise.reject(new Error(message));
