import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useBlocker, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { usualNamespace } from "../data/in-namespace.ts";
import { myApprovalsQuery, whoQuery } from "../data/queries.ts";
import { useLack } from "../data/use-lack.ts";
import { currentNamespace } from "../effects/namespace.ts";
import { chooseTheme, currentTheme, nextTheme, subscribeTheme } from "../effects/theme.ts";
import { hasUnsaved, mayDiscard, watchInput } from "../effects/unsaved.ts";
import { Dialog } from "../elements/dialog.tsx";
import { waitingFor } from "../pages/inbox/waiting.ts";
import { Glyph } from "../score/glyph.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import { NamespaceDialog } from "./namespace-dialog.tsx";
import { currentNotices, dismiss, subscribeNotices } from "./notice-board.ts";
import { Palette } from "./palette.tsx";
import { PauseBanner } from "./pause-banner.tsx";
import { places, shortcuts } from "./places.ts";
import { useIsNarrow } from "./use-is-narrow.ts";
import { useKeys } from "./use-keys.ts";
import { nameOf, YouDialog } from "./you-dialog.tsx";

/** What is around every page: the rail with the parts, the line on top, what lies over it. */
export function Frame() {
  const [palette, setPalette] = useState(false);
  const [sheet, setSheet] = useState(false);
  const [choosing, setChoosing] = useState(false);
  const [you, setYou] = useState(false);
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
      <YouDialog open={you} onClose={() => setYou(false)} />
      <NamespaceDialog open={choosing} onClose={() => setChoosing(false)} />
      <Sheet open={sheet} onClose={() => setSheet(false)} />
    </div>
  );
}

/** The page itself. A new page takes the focus, so that keys and readers start at its top. */
function Main() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
    // A page about one thing has its own title by now.
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

/** Returns the word of the navigation, or the first part of a known address: `/start` is Start. */
function titleOf(path: string): string {
  const place = places.find((one) => one.path === path)?.word;
  const [, first = ""] = path.split("/");
  return place ?? `${first.slice(0, 1).toUpperCase()}${first.slice(1)}`;
}

interface RailOptions {
  onPalette: () => void;
  onSheet: () => void;
  onNamespace: () => void;
  onYou: () => void;
}

function Rail({ onPalette, onSheet, onNamespace, onYou }: RailOptions) {
  const { data: who } = useQuery(whoQuery());
  const mayNotStart = useLack({ method: "POST", path: "/v1/runs" }) !== undefined;
  const waiting = useWaitingApprovals();
  const namespace = currentNamespace();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const parts = useRef<HTMLUListElement>(null);
  // On a phone the parts are a line that is longer than it is wide.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is what it waits for
  useEffect(() => {
    parts.current?.querySelector(".here")?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [path]);
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
        <ul ref={parts} className="places">
          {places.map(({ path, word, glyph }) => (
            <li key={path}>
              <Link
                to={path}
                activeOptions={{ exact: path === "/", includeSearch: false }}
                activeProps={{ className: "here" }}
                className="place"
              >
                <Glyph name={glyph} />
                <span>{word}</span>
                {path === "/inbox" && waiting > 0 ? (
                  <span className="waiting-count tone-held">
                    {waiting}
                    <span className="unseen"> waiting</span>
                  </span>
                ) : null}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      {mayNotStart ? null : (
        <Link to="/start" className="press main start-here">
          Start a run
        </Link>
      )}
      <div className="rail-foot">
        {who === undefined ? null : (
          <button type="button" className="press quiet" onClick={onYou}>
            <span className="soft small">Signed in</span> <span className="clipped">{nameOf(who)}</span>
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

/** Results and errors of actions, at the lower edge. */
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

/** All keys of the page. */
function Sheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog title="Shortcuts" open={open} onClose={onClose}>
      <dl className="keys">
        {shortcuts.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

const signs = { system: "◐", light: "○", dark: "●" } as const;

/** Light, dark, or as the system says. Where there is little room, one button that goes around. */
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

/** Returns how many questions wait for the signed-in person. */
function useWaitingApprovals(): number {
  const { data } = useQuery(myApprovalsQuery());
  const { data: who } = useQuery(whoQuery());
  return waitingFor(data?.approvals ?? [], who?.id ?? "").length;
}
