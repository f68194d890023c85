// Loaded before the page is drawn, so that a chosen theme does not flash, and a narrow window does not show the list of
// pages before site.js folds it.
{
  document.documentElement.dataset.folds = "";
  const chosen = localStorage.getItem("tutti-docs-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
