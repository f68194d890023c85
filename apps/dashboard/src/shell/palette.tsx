import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from "react";
import { someMissionsQuery, someRunsQuery, someSessionsQuery, workflowsQuery } from "../data/queries.ts";
import { chooseTheme, nextTheme } from "../effects/theme.ts";
import { badgeOf, runStates } from "../score/states.ts";
import { type Act, type Entry, offered } from "./palette-entries.ts";
import { places } from "./places.ts";

const fixed: readonly Entry[] = [
  ...places.map(({ path, word }) => ({
    id: path,
    word,
    detail: "go",
    choice: { kind: "place", path } as const,
  })),
  {
    id: "choices",
    word: "Choices",
    detail: "modes of adaptive sessions",
    choice: { kind: "place", path: "/choices" },
  },
  { id: "race", word: "Race", detail: "one job in all modes", choice: { kind: "place", path: "/race" } },
  {
    id: "resources",
    word: "Resources",
    detail: "shares, quotas, reservations, locks",
    choice: { kind: "place", path: "/resources" },
  },
  { id: "cache", word: "Cache", detail: "outputs to reuse", choice: { kind: "place", path: "/cache" } },
  { id: "start", word: "Start a run", detail: "n", choice: { kind: "place", path: "/start" } },
  {
    id: "editor",
    word: "New workflow",
    detail: "check and register",
    choice: { kind: "place", path: "/editor" },
  },
  {
    id: "templates",
    word: "Templates",
    detail: "publish and start",
    choice: { kind: "place", path: "/templates" },
  },
  { id: "theme", word: "Change theme", detail: "light, dark, auto", choice: { kind: "act", act: "theme" } },
  {
    id: "namespace",
    word: "Switch namespace",
    detail: "a team, a stage",
    choice: { kind: "act", act: "namespace" },
  },
  { id: "you", word: "Account", detail: "your roles, sign out", choice: { kind: "act", act: "you" } },
  { id: "keys", word: "Show shortcuts", detail: "?", choice: { kind: "act", act: "keys" } },
];

interface PaletteActions {
  onClose: () => void;
  onSheet: () => void;
  onNamespace: () => void;
  onYou: () => void;
}

/** The command palette: finds pages, objects and actions by a few letters. */
export function Palette(options: PaletteActions & { open: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    if (options.open && !element.open) element.showModal();
    if (!options.open && element.open) element.close();
  }, [options.open]);
  return (
    <dialog ref={dialog} className="dialog palette" aria-label="Go to" onClose={options.onClose}>
      {options.open ? <Choices {...options} /> : null}
    </dialog>
  );
}

function useEntries(typed: string): readonly Entry[] {
  const text = useDeferredValue(typed.trim());
  const { data: found } = useQuery({ ...someRunsQuery({ text }, 8), enabled: text.length > 1 });
  const { data: together } = useQuery({ ...someMissionsQuery({ text }, 8), enabled: text.length > 1 });
  const { data: intents } = useQuery({ ...someSessionsQuery({ text }, 8), enabled: text.length > 1 });
  const { data: workflows } = useQuery(workflowsQuery());
  const runs = (found?.runs ?? []).map(({ runId, status, spec }) => ({
    id: `run ${runId}`,
    word: runId,
    detail: `run, ${badgeOf(runStates, status).label}${spec?.definition?.name ? `, ${spec.definition.name}` : ""}`,
    choice: { kind: "run", runId } as const,
  }));
  const missions = (together?.missions ?? []).map(({ missionId, status, spec }) => ({
    id: `mission ${missionId}`,
    word: missionId,
    detail: `mission, ${badgeOf(runStates, status).label}${spec?.title ? `, ${spec.title}` : ""}`,
    choice: { kind: "mission", missionId } as const,
  }));
  const sessions = (intents?.sessions ?? []).map(({ sessionId, status, spec }) => ({
    id: `session ${sessionId}`,
    word: sessionId,
    detail: `session, ${badgeOf(runStates, status).label}${spec?.title ? `, ${spec.title}` : ""}`,
    choice: { kind: "session", sessionId } as const,
  }));
  const definitions = (workflows?.definitions ?? []).map(({ name = "" }) => ({
    id: `workflow ${name}`,
    word: name,
    detail: "workflow",
    choice: { kind: "workflow", name } as const,
  }));
  return offered(
    [...fixed, ...definitions, ...(text.length > 1 ? [...runs, ...missions, ...sessions] : [])],
    typed,
  );
}

const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

function act(action: Act, { onNamespace, onSheet, onYou }: Omit<PaletteActions, "onClose">): void {
  if (action === "theme") chooseTheme(nextTheme());
  else if (action === "namespace") onNamespace();
  else if (action === "you") onYou();
  else onSheet();
}

function Choices({ onClose, onSheet, onNamespace, onYou }: PaletteActions) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const navigate = useNavigate();
  const id = useId();
  const entries = useEntries(typed);
  const current = Math.min(at, entries.length - 1);
  const choose = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    onClose();
    const { choice } = entry;
    if (choice.kind === "place") void navigate({ to: choice.path });
    else if (choice.kind === "run") void navigate({ to: "/runs/$runId", params: { runId: choice.runId } });
    else if (choice.kind === "mission")
      void navigate({ to: "/missions/$missionId", params: { missionId: choice.missionId } });
    else if (choice.kind === "session")
      void navigate({ to: "/sessions/$sessionId", params: { sessionId: choice.sessionId } });
    else if (choice.kind === "workflow")
      void navigate({ to: "/workflows/$name", params: { name: choice.name } });
    else act(choice.act, { onNamespace, onSheet, onYou });
  };
  const press = (event: KeyboardEvent) => {
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((current + step + entries.length) % Math.max(1, entries.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(entries[current]);
    }
  };
  return (
    <>
      <input
        className="palette-input"
        type="search"
        role="combobox"
        aria-label="Page or action"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={entries.length > 0 ? `${id}-${current}` : undefined}
        placeholder="A page, a run, a mission or a session by its id, a workflow, an action"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div role="listbox" id={`${id}-list`} aria-label="Choices" className="palette-list">
        {entries.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the focused field handles the keys
          // biome-ignore lint/a11y/useFocusableInteractive: the field announces the active option
          <div
            key={entry.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === current}
            onClick={() => choose(entry)}
          >
            <span className="clipped">{entry.word}</span>
            <span className="soft small clipped">{entry.detail}</span>
          </div>
        ))}
      </div>
      {entries.length === 0 ? <p className="soft palette-none">No results for “{typed}”.</p> : null}
    </>
  );
}
