import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from "react";

/** Views of the same object, one at a time. The arrow keys move between them. */
export function Tabs<Name extends string>(options: {
  label: string;
  tabs: readonly (readonly [name: Name, word: ReactNode])[];
  current: Name;
  onChange: (name: Name) => void;
  children: ReactNode;
}) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const names = options.tabs.map(([name]) => name);
  // If not all tabs fit, the selected one is scrolled into view. The page does not scroll.
  useEffect(() => {
    const strip = list.current;
    const current = strip?.querySelector<HTMLElement>(`[data-tab="${options.current}"]`);
    if (!strip || !current) return;
    const offset = current.getBoundingClientRect().left - strip.getBoundingClientRect().left;
    strip.scrollLeft += offset - (strip.clientWidth - current.offsetWidth) / 2;
  }, [options.current]);
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = names[(names.indexOf(options.current) + step + names.length) % names.length];
    if (next === undefined) return;
    options.onChange(next);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
  };
  return (
    <div className="tabs">
      <div ref={list} role="tablist" aria-label={options.label} className="tab-list" onKeyDown={move}>
        {options.tabs.map(([name, label]) => (
          <button
            key={name}
            type="button"
            role="tab"
            data-tab={name}
            id={`${id}-${name}`}
            aria-selected={name === options.current}
            aria-controls={`${id}-panel`}
            tabIndex={name === options.current ? 0 : -1}
            onClick={() => options.onChange(name)}
          >
            {label}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${options.current}`}
        className="tab-panel"
      >
        {options.children}
      </div>
    </div>
  );
}
