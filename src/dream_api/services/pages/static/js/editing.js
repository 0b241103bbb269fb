// The tier editor: rows come, go and move without a reload, and the preview follows the typing.
// Each step is the very form post that would happen without scripts.
import { fetchDocument, swapRegion } from "./documents.js";

const DEBOUNCE_MS = 350;

// A row that moved keeps the focus on its button, so that another press moves it on; a row that
// came has it in its first field; and screen readers hear where things stand.
function focusAfter(action, region) {
  const [verb, number] = action.split("-");
  const rows = [...region.querySelectorAll("fieldset")];
  const place = { up: Number(number) - 1, down: Number(number) + 1 }[verb];
  const row = rows[place ?? (verb === "remove" ? Math.min(Number(number), rows.length - 1) : rows.length - 1)];
  const button = (way) => row?.querySelector(`button[value^=${way}-]`);
  const again = place === undefined ? null : button(verb) ?? button(verb === "up" ? "down" : "up");
  (again ?? row?.querySelector("input:not([type=hidden])"))?.focus();
  const told = row && `${row.querySelector("h2").textContent}, ${rows.indexOf(row) + 1} of ${rows.length}`;
  document.querySelector("[data-announcer]").textContent = told ?? "";
}

function start(root) {
  const form = root.querySelector("form[data-live-edit]");
  if (!form) return;
  let timer = 0;
  let running = null;

  async function post(action, region) {
    clearTimeout(timer);
    running?.abort();
    running = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    body.set("action", action);
    // Not form.action: buttons of that name stand in its place.
    const address = form.getAttribute("action");
    const page = await fetchDocument(address, { method: "POST", body, signal: running.signal });
    return swapRegion(page, `[data-region=${region}]`);
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    // A preview that fails stays as it was; saving says what is wrong.
    timer = setTimeout(() => post("preview", "preview").catch(() => {}), DEBOUNCE_MS);
  });
  form.addEventListener("submit", async (event) => {
    const action = event.submitter?.value ?? "save";
    if (action === "save") return;
    event.preventDefault();
    try {
      focusAfter(action, await post(action, "editor"));
    } catch (error) {
      if (error.name === "AbortError") return;
      event.submitter.formNoValidate = true;
      const field = Object.assign(document.createElement("input"), { type: "hidden", name: "action", value: action });
      form.append(field);
      delete form.dataset.guard;
      HTMLFormElement.prototype.submit.call(form);
    }
  });
}

start(document);
