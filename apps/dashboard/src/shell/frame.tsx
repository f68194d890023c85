import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link, Outlet, useBlocker, useNavigate, useRouterState } from "@tanstack/react-router";
import type { GetPauseReply } from "@tutti/rest/types";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { currentConnection, subscribeConnection } from "../data/connection.ts";
import { usualNamespace } from "../data/in-namespace.ts";
import { callerQuery, myApprovalsQuery, read } from "../data/queries.ts";
import { useLack } from "../data/use-lack.ts";
import { currentNamespace } from "../effects/namespace.ts";
import { chooseTheme, currentTheme, nextTheme, subscribeTheme } from "../effects/theme.ts";
import { after } from "../effects/time.ts";
import { hasUnsaved, mayDiscard, watchInput } from "../effects/unsaved.ts";
import { useNow } from "../effects/use-now.ts";
import { Dialog } from "../elements/dialog.tsx";
import { span } from "../elements/moments.ts";
import { pathOf } from "../elements/spelled.ts";
import { waitingFor } from "../pages/inbox/waiting.ts";
import { Glyph } from "../score/glyph.tsx";
import { actionOf, isTyping } from "./keys.ts";
import { NamespaceDialog } from "./namespace-dialog.tsx";
import { currentNotices, dismiss, subscribeNotices } from "./notice-board.ts";
import { PagesDialog } from "./pages-dialog.tsx";
import { Palette } from "./palette.tsx";
import { places, placesOfPhone, shortcuts } from "./places.ts";
import { useIsNarrow } from "./use-is-narrow.ts";
import { nameOf, YouDialog } from "./you-dialog.tsx";

/** The frame of every page: navigation, top bar, and overlays. */
export function Frame() {
  const [palette, setPalette] = useState(false);
  const [sheet, setSheet] = useState(false);
  const [choosing, setChoosing] = useState(false);
  const [you, setYou] = useState(false);
  const [pages, setPages] = useState(false);
  useEffect(() => watchInput(), []);
  useBlocker({
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname && !mayDiscard(),
    enableBeforeUnload: () => hasUnsaved(),
  });
  useKeys({ onPalette: () => setPalette(true), onSheet: () => setSheet(true) });
  return (
    <div className="frame">
      <a className="skip" href="#main">
        Skip to content
      </a>
      <Rail
        onPalette={() => setPalette(true)}
        onSheet={() => setSheet(true)}
        onNamespace={() => setChoosing(true)}
        onYou={() => setYou(true)}
        onPages={() => setPages(true)}
      />
      <div className="stage">
        <ConnectionBanner />
        <PauseBanner />
        <Main />
      </div>
      <Notices />
      <Palette
        open={palette}
        onClose={() => setPalette(false)}
        onSheet={() => setSheet(true)}
        onNamespace={() => setChoosing(true)}
        onYou={() => setYou(true)}
      />
      <PagesDialog
        open={pages}
        onClose={() => setPages(false)}
        onNamespace={() => setChoosing(true)}
        onYou={() => setYou(true)}
      />
      <YouDialog open={you} onClose={() => setYou(false)} />
      <NamespaceDialog open={choosing} onClose={() => setChoosing(false)} />
      <Sheet open={sheet} onClose={() => setSheet(false)} />
    </div>
  );
}

/** The page itself. A new page takes the focus, so that keyboard and screen readers start at its top. */
function Main() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
    // A page of one object has set its own title already.
    if (document.title === "Tutti") document.title = `${titleOf(path)} · Tutti`;
    return () => {
      document.title = "Tutti";
    };
  }, [path]);
  return (
    <main id="main" ref={main} tabIndex={-1} className="sheet-area">
      <Outlet />
    </main>
  );
}

/** Returns the word of the navigation, or the first part of a known address: `/start` becomes `Start`. */
function titleOf(path: string): string {
  const place = places.find((place) => place.path === path)?.word;
  const [, first = ""] = path.split("/");
  return place ?? `${first.slice(0, 1).toUpperCase()}${first.slice(1)}`;
}

interface RailOptions {
  onPalette: () => void;
  onSheet: () => void;
  onNamespace: () => void;
  onYou: () => void;
  onPages: () => void;
}

