// Live regions: search, filters, sorting and paging fetch the very page that a full navigation
// would show, and swap one element of it. On any doubt the browser navigates by itself.
import { fetchDocument, swapRegion } from "./documents.js";

const DEBOUNCE_MS = 220;

let running = null;

async function visit(url, { push = true } = {}) {
  const region = document.querySelector("[data-live]");
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  region.setAttribute("aria-busy", "true");
  try {
    const page = await fetchDocument(url, { signal });
    const label = region.contains(document.activeElement) && document.activeElement.textContent.trim();
    const fresh = swapRegion(page, "[data-live]");
    if (push) history.pushState(null, "", url);
    settle(fresh, label);
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

// Brings what stands outside the region up to date with the address: the form, the links that
// carry the same filters, the count for screen readers; and focus, which the swap took away.
function settle(region, label) {
  const { search, searchParams } = new URL(location.href);
  for (const control of document.querySelector("form[data-live-form]").elements) {
    if (!control.name || control === document.activeElement) continue;
    if (control.type !== "hidden") control.value = searchParams.get(control.name) ?? "";
    else if (searchParams.has(control.name)) control.value = searchParams.get(control.name);
  }
  for (const link of document.querySelectorAll("[data-keeps-query]")) link.href = link.pathname + search;
  const count = region.querySelector("[data-count]")?.textContent ?? "No results";
  document.querySelector("[data-announcer]").textContent = count;
  if (label) [...region.querySelectorAll("a")].find((link) => link.textContent.trim() === label)?.focus();
}

function start(root) {
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
    document.activeElement?.blur(); // The search box must show what the address says.
    visit(location.href, { push: false });
  });
}

start(document);
