// The theme switch, the menu of versions, the navigation of narrow windows, and the search.

const root = document.documentElement.dataset.root ?? "";

const themes = ["auto", "light", "dark"];
const themeButton = document.getElementById("theme");
themeButton.hidden = false;
showTheme(document.documentElement.dataset.theme ?? "auto");
themeButton.addEventListener("click", () => {
  const now = document.documentElement.dataset.theme ?? "auto";
  showTheme(themes[(themes.indexOf(now) + 1) % themes.length]);
});

function showTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  if (theme === "auto") localStorage.removeItem("tutti-docs-theme");
  else localStorage.setItem("tutti-docs-theme", theme);
  themeButton.textContent = `Theme: ${theme}`;
}

const { version, versioned } = document.documentElement.dataset;
if (versioned !== undefined) void showVersions();

// A page that the other version does not have leads to its start page.
async function showVersions() {
  const reply = await fetch(`${root}../versions.json`);
  const versions = reply.ok ? await reply.json() : [];
  if (versions.length < 2) return;
  const menu = document.createElement("select");
  menu.setAttribute("aria-label", "Version");
  for (const each of versions) menu.append(new Option(each, each, each === version, each === version));
  menu.addEventListener("change", async () => {
    const top = new URL(`${root}../${menu.value}/`, location.href);
    const here = new URL(root || "./", location.href);
    const page = new URL(location.pathname.slice(here.pathname.length), top);
    const found = await fetch(page, { method: "HEAD" });
    location.assign(found.ok ? page : new URL("index.html", top));
  });
  themeButton.before(menu);
}

if (matchMedia("(max-width: 900px)").matches) document.getElementById("parts").open = false;
delete document.documentElement.dataset.folds;
const current = document.querySelector('.parts [aria-current="page"]');
const parts = document.querySelector(".parts");
if (current !== null && getComputedStyle(parts).position === "sticky")
  parts.scrollTop = current.offsetTop - parts.clientHeight / 3;

const input = document.getElementById("search");
const list = document.getElementById("found");
let index;
let marked = -1;

async function loaded() {
  index ??= fetch(`${root}search.json`)
    .then((reply) => reply.json())
    .then(sectionsOf);
  return index;
}

async function show() {
  const query = input.value;
  const sections = search(await loaded(), query);
  if (query !== input.value) return;
  marked = -1;
  list.replaceChildren(
    ...sections.map((section, at) => {
      const link = document.createElement("a");
      link.href = root + section.address;
      link.id = `found-${at}`;
      link.role = "option";
      link.tabIndex = -1;
      const title = document.createElement("strong");
      title.textContent = section.heading === "" ? section.title : `${section.title} › ${section.heading}`;
      const text = document.createElement("span");
      text.textContent = excerpt(section, query);
      link.append(title, text);
      return link;
    }),
  );
  const isEmpty = query.trim() !== "" && sections.length === 0;
  if (isEmpty) {
    const none = document.createElement("p");
    none.role = "option";
    none.textContent = "No page matches.";
    list.replaceChildren(none);
  }
  setOpen(query.trim() !== "");
}

function excerpt({ text, inText }, query) {
  const term = query.toLowerCase().split(/\s+/).filter(Boolean)[0] ?? "";
  const at = Math.max(0, inText.indexOf(term) - 40);
  return `${at > 0 ? "… " : ""}${text.slice(at, at + 120)}`;
}

function setOpen(isOpen) {
  list.hidden = !isOpen;
  input.setAttribute("aria-expanded", String(isOpen));
  if (!isOpen) input.removeAttribute("aria-activedescendant");
}

function mark(at) {
  const links = [...list.querySelectorAll("a")];
  if (links.length === 0) return;
  marked = (at + links.length) % links.length;
  for (const [each, link] of links.entries()) link.setAttribute("aria-selected", String(each === marked));
  input.setAttribute("aria-activedescendant", `found-${marked}`);
  links[marked].scrollIntoView({ block: "nearest" });
}

input.addEventListener("focus", loaded, { once: true });
input.addEventListener("input", show);
input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") mark(marked + 1);
  else if (event.key === "ArrowUp") mark(marked - 1);
  else if (event.key === "Enter") list.querySelectorAll("a")[Math.max(marked, 0)]?.click();
  else if (event.key === "Escape") setOpen(false);
  else return;
  event.preventDefault();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest(".search")) setOpen(false);
});
document.addEventListener("keydown", (event) => {
  const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  input.focus();
});