function Rail({ onPalette, onSheet, onNamespace, onYou, onPages }: RailOptions) {
  const { data: caller } = useQuery(callerQuery());
  const mayNotStart = useLack({ method: "POST", path: "/v1/runs" }) !== undefined;
  const waiting = useWaitingApprovals();
  const namespace = currentNamespace();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isNarrow = useIsNarrow();
  return (
    <header className="rail">
      <Link to="/" className="brand" aria-label="Tutti, overview">
        <img src="/tutti.svg" alt="" width="28" height="28" />
        <span>tutti</span>
      </Link>
      <button type="button" className="anywhere" onClick={onPalette} aria-keyshortcuts="Control+K">
        <span className="anywhere-word">Go to …</span> <kbd>Ctrl K</kbd>
      </button>
      <nav aria-label="Pages">
        <ul className="places">
          {(isNarrow ? placesOfPhone(path) : places).map(({ path, word, glyph }) => (
            <Place
              key={path}
              path={path}
              word={word}
              glyph={glyph}
              waiting={path === "/inbox" ? waiting : 0}
            />
          ))}
          {isNarrow ? (
            <li>
              <button type="button" className="place" onClick={onPages} aria-haspopup="dialog">
                <Glyph name="more" />
                <span>More</span>
              </button>
            </li>
          ) : null}
        </ul>
      </nav>
      {mayNotStart ? null : (
        <Link to="/start" className="press main start-here">
          Start a run
        </Link>
      )}
      <div className="rail-foot">
        {caller === undefined ? null : (
          <button type="button" className="press quiet" onClick={onYou}>
            <span className="soft small">Signed in</span> <span className="clipped">{nameOf(caller)}</span>
          </button>
        )}
        <button
          type="button"
          className={namespace === usualNamespace ? "press quiet" : "press namespace"}
          onClick={onNamespace}
        >
          <span className="soft small">Namespace</span> <span className="clipped">{namespace}</span>
        </button>
        <ThemeSwitch />
        <button type="button" className="press quiet" onClick={onSheet}>
          Shortcuts <kbd>?</kbd>
        </button>
      </div>
    </header>
  );
}

function Place({
  path,
  word,
  glyph,
  waiting,
}: Pick<(typeof places)[number], "path" | "word" | "glyph"> & { waiting: number }) {
  return (
    <li>
      <Link
        to={path}
        activeOptions={{ exact: path === "/", includeSearch: false }}
        activeProps={{ className: "here" }}
        className="place"
      >
        <Glyph name={glyph} />
        <span>{word}</span>
        {waiting > 0 ? (
          <span className="waiting-count tone-held">
            {waiting}
            <span className="unseen"> waiting</span>
          </span>
        ) : null}
      </Link>
    </li>
  );
}

/** Results and errors of actions, at the bottom edge. */
function Notices() {
  const notices = useSyncExternalStore(subscribeNotices, currentNotices);
  return (
    <div className="notices" role="status" aria-live="polite">
      {notices.map(({ id, tone, text }) => (
        <p key={id} className={`notice tone-${tone}`}>
          <Glyph name={tone === "wrong" ? "cross" : "final"} />
          <span>{text}</span>
          <button type="button" className="close" onClick={() => dismiss(id)} aria-label="Dismiss">
            ×
          </button>
        </p>
      ))}
    </div>
  );
}

