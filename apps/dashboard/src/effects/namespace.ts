/** The namespace of this tab: from the address or the storage of the tab. This browser remembers the last ones. */
import { usualNamespace } from "../data/in-namespace.ts";

const key = "tutti.namespace";
const usedKey = "tutti.namespaces";
const usedMost = 8;

export function currentNamespace(): string {
  return window.sessionStorage.getItem(key) ?? usualNamespace;
}

/** An address with `?namespace=` opens that one. The recipient of the link sees the same. */
export function applyNamespaceParameter(): void {
  const url = new URL(window.location.href);
  const named = url.searchParams.get("namespace");
  if (named === null || named === "") return;
  storeNamespace(named);
  url.searchParams.delete("namespace");
  window.history.replaceState(window.history.state, "", url);
}

/** The page restarts, because everything on it belongs to the former namespace. */
export function openNamespace(namespace: string): void {
  storeNamespace(namespace);
  window.location.assign("/");
}

/** A user whose credential is valid in one namespace sees that one. */
export function switchNamespace(namespace: string | undefined): void {
  if (namespace === undefined || namespace === currentNamespace()) return;
  storeNamespace(namespace);
  window.location.reload();
}

/** Those that were looked into from here, the latest first, and the usual one. */
export function namespacesUsed(): readonly string[] {
  return [...new Set([...storedNamespaces(), usualNamespace])];
}

function storeNamespace(namespace: string): void {
  window.sessionStorage.setItem(key, namespace);
  const used = [namespace, ...storedNamespaces().filter((each) => each !== namespace)].slice(0, usedMost);
  window.localStorage.setItem(usedKey, used.join(" "));
}

function storedNamespaces(): readonly string[] {
  return (window.localStorage.getItem(usedKey) ?? "").split(" ").filter((each) => each !== "");
}
