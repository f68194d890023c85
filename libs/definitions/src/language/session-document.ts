import type { Condition, Data, TaskDocument } from "./document.ts";

/** The file of a session as JSON. */
export interface SessionDocument {
  readonly session: string;
  readonly title?: string;
  readonly mode?: "workflow" | "swarm" | "intelligence" | "hybrid" | "adaptive" | "custom";
  readonly orchestrator?: string;
  readonly optimization?: boolean | "balanced" | "time" | "cost" | "quality" | OptimizationDocument;
  readonly monitoring?: boolean | MonitoringLevelWord | MonitoringDocument;
  readonly input?: Data;
  readonly tasks?: Readonly<Record<string, TaskDocument>>;
  readonly goal?: string | GoalDocument;
  readonly workflow?: string;
  readonly output?: Condition;
  readonly budget?: { readonly tokens?: number; readonly money?: number; readonly time?: string };
  readonly pool?: string;
  readonly priority?: number;
  readonly dueTime?: string;
  readonly timeout?: string;
  readonly weight?: number;
  readonly limits?: Readonly<Record<string, number>>;
  readonly reservations?: readonly string[];
  readonly after?: readonly (string | AfterDocument)[];
  readonly locks?: readonly (string | LockDocument)[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly retention?: string;
}

type MonitoringLevelWord = "minimal" | "standard" | "detailed";

interface OptimizationDocument {
  readonly time?: number;
  readonly cost?: number;
  readonly quality?: number;
  readonly exploration?: number;
  readonly fixed?: boolean;
}

interface MonitoringDocument {
  readonly level?: MonitoringLevelWord;
  readonly deviation?: number;
}

export interface GoalDocument {
  readonly description: string;
  readonly planner?: string;
  readonly reached?: Condition;
}

export interface AfterDocument {
  readonly session: string;
  readonly namespace?: string;
  readonly on?: "success" | "failure" | "always";
}

export interface LockDocument {
  readonly name: string;
  readonly permits?: number;
  readonly shared?: boolean;
}
