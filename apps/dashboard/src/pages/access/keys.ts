/** Drafts of keys, and the states of keys. */
import type { ApiKey, Scope } from "@tutti/rest/types";
import { counted } from "../../elements/moments.ts";
import { commandLine } from "../../elements/spelled.ts";
import { type Badge, badgeOf, keyStates } from "../../score/states.ts";
import { actorOf } from "./question.ts";

export interface KeyDraft {
  readonly title: string;
  /** The identity of the key. Empty for its creator. */
  readonly who: string;
  readonly lasts: string;
  /** Patterns with spaces between them. */
  readonly actions: string;
  readonly offers: string;
  readonly pools: string;
  readonly slots: string;
}

export const emptyKey: KeyDraft = {
  title: "",
  who: "",
  lasts: "90d",
  actions: "",
  offers: "",
  pools: "default",
  slots: "",
};

const dayMs = 86_400_000;
export const lifetimes = [
  ["8h", "8 hours"],
  ["30d", "30 days"],
  ["90d", "90 days"],
  ["365d", "a year"],
] as const;
const lifetimesMs: Readonly<Record<string, number>> = {
  "8h": dayMs / 3,
  "30d": 30 * dayMs,
  "90d": 90 * dayMs,
  "365d": 365 * dayMs,
};

const terms = (text: string): readonly string[] => text.split(/[\s,]+/).filter((term) => term !== "");

export const isForAgent = ({ who }: Pick<KeyDraft, "who">): boolean => who.startsWith("agent:");

export type KeyProblems = { readonly [Name in keyof KeyDraft]?: string };

export function keyProblems(draft: KeyDraft): KeyProblems {
  const { title, who, slots } = draft;
  return {
    ...(title.trim() === "" ? { title: "Enter the purpose of the key." } : {}),
    ...(who !== "" && actorOf(who) === undefined
      ? { who: "Enter kind:id, such as agent:press. Empty means yourself." }
      : {}),
    ...(isForAgent(draft) && slots !== "" && !/^\d{1,6}$/.test(slots)
      ? { slots: "Enter a whole number." }
      : {}),
  };
}

export function keyBody(draft: KeyDraft) {
  const actor = actorOf(draft.who);
  const actions = terms(draft.actions);
  const grant = isForAgent(draft) && draft.offers.trim() !== "";
  const scope = {
    ...(actions.length === 0 ? {} : { actions }),
    ...(grant
      ? {
          agent: {
            offers: terms(draft.offers),
            pools: terms(draft.pools),
            ...(draft.slots === "" ? {} : { maxSlots: Number(draft.slots) }),
          },
        }
      : {}),
  };
  return {
    title: draft.title.trim(),
    ...(actor === undefined ? {} : { actor }),
    ...(Object.keys(scope).length === 0 ? {} : { scope }),
    lifetimeMs: lifetimesMs[draft.lasts] ?? 90 * dayMs,
  };
}

export function keyCommand(draft: KeyDraft): string {
  const { title, who, actions, lasts, offers, pools, slots } = draft;
  const each = (flag: string, text: string) => terms(text).flatMap((term) => [flag, term]);
  const grant =
    isForAgent(draft) && offers.trim() !== ""
      ? [...each("--offer", offers), ...each("--join", pools), ...(slots === "" ? [] : ["--slots", slots])]
      : [];
  return commandLine(
    ...["tutti", "key", "create", "--title", title.trim()],
    ...(who === "" ? [] : ["--principal", who]),
    ...["--expires-in", lasts],
    ...each("--action", actions),
    ...grant,
  );
}

export function keyBadge(
  key: Pick<ApiKey, "revoked" | "expireTimeMs" | "successorKeyId">,
  nowMs: number,
): Badge {
  const { revoked = false, expireTimeMs = 0, successorKeyId = "" } = key;
  if (revoked) return badgeOf(keyStates, "revoked");
  if (expireTimeMs > 0 && expireTimeMs <= nowMs) return badgeOf(keyStates, "ended");
  return badgeOf(keyStates, successorKeyId === "" ? "good" : "replaced");
}

/** Describes the narrowing of a key or token. Empty if it has none. */
export function scopeTexts(scope: Scope | undefined): readonly string[] {
  if (scope === undefined) return [];
  const { actions, namespaces, work, agent } = scope;
  return [
    ...(actions.length === 0 ? [] : [`actions ${actions.join(", ")}`]),
    ...(namespaces.length === 0 ? [] : [`in ${namespaces.join(", ")}`]),
    ...(work?.id ? [`for ${work.kind} ${work.id}${work.task ? `, task ${work.task}` : ""}`] : []),
    ...(agent === undefined
      ? []
      : [
          `offers ${agent.offers.join(", ") || "nothing"}`,
          `joins ${agent.pools.join(", ") || "no pool"}`,
          ...(agent.maxSlots ? [`has up to ${counted(agent.maxSlots, "slot")}`] : []),
        ]),
  ];
}
