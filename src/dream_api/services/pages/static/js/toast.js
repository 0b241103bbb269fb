// Short messages in the corner: what the server said after a redirect, and what a module says.
const SHOWN_MS = 5000;

export function say(text) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.popover = "manual";
  toast.setAttribute("role", "status");
  document.body.append(toast);
  toast.textContent = text;
  show(toast);
}

function show(toast) {
  if (!toast.showPopover) return;
  toast.showPopover();
  setTimeout(() => toast.remove(), SHOWN_MS);
}

function start(root) {
  for (const toast of root.querySelectorAll("[data-toast]")) show(toast);
  const here = new URL(location.href);
  if (!here.searchParams.has("notice")) return;
  here.searchParams.delete("notice"); // A reload must not say it again.
  history.replaceState(history.state, "", here);
}

start(document);