/** All keyboard shortcuts of the dashboard. */
function Sheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog title="Shortcuts" open={open} onClose={onClose}>
      <dl className="keys">
        {shortcuts.map(([keys, description]) => (
          <div key={description}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{description}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

const signs = { system: "◐", light: "○", dark: "●" } as const;

/** Light, dark, or the theme of the system. On small screens, one button cycles through them. */
function ThemeSwitch() {
  const theme = useSyncExternalStore(subscribeTheme, currentTheme);
  const isNarrow = useIsNarrow();
  if (isNarrow)
    return (
      <button
        type="button"
        className="press theme-round"
        onClick={() => chooseTheme(nextTheme())}
        aria-label={`Colours: ${theme}`}
      >
        {signs[theme]}
      </button>
    );
  return (
    <fieldset className="theme-switch">
      <legend className="unseen">Colours</legend>
      {(["system", "light", "dark"] as const).map((choice) => (
        <label key={choice} title={choice}>
          <input type="radio" name="theme" checked={theme === choice} onChange={() => chooseTheme(choice)} />
          <span>{choice === "system" ? "auto" : choice}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Returns the number of questions that wait for the signed-in user. */
function useWaitingApprovals(): number {
  const { data } = useQuery(myApprovalsQuery());
  const { data: caller } = useQuery(callerQuery());
  return waitingFor(data?.approvals ?? [], caller?.id ?? "").length;
}

/** Shows that the platform is disconnected. It overlays the edge of the page, so that the layout does not shift. */
function ConnectionBanner() {
  const connection = useSyncExternalStore(subscribeConnection, currentConnection);
  return (
    <div className="connection" role="status" aria-live="polite">
      {connection.kind === "away" ? <DisconnectedBanner sinceMs={connection.sinceMs} /> : null}
    </div>
  );
}

function DisconnectedBanner({ sinceMs }: { sinceMs: number }) {
  const nowMs = useNow();
  return (
    <p className="connection-away tone-held">
      <Glyph name="caesura" />
      <span>
        Disconnected from the platform. Reconnecting …{" "}
        <span className="soft" aria-hidden="true">
          {nowMs - sinceMs < 2_000 ? "" : span(nowMs - sinceMs)}
        </span>
      </span>
    </p>
  );
}

const pollMs = 15_000;
const idlePollMs = 60_000;

/** A user without this right sees no banner. */
const pauseQuery = () =>
  queryOptions({
    queryKey: ["pause"],
    queryFn: ({ signal }) => read<GetPauseReply>(pathOf(["pause"]), signal),
    refetchInterval: ({ state }) => (state.data?.paused === true ? pollMs : idlePollMs),
    retry: false,
  });

/** Shows that the installation was started paused, so that a user knows why work does not proceed. */
function PauseBanner() {
  const { data } = useQuery(pauseQuery());
  const on = data?.services.filter(({ partitions }) => partitions.length > 0) ?? [];
  const [first] = on;
  if (first === undefined) return null;
  const isPartly = on.some(({ released }) => released.length > 0);
  return (
    <p className="paused-whole tone-held" role="status">
      <Glyph name="caesura" />
      <span>
        {isPartly
          ? "This installation is paused. Parts of it are released"
          : "This installation is paused. No tasks start"}{" "}
        <span className="soft">
          ({first.name}). <code>tutti release --all</code> resumes it.
        </span>
      </span>
    </p>
  );
}

const waitMs = 1_200;

/** Handles the keyboard shortcuts of the whole page. */
function useKeys({ onPalette, onSheet }: { onPalette: () => void; onSheet: () => void }): void {
  const navigate = useNavigate();
  const afterG = useRef(false);
  const act = useRef<(event: KeyboardEvent) => void>(() => {});
  act.current = (event) => {
    const isOpen = document.querySelector("dialog[open]") !== null;
    const typing = isTyping(document.activeElement) || isOpen || hasUnsaved();
    const { key, ctrlKey, metaKey, altKey } = event;
    const action = actionOf({ key, ctrlKey, metaKey, altKey, typing }, afterG.current);
    afterG.current = action.kind === "waits";
    if (action.kind === "nothing") return;
    if (action.kind === "waits") {
      after(waitMs, () => {
        afterG.current = false;
      });
      return;
    }
    event.preventDefault();
    if (action.kind === "palette") onPalette();
    else if (action.kind === "sheet") onSheet();
    else if (action.kind === "theme") chooseTheme(nextTheme());
    else if (action.kind === "start") void navigate({ to: "/start" });
    else if (action.kind === "search") document.querySelector<HTMLElement>("main [type=search]")?.focus();
    else {
      const place = places.find(({ key: own }) => own === action.key);
      if (place !== undefined) void navigate({ to: place.path });
    }
  };
  useEffect(() => {
    const listen = (event: KeyboardEvent) => act.current(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}
