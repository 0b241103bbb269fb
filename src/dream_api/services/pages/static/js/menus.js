// Menus of rows: the first entry has the focus, arrows move it, and tabbing on closes the menu.
// Opening and Escape are the browser's own, so a menu works without any of this.
function start(root) {
  const panelOf = (event) => event.target.closest?.(".menu-panel");

  root.addEventListener("toggle", (event) => {
    if (event.newState === "open") panelOf(event)?.querySelector("a, button")?.focus();
  }, true);
  root.addEventListener("focusout", (event) => {
    const panel = panelOf(event);
    if (panel && event.relatedTarget && !panel.contains(event.relatedTarget)) panel.hidePopover();
  });
  root.addEventListener("keydown", (event) => {
    const panel = panelOf(event);
    if (!panel) return;
    const entries = [...panel.querySelectorAll("a, button")];
    const at = entries.indexOf(document.activeElement);
    const last = entries.length - 1;
    const next = {
      ArrowDown: at === last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, Home: 0, End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    entries[next].focus();
  });
}

start(document);
