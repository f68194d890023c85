/** Light or dark: the system's setting, until the user chooses. This browser remembers the choice. */

export type Theme = "system" | "light" | "dark";

const key = "tutti.theme";
const themes: readonly Theme[] = ["system", "light", "dark"];
const listeners = new Set<() => void>();

export function currentTheme(): Theme {
  const stored = window.localStorage.getItem(key);
  return themes.find((theme) => theme === stored) ?? "system";
}

export function chooseTheme(theme: Theme): void {
  if (theme === "system") window.localStorage.removeItem(key);
  else window.localStorage.setItem(key, theme);
  applyTheme();
  for (const listen of listeners) listen();
}

/** The one after the current: system, light, dark, and around. */
export function nextTheme(): Theme {
  return themes[(themes.indexOf(currentTheme()) + 1) % themes.length] ?? "system";
}

export function applyTheme(): void {
  const theme = currentTheme();
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

/** Called when the colours change, by the user or the system, so that canvases repaint. */
export function subscribeTheme(listener: () => void): () => void {
  listeners.add(listener);
  systemDark.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    systemDark.removeEventListener("change", listener);
  };
}

const systemDark = window.matchMedia("(prefers-color-scheme: dark)");

/** The current theme: light or dark, chosen by the user or the system. */
export function paintedTheme(): "light" | "dark" {
  const theme = currentTheme();
  if (theme !== "system") return theme;
  return systemDark.matches ? "dark" : "light";
}

/** Returns tokens as colours for a canvas. All at once, because reading them forces a layout. */
export function coloursOf(tokens: readonly string[]): readonly string[] {
  const probes = tokens.map((token) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${token})`;
    return probe;
  });
  document.body.append(...probes);
  const colours = probes.map((probe) => getComputedStyle(probe).color);
  for (const probe of probes) probe.remove();
  return colours;
}

/** Returns a token as a colour that a canvas understands. */
export function colourOf(token: string): string {
  return coloursOf([token])[0] ?? "";
}
