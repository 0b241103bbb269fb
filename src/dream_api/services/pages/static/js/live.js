// Live regions: search, filters, sorting and paging fetch the very page that a full navigation
// would show, and swap one element of it. On any doubt the browser navigates by itself.
const DEBOUNCE_MS = 220;

const policy = globalThis.trustedTypes?.createPolicy("dream", {
  // Only our own server's page ever comes in here, and DOMParser runs no script of it.
  createHTML: (html) => html,
}) ?? { createHTML: (html) => html };

let running = null;

async function visit(url, { push = true } = {}) {
  const region = document.querySelector("[data-live]");
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  region.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { signal, headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error("not the page that was asked for");
    const page = new DOMParser().parseFromString(policy.createHTML(await answer.text()), "text/html");
    const fresh = page.querySelector("[data-live]");
    if (!fresh) throw new Error("no live region");
    region.replaceWith(document.adoptNode(fresh));
    for (const link of document.querySelectorAll("[data-keeps-query]")) {
      link.href = `${link.pathname}${new URL(url, location.href).search}`;
    }
    if (push) history.pushState(null, "", url);
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
  }
}

function addressOf(form) {
  const url = new URL(form.action, location.href);
  url.search = "";
  for (const [name, value] of new FormData(form)) if (value) url.searchParams.append(name, value);
  return url;
}

function refill(form) {
  const query = new URL(location.href).searchParams;
  for (const control of form.elements) {
    if (control.name && control.type !== "hidden") control.value = query.get(control.name) ?? "";
  }
}

export function start(root) {
  const form = root.querySelector("form[data-live-form]");
  if (!form || !root.querySelector("[data-live]")) return;
  let timer = 0;
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    const wait = event.target.type === "search" ? DEBOUNCE_MS : 0;
    timer = setTimeout(() => visit(addressOf(form)), wait);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    visit(addressOf(form));
  });
  root.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest?.("a[data-live-link]");
    if (!link) return;
    event.preventDefault();
    visit(link.href);
  });
  addEventListener("popstate", () => {
    refill(form);
    visit(location.href, { push: false });
  });
}
